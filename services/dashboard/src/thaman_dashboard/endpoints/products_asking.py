"""What the pages of one product begin with."""

from thaman_dashboard.desk import Desk
from thaman_dashboard.views import ItemView
from thaman_dashboard.visits import Visit
from thaman_kit.problems import not_found


def known_item(desk: Desk, visit: Visit, item_key: str) -> ItemView:
    """The store's item.

    Raises:
        Problem: 404, the store has none of that key.
    """
    item = desk.read_models.item(visit.store_id, item_key)
    if item is None:
        raise not_found("product")
    return item
