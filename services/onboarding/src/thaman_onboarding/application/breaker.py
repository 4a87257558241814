"""Stopping a store where what happens to it looks wrong, in the transaction of what tripped it (ADR 0018)."""

from datetime import datetime

from thaman_contracts.events.breaker import BREAKER, BreakerLimits
from thaman_contracts.ids import store_uuid
from thaman_kit.application import UnitOfWork
from thaman_kit.logging import get_logger
from thaman_onboarding.adapters.breaker_store import note, window_of
from thaman_onboarding.adapters.catalogue_store import StoreView
from thaman_onboarding.adapters.store_rows import project_store
from thaman_onboarding.application import measures
from thaman_onboarding.domain.breaker import Anomaly, InHand, Trip, judge
from thaman_onboarding.domain.breaker_words import words
from thaman_onboarding.domain.store import Store

log = get_logger(__name__)

for _one in Anomaly:
    measures.TRIPS.labels(_one.value)  # from 0 on, so that an alert sees the first, too


def limits_of(store: StoreView) -> BreakerLimits:
    """The limits in force: the store's own, or those that come with Thaman."""
    return store.settings.breaker or BreakerLimits()


def watch(uow: UnitOfWork, store: StoreView, hand: InHand, now: datetime) -> bool:
    """Take note of what the unit is about to store, and stop the store in it if that is over a limit.

    Call it before effects on items: a stop changes the store's row, and rows are always taken in that order.
    Returns whether the store was stopped; one that is paused already is not stopped again. Where the store changed
    meanwhile the unit's commit raises ``Conflict``, and everything has to be judged again.
    """
    if not hand.is_suspicious:
        return False
    trip = None if store.paused else _trip(uow, store, hand, now)
    note(uow, store.store_id, hand)
    return trip is not None


def _trip(uow: UnitOfWork, store: StoreView, hand: InHand, now: datetime) -> Trip | None:
    limits = limits_of(store)
    if not limits.enabled:
        return None
    trip = judge(window_of(uow, store, hand, limits), limits)
    aggregate = None if trip is None else uow.find(Store, store_uuid(store.store_id))
    if trip is None or aggregate is None or aggregate.paused:
        return None
    arabic, english = words(trip, limits)
    aggregate.pause(english, BREAKER, now, arabic)
    project_store(uow, aggregate, now)
    measures.TRIPS.labels(trip.anomaly.value).inc()
    log.error("breaker_tripped", store_id=store.store_id, anomaly=trip.anomaly, seen=trip.seen, limit=trip.limit)
    return trip
