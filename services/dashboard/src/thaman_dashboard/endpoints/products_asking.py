"""What the pages of products begin with: which of them a list wants, and one of them."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from thaman_dashboard.desk import Desk
from thaman_dashboard.endpoints.asking import known_code
from thaman_dashboard.views import ItemView
from thaman_dashboard.visits import Visit
from thaman_kit.problems import not_found

Text = Annotated[str, Field(max_length=100)]
Code = Annotated[str, Field(max_length=60)]
_SWITCH = {"yes": True, "no": False}
BY_NAME = "name"


class ItemWish(BaseModel):
    """A list's filter, as a form without script sends it; what is not chosen comes as an empty text."""

    search: Text = Field("", description="A part of a name, SKU or key.")
    status: Code = ""
    risk: Code = ""
    locked: Code = ""
    cost: Code = Field("", description="Whether a cost is known.")
    waiting: Code = Field("", description="Whether a price waits for an answer.")
    market: Code = ""
    brand: Text = ""
    category: Text = ""
    order: Code = ""
    after: Annotated[str | None, Field(max_length=600, description="The next of the page before.")] = None

    def wanted(self) -> dict[str, Any]:
        """The same for the read models; what nobody knows asks for everything."""
        codes = {"status": "status", "risk": "risk", "market": "products_market"}
        found: dict[str, Any] = {name: known_code(kind, getattr(self, name)) for name, kind in codes.items()}
        found |= {name: _SWITCH.get(getattr(self, name)) for name in ("locked", "cost", "waiting")}
        found |= {name: getattr(self, name).strip() or None for name in ("search", "brand", "category")}
        return found | {"order": known_code("products_order", self.order) or BY_NAME}

    def shown(self) -> dict[str, str | None]:
        """The same for the form, with the place in the list."""
        said = {True: "yes", False: "no", None: ""}
        return {
            name: said[value] if value is None or isinstance(value, bool) else value
            for name, value in self.wanted().items()
        } | {"after": self.after}


def known_item(desk: Desk, visit: Visit, item_key: str) -> ItemView:
    """The store's item.

    Raises:
        Problem: 404, the store has none of that key.
    """
    item = desk.read_models.item(visit.store_id, item_key)
    if item is None:
        raise not_found("product")
    return item
