"""One call to the Merchant API: who asks for what, and the helpers every operation needs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar
from urllib.parse import parse_qs

from thaman_sandbox.errors import BadBody, ConnectionCut, FieldsInvalid
from thaman_sandbox.faults import FaultPlan
from thaman_sandbox.models import Grant, PriceWrite, Store, Token
from thaman_sandbox.state import Shelf
from thaman_sandbox.wire import Answer, JsonObject, loads, page_of
from thaman_sandbox.world import World

MAX_PER_PAGE = 60
T = TypeVar("T")


@dataclass(slots=True)
class Call:
    """A call on behalf of ``store``, already authenticated and within its budget."""

    world: World
    store: Store
    token: Token
    grant: Grant
    params: tuple[str, ...]
    query_string: str
    language: str
    body: bytes
    base_url: str
    request_id: str
    plan: FaultPlan
    cut_before: bool = False
    """A fault: the connection goes before anything is written."""
    writes: list[PriceWrite] = field(default_factory=list)
    """The price writes this call asked for, as the write log has them."""
    _query: dict[str, list[str]] | None = None

    @property
    def shelf(self) -> Shelf:
        """The store's products and orders."""
        return self.world.state.shelves[self.store.id]

    def many(self, name: str) -> list[str]:
        """All values of a query parameter, also in its ``name[]`` form."""
        if self._query is None:
            self._query = parse_qs(self.query_string, keep_blank_values=True) if self.query_string else {}
        return self._query.get(name, []) + self._query.get(f"{name}[]", [])

    def one(self, name: str) -> str:
        """A query parameter, empty if absent."""
        values = self.many(name)
        return values[-1] if values else ""

    def number(self, position: int = 0) -> int:
        """A numeric part of the path; 0, which no thing has as its id, if it is not a number."""
        text = self.params[position]
        return int(text) if text.isdecimal() else 0

    def json(self) -> JsonObject:
        """The body as an object; :class:`BadBody` if it is none."""
        if not self.body:
            return {}
        try:
            value = loads(self.body)
        except ValueError as wrong:
            raise BadBody(str(wrong)) from wrong
        if not isinstance(value, dict):
            raise BadBody("the body must be a JSON object")
        return value

    def before_write(self) -> None:
        """The last moment before a write takes effect; a fault may cut the connection here."""
        if self.cut_before:
            raise ConnectionCut("before the write")

    def page(self, rows: Sequence[T], shape: Callable[[T], object]) -> Answer:
        """The asked-for page of ``rows``."""
        number, size = self._page_number(), self._page_size()
        start = (number - 1) * size
        shown = rows[start : start + size]
        pages = max(-(-len(rows) // size), 1)
        pagination: JsonObject = {
            "count": len(shown),
            "total": len(rows),
            "perPage": size,
            "currentPage": number,
            "totalPages": pages,
            "links": self._links(number, pages),
        }
        return page_of((shape(row) for row in shown), pagination)

    def _page_number(self) -> int:
        text = self.one("page")
        return max(int(text), 1) if text.isdecimal() and len(text) < 10 else 1

    def _page_size(self) -> int:
        text = self.one("per_page")
        size = int(text) if text.isdecimal() and len(text) < 10 else 0
        if size > MAX_PER_PAGE and self.world.switches.per_page_over_limit == "refuse":
            raise FieldsInvalid({"per_page": ["يجب أن لا يتجاوز per_page القيمة 60."]})
        return min(size, MAX_PER_PAGE) if size else self.world.switches.default_per_page

    def _links(self, number: int, pages: int) -> object:
        links: JsonObject = {}
        if 1 < number <= pages + 1:
            links["previous"] = f"{self.base_url}?page={number - 1}"
        if number < pages:
            links["next"] = f"{self.base_url}?page={number + 1}"
        if not links and self.world.switches.empty_links == "array":
            return []
        return links


def day(value: object) -> date | None:
    """Read a calendar day, ``YYYY-MM-DD`` with or without a time after it; ``ValueError`` if it is none."""
    if value in (None, "", {}):
        return None
    if not isinstance(value, str):
        raise ValueError("not a date")
    return date.fromisoformat(value[:10])
