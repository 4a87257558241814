"""The read models of one store's long history made at once: items are written as they are in the end.

The tables are those of :class:`thaman_onboarding.application.published.PublishedFold`, which tests hold.
"""

from collections.abc import Sequence
from datetime import datetime

from thaman_contracts.events import onboarding as contracts
from thaman_contracts.ids import item_key
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.domain import DomainEvent
from thaman_kit.plain import Plain
from thaman_kit.restoring import Told
from thaman_onboarding.adapters.catalogue_store import keep_items, keep_order, remove_items
from thaman_onboarding.adapters.write_store import touch_items
from thaman_onboarding.application.folding import OwnFold
from thaman_onboarding.domain.catalogue import CatalogItemsRemoved, CatalogObserved, SalesObserved
from thaman_onboarding.observation.rebuild import order_row

APPLIED = contracts.PriceApplied.event_type()
"""Wanted plain."""


class BulkFold:
    """Fills empty tables, page by page; items, stores and settings at the end."""

    def __init__(self, application: EventSourcedApplication, store_id: str) -> None:
        self._application = application
        self._store_id = store_id
        self._own = OwnFold(gaps=True)
        self._latest: datetime | None = None
        self._known: set[str] = set()
        self._seen: dict[str, tuple[CatalogObserved, contracts.CatalogItem]] = {}
        self._wrote: dict[str, int] = {}

    def fold(self, page: Sequence[Told | Plain]) -> None:
        """Take in the next events, as they are stored, those of :data:`APPLIED` plain."""
        unit = self._application.unit_of_work()
        for one in page:
            if isinstance(one, Plain):
                if one.type == APPLIED:
                    self._write(item_key(one.said["product_id"], one.said["variant_id"]), one.said["base_price"])
            elif one[0].service == "onboarding" and isinstance(one[1], DomainEvent):
                self._take(one[1], unit)
        unit.commit()

    def finish(self) -> None:
        """Write the rows of items, stores, their rules, and the installation."""
        unit, latest = self._application.unit_of_work(), self._latest
        self._flush(unit)
        if latest is not None:
            self._own.project(unit, latest)
        unit.commit()

    def _take(self, event: DomainEvent, unit: UnitOfWork) -> None:
        if self._own.take(event):
            self._latest = event.occurred_at
        elif isinstance(event, CatalogObserved):
            self._see(event)
        elif isinstance(event, CatalogItemsRemoved):
            self._flush(unit)
            remove_items(unit, event.store_id, event.keys)
        elif isinstance(event, SalesObserved):
            keep_order(unit, order_row(event))

    def _see(self, event: CatalogObserved) -> None:
        seen = {item.key: (event, item) for item in event.items}
        self._seen |= seen
        self._known |= seen.keys()

    def _write(self, key: str, base_price: int) -> None:
        if key in self._known:  # of an item that was never seen there is no row that could say so
            self._wrote[key] = base_price

    def _flush(self, unit: UnitOfWork) -> None:
        keep_items(unit, self._store_id, [event.seen_as(item) for event, item in self._seen.values()])
        if self._wrote:
            touch_items(unit, self._store_id, (), self._wrote)
        self._seen, self._wrote = {}, {}
