"""The read models of one store's long history made at once: items are written as they are in the end.

The tables are those of :class:`thaman_onboarding.application.published.PublishedFold`, which tests hold.
"""

from collections.abc import Sequence
from datetime import datetime

from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.domain import DomainEvent
from thaman_kit.plain import Plain
from thaman_kit.plain_prices import Applied
from thaman_kit.plain_sights import SeenItem as PlainItem
from thaman_kit.plain_sights import Sight
from thaman_kit.restoring import Told
from thaman_onboarding.adapters.catalogue_store import keep_items, keep_order, remove_items
from thaman_onboarding.adapters.write_store import touch_items
from thaman_onboarding.application.folding import OwnFold
from thaman_onboarding.domain.catalogue import CatalogItemsRemoved, SalesObserved, SeenItem
from thaman_onboarding.observation.rebuild import order_row


class BulkFold:
    """Fills empty tables, page by page; items, stores and settings at the end."""

    def __init__(self, application: EventSourcedApplication, store_id: str) -> None:
        self._application = application
        self._store_id = store_id
        self._own = OwnFold(gaps=True)
        self._latest: datetime | None = None
        self._known: set[str] = set()
        self._seen: dict[str, PlainItem] = {}
        self._wrote: dict[str, int] = {}

    def fold(self, page: Sequence[Told | Plain]) -> None:
        """Take in the next events, as they are stored; sights and applied prices plain."""
        unit = self._application.unit_of_work()
        for one in page:
            if isinstance(one, Plain):
                if isinstance(one.said, Applied):
                    self._write(one.said.key, one.said.base_price)
                elif isinstance(one.said, Sight):
                    self._see(one.said)
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
        elif isinstance(event, CatalogItemsRemoved):
            self._flush(unit)
            remove_items(unit, event.store_id, event.keys)
        elif isinstance(event, SalesObserved):
            keep_order(unit, order_row(event))

    def _see(self, sight: Sight) -> None:
        seen = {item.key: item for item in sight.seen}
        self._seen |= seen
        self._known |= seen.keys()

    def _write(self, key: str, base_price: int) -> None:
        if key in self._known:  # of an item that was never seen there is no row that could say so
            self._wrote[key] = base_price

    def _flush(self, unit: UnitOfWork) -> None:
        # To which items VAT does not apply is private.
        keep_items(unit, self._store_id, [SeenItem(item.whole(), True) for item in self._seen.values()])
        if self._wrote:
            touch_items(unit, self._store_id, (), self._wrote)
        self._seen, self._wrote = {}, {}
