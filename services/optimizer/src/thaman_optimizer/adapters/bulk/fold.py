"""All of the optimizer's read models of one store but those of :mod:`thaman_optimizer.adapters.bulk.decisions`."""

from collections.abc import Sequence
from typing import cast

import orjson

from thaman_contracts.events import onboarding, optimizer
from thaman_contracts.ids import item_key
from thaman_kit.application import EventSourcedApplication
from thaman_kit.domain import DomainEvent
from thaman_kit.plain import Plain, Said
from thaman_kit.restoring import Told
from thaman_kit.routing import Router
from thaman_optimizer.adapters.bulk.items import Items, Offers, plain_offers
from thaman_optimizer.adapters.published import PublishedFold
from thaman_optimizer.consumers import catalogue_read

APPLIED = onboarding.PriceApplied.event_type()
OFFERS = optimizer.OffersObserved.event_type()
PLAIN = frozenset((APPLIED, OFFERS))
"""The events that are wanted plain."""


def plain(event_type: str, body: bytes) -> Said:
    """The body of one of them as it is wanted.

    Raises:
        ValueError: it is no JSON.
    """
    return plain_offers(body) if event_type == OFFERS else cast("Said", orjson.loads(body))


_OF_ITEMS = onboarding.ManualEditDetected, onboarding.CatalogItemsRemoved
"""What speaks of items otherwise than sights and our writes do."""


class BulkFold:
    """Fills empty tables, page by page; items, weeks and offers at the end."""

    def __init__(self, application: EventSourcedApplication, router: Router, store_id: str) -> None:
        self._application = application
        self._router = router
        self._own = PublishedFold(application, router)
        self._items = Items(store_id)
        self._offers = Offers(store_id)

    def fold(self, page: Sequence[Told | Plain]) -> None:
        """Take in the next events; own ones as they are stored, those of :data:`PLAIN` plain."""
        unit, own = self._application.unit_of_work(), list[DomainEvent]()
        for one in page:
            if isinstance(one, Plain):
                self._plain(one)
                continue
            envelope, event = one
            if envelope.service == "optimizer":
                assert isinstance(event, DomainEvent)
                own.append(event)
            elif isinstance(event, onboarding.CatalogObserved):
                self._items.see(event)
                catalogue_read(unit, event)
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

    def _plain(self, one: Plain) -> None:
        said = one.said
        if one.type == OFFERS:
            self._offers.read(said)
        elif one.type == APPLIED:
            key = item_key(said["product_id"], said["variant_id"])
            self._items.write(key, said["base_price"], said["shelf_price"], said["occurred_at"])
