"""Our own tables, as the pages of products read them."""

from datetime import datetime
from functools import partial
from uuid import UUID

from thaman_contracts.events.optimizer import CompetitorLink
from thaman_dashboard.adapters.showing import shown
from thaman_dashboard.product_views import HoldMark
from thaman_kit.database import Database, load_queries

_queries = partial(load_queries, "thaman_dashboard", "adapters/products.sql")


class ProductReading:
    """Implements :class:`thaman_dashboard.product_ports.ProductRows`. Blocking."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def holds(self, store_id: str, item_key: str, since: datetime) -> tuple[HoldMark, ...]:
        """See :class:`~thaman_dashboard.product_ports.ProductRows`."""
        named = {"store_id": store_id, "item_key": item_key, "since": since}
        return tuple(shown(HoldMark, row) for row in self._database.fetch_all(_queries()["holds"], named))

    def links(self, store_id: str, item_key: str) -> tuple[CompetitorLink, ...]:
        """See :class:`~thaman_dashboard.product_ports.ProductRows`."""
        row = self._database.fetch_one(_queries()["links"], {"store_id": store_id, "item_key": item_key})
        return () if row is None else tuple(CompetitorLink.model_validate(one) for one in row["links"])

    def applied_event(self, store_id: str, decision_id: UUID) -> str | None:
        """See :class:`~thaman_dashboard.product_ports.ProductRows`."""
        named = {"store_id": store_id, "decision_id": decision_id}
        row = self._database.fetch_one(_queries()["applied_event"], named)
        return None if row is None else str(row["event_id"])
