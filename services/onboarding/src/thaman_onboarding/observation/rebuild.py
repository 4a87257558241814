"""The catalogue's and the orders' read models, lost or doubted, made again from events."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from thaman_contracts.ids import item_key
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.domain import DomainEvent
from thaman_kit.lanes import Lane, stretches
from thaman_onboarding.adapters.catalogue_store import (
    CatalogueStore,
    keep_items,
    keep_order,
    remove_items,
    restore_versions,
    wipe,
)
from thaman_onboarding.adapters.write_store import touch_items
from thaman_onboarding.domain.catalogue import CatalogItemsRemoved, CatalogObserved, SalesObserved, SeenItem
from thaman_onboarding.domain.price_write import PriceApplied

PAGE = 1_000
_TOPICS = (CatalogObserved.topic, CatalogItemsRemoved.topic, SalesObserved.topic, PriceApplied.topic)


def rebuild(app: EventSourcedApplication) -> int:
    """Empty the read models and fill them from events; returns how many events were read.

    The service's workers must be stopped. Items equal what they were; of orders, what only sweeps and webhooks need to
    tell news from old (digests, Salla's times) begins anew, which costs a few calls and changes nothing.
    """
    store = CatalogueStore(app.database)
    versions = store.all_versions()
    app.execute(wipe)
    count = 0
    for page in _pages(app):
        app.execute(partial(fold_events, page))
        count += len(page)
    app.execute(lambda uow: restore_versions(uow, versions))
    return count


def _pages(app: EventSourcedApplication) -> Iterator[list[DomainEvent]]:
    start = 0
    while True:
        notifications = app.recorder.select_notifications(start, PAGE, topics=_TOPICS, inclusive_of_start=False)
        if not notifications:
            return
        yield [_known(app.mapper.to_domain_event(one)) for one in notifications]
        start = notifications[-1].id


def _known(event: Any) -> DomainEvent:
    assert isinstance(event, DomainEvent)
    return event


def fold_events(events: Iterable[DomainEvent], uow: UnitOfWork) -> None:
    """Put what events say of catalogues and orders into the unit; other events are none of its business."""
    for (writes, sights), alone in stretches(events, _lane, 2):
        wrote: dict[str, dict[str, int]] = defaultdict(dict)
        seen: dict[str, list[SeenItem]] = defaultdict(list)
        for event in writes:
            if isinstance(event, PriceApplied):
                wrote[event.store_id][item_key(event.product_id, event.variant_id)] = event.base_price
        for event in sights:
            if isinstance(event, CatalogObserved):
                seen[event.store_id] += event.seen()
        for store_id, prices in wrote.items():
            touch_items(uow, store_id, (), prices)
        for store_id, items in seen.items():
            keep_items(uow, store_id, items)
        if isinstance(alone, CatalogItemsRemoved):
            remove_items(uow, alone.store_id, alone.keys)
        elif isinstance(alone, SalesObserved):
            keep_order(uow, order_row(alone))


def _lane(event: DomainEvent) -> Lane | None:
    """Writes and sights of different items may change places; other events that say nothing of items go with either."""
    match event:
        case PriceApplied():
            return Lane(0, frozenset((f"{event.store_id} {item_key(event.product_id, event.variant_id)}",)))
        case CatalogObserved():
            return Lane(1, frozenset(f"{event.store_id} {item.key}" for item in event.items), once=True)
        case CatalogItemsRemoved() | SalesObserved():
            return None
    return Lane(0)


def order_row(event: SalesObserved) -> dict[str, Any]:
    """The row of an order as its latest event says."""
    content = event.model_dump(mode="json", include={"placed_at", "lines"})
    return {
        "store_id": event.store_id,
        "order_id": event.order_id,
        "version": event.originator_version,
        "state": event.state.value,
        "head_digest": None,
        "content": content,
        "refunded": event.refunded,
        "provider_time": event.told_at or event.occurred_at,
    }
