"""All of the optimizer's read models of one store but those of :mod:`thaman_optimizer.adapters.bulk.decisions`."""

from collections.abc import Sequence

from thaman_contracts.events import onboarding
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.domain import DomainEvent
from thaman_kit.plain import Plain
from thaman_kit.plain_prices import Applied
from thaman_kit.plain_sights import Sight
from thaman_kit.restoring import Told
from thaman_kit.routing import Router
from thaman_optimizer.adapters.bulk.items import Items, Offers, Read
from thaman_optimizer.adapters.published import PublishedFold
from thaman_optimizer.consumers import catalogue_read

_OF_ITEMS = onboarding.ManualEditDetected, onboarding.CatalogItemsRemoved
"""What speaks of items otherwise than sights and our writes do."""


class BulkFold:
    """Fills empty tables, page by page; items, weeks and offers at the end."""

    def __init__(self, application: EventSourcedApplication, router: Router, store_id: str) -> None:
        self._application = application
        self._router = router
        self._own = PublishedFold(application, router)
        self._store_id = store_id
        self._items = Items(store_id)
        self._offers = Offers(store_id)

    def fold(self, page: Sequence[Told | Plain]) -> None:
        """Take in the next events; own ones as they are stored; sights, offers and applied prices plain."""
        unit, own = self._application.unit_of_work(), list[DomainEvent]()
        for one in page:
            if isinstance(one, Plain):
                self._plain(one, unit)
                continue
            envelope, event = one
            if envelope.service == "optimizer":
                assert isinstance(event, DomainEvent)
                own.append(event)
            elif envelope.service == "onboarding":
                if isinstance(event, _OF_ITEMS):
                    self._items.flush(unit)
                self._router.apply(event, envelope, unit)
        unit.commit()
        self._own.own(own)

    def finish(self) -> None:
        """Write what was kept in memory."""
        unit = self._application.unit_of_work()
        self._items.flush(unit)
        self._items.flush_weeks(unit)
        self._offers.flush(unit)
        unit.commit()

    def _plain(self, one: Plain, unit: UnitOfWork) -> None:
        said = one.said
        if isinstance(said, Applied):
            self._items.write(said.key, said.base_price, said.shelf_price, said.occurred_at)
        elif isinstance(said, Sight):
            self._items.see(said)
            if said.last_page:
                catalogue_read(unit, said.event(self._store_id))
        elif isinstance(said, Read):
            self._offers.read(said)
