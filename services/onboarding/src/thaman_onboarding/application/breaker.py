"""Stopping a store where what happens to it looks wrong, in the transaction of what tripped it (ADR 0018)."""

from collections.abc import Callable
from datetime import datetime

from thaman_contracts.events.breaker import BREAKER, BreakerLimits
from thaman_contracts.ids import store_uuid
from thaman_kit.application import UnitOfWork
from thaman_kit.logging import get_logger
from thaman_onboarding.adapters.breaker_store import is_followed, note, origins_of, window_of
from thaman_onboarding.adapters.store_rows import project_store
from thaman_onboarding.application import measures
from thaman_onboarding.domain.breaker import Anomaly, InHand, Jumps, Trip, judge, jumps_of
from thaman_onboarding.domain.breaker_words import words
from thaman_onboarding.domain.store import Store

log = get_logger(__name__)
Hold = Callable[[UnitOfWork], None]

for _one in Anomaly:
    measures.TRIPS.labels(_one.value)  # from 0 on, so that an alert sees the first, too


def watch(
    uow: UnitOfWork, store_id: str, hand: InHand, now: datetime, *, sweep: bool = False, hold: Hold | None = None
) -> Trip | None:
    """Take note of what the unit is about to store, and stop the store in it if that is over a limit.

    Call it before effects on items: the store's row comes first, then signals, then items, everywhere. ``hold`` holds
    the row where the store is not stopped; ``sweep`` says that a whole sweep looks, whose first one counts no jumps.
    Returns what stopped the store, for :func:`tell` after the commit; one that is paused already is not stopped again.
    Where the store changed meanwhile the unit's commit raises ``Conflict``, and everything has to be judged again.
    """
    store = uow.find(Store, store_uuid(store_id)) if hand.is_suspicious else None
    if store is None:
        if hold is not None:
            hold(uow)
        return None
    limits = store.settings.breaker or BreakerLimits()
    jumps = jumps_of(hand.moves, origins_of(uow, store_id, hand), limits.jump_bp)
    watching = store.settings.watch_until is not None and now < store.settings.watch_until
    counting = bool(jumps.jumped) and not watching and (not sweep or is_followed(uow, store_id, limits))
    trip = _trip(uow, store, hand, jumps if counting else Jumps(returned=jumps.returned), limits)
    if trip is not None:
        arabic, english = words(trip, limits)
        store.pause(english, BREAKER, now, arabic)
        project_store(uow, store, now)
    elif hold is not None:
        hold(uow)
    note(uow, store_id, hand, jumps, counting=counting)
    return trip


def tell(store_id: str, trip: Trip | None) -> None:
    """Count and log a stop, once it is stored."""
    if trip is not None:
        measures.TRIPS.labels(trip.anomaly.value).inc()
        log.error("breaker_tripped", store_id=store_id, anomaly=trip.anomaly, seen=trip.seen, limit=trip.limit)


def _trip(uow: UnitOfWork, store: Store, hand: InHand, jumps: Jumps, limits: BreakerLimits) -> Trip | None:
    if store.paused or not limits.enabled:
        return None
    return judge(window_of(uow, store.store_id, hand, jumps, limits), limits)
