"""Stops, and what was written in spite of them. Pure.

Onboarding records that a write begins in one transaction with a lock on the store's state, and its log has one order.
So where a stop stands before a write in that log, the write began after it, whatever clocks say. A write that stands
before the stop and was not settled then was under way: what it did is declared, as nobody can call it back.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from thaman_contracts.events import EventData, onboarding
from thaman_contracts.events.base import Part
from thaman_contracts.events.onboarding import WriteEvent
from thaman_contracts.ids import item_key

Told = tuple[int, EventData]
"""An event of onboarding's and its position in onboarding's log."""

KINDS = (
    onboarding.StorePaused,
    onboarding.StoreResumed,
    onboarding.StoreAuthorized,
    onboarding.StoreUninstalled,
    onboarding.ItemRulesChanged,
    onboarding.PriceWriteStarted,
    onboarding.PriceApplied,
    onboarding.PriceApplyFailed,
    onboarding.PriceDecisionStale,
)
"""The store's own events that this is worked out from."""

SYSTEM_KINDS = (onboarding.SystemSettingsChanged,)
"""Those of the whole installation."""


class StopReach(StrEnum):
    """What was stopped."""

    EVERYWHERE = "everywhere"
    STORE = "store"
    ITEM = "item"


class StoppedWrite(Part):
    """A write that began before a stop and was not settled then, or that began in spite of it."""

    decision_id: UUID
    item: str
    began_at: datetime
    outcome: str | None
    settled_at: datetime | None


class Stop(Part):
    """One stop. ``fence`` is the number it raised, where it has one; ``ended_at`` is ``None`` while it lasts.

    ``in_flight`` were under way when it came; ``began_after`` is what should never be.
    """

    reach: StopReach
    item: str | None
    at: datetime
    by: str | None
    reason: str | None
    reason_ar: str | None = None
    fence: int | None
    ended_at: datetime | None
    in_flight: tuple[StoppedWrite, ...]
    began_after: tuple[StoppedWrite, ...]


@dataclass
class _Begun:
    position: int
    event: onboarding.PriceWriteStarted
    settled: int | None = None
    end: WriteEvent | None = None

    def shown(self) -> StoppedWrite:
        event, end = self.event, self.end
        return StoppedWrite(
            decision_id=event.decision_id,
            item=item_key(event.product_id, event.variant_id),
            began_at=event.occurred_at,
            outcome=None if end is None else type(end).event_name(),
            settled_at=None if end is None else end.occurred_at,
        )


@dataclass
class _Stop:
    reach: StopReach
    position: int
    event: EventData
    item: str | None = None
    by: str | None = None
    reason: str | None = None
    fence: int | None = None
    ended: int | None = None
    ended_at: datetime | None = None


def stops_of(told: Iterable[Told]) -> list[Stop]:
    """The stops that the events of a store and of the installation tell of, latest first."""
    stops: list[_Stop] = []
    running: dict[tuple[StopReach, str | None], _Stop] = {}
    begun: list[_Begun] = []
    unsettled: dict[UUID, list[_Begun]] = defaultdict(list)
    for position, event in sorted(told, key=lambda one: one[0]):
        if isinstance(event, onboarding.PriceWriteStarted):
            begun.append(_Begun(position, event))
            unsettled[event.decision_id].append(begun[-1])
        elif isinstance(event, WriteEvent):
            for one in unsettled.pop(event.decision_id, ()):
                one.settled, one.end = position, event
        else:
            for stop in _changed(position, event, running):
                stops.append(stop)
    return [_shown(stop, begun) for stop in reversed(stops)]


def _changed(position: int, event: EventData, running: dict[tuple[StopReach, str | None], _Stop]) -> list[_Stop]:
    """Note stops that begin or end with an event; those that begin."""
    match event:
        case onboarding.SystemSettingsChanged():
            key, now = (StopReach.EVERYWHERE, None), event.settings.stopped
            made = _Stop(key[0], position, event, by=event.changed_by, fence=event.system_fence)
            return _turned(running, key, made if now else None, position, event)
        case onboarding.StorePaused():
            made = _Stop(StopReach.STORE, position, event, by=event.paused_by, reason=event.reason, fence=event.fence)
            return _turned(running, (StopReach.STORE, None), made, position, event)
        case onboarding.StoreUninstalled():
            made = _Stop(StopReach.STORE, position, event, reason="uninstalled", fence=event.fence)
            return _turned(running, (StopReach.STORE, None), made, position, event)
        case onboarding.StoreResumed() | onboarding.StoreAuthorized():
            return _turned(running, (StopReach.STORE, None), None, position, event)
        case onboarding.ItemRulesChanged():
            found: list[_Stop] = []
            for rule in event.rules:
                made = _Stop(StopReach.ITEM, position, event, item=rule.key, by=event.changed_by)
                found += _turned(running, (StopReach.ITEM, rule.key), made if rule.locked else None, position, event)
            return found
        case _:
            return []


def _turned(
    running: dict[tuple[StopReach, str | None], _Stop],
    key: tuple[StopReach, str | None],
    made: _Stop | None,
    position: int,
    event: EventData,
) -> list[_Stop]:
    before = running.get(key)
    if made is not None:
        if before is not None:
            return []  # it was stopped already
        running[key] = made
        return [made]
    if before is not None:
        before.ended, before.ended_at = position, event.occurred_at
        del running[key]
    return []


def _shown(stop: _Stop, begun: list[_Begun]) -> Stop:
    of_it = [one for one in begun if stop.item is None or one.shown().item == stop.item]
    before = [one for one in of_it if one.position < stop.position]
    flying = [one for one in before if one.settled is None or one.settled > stop.position]
    after = [one for one in of_it if one.position > stop.position and (stop.ended is None or one.position < stop.ended)]
    return Stop(
        reach=stop.reach,
        item=stop.item,
        at=stop.event.occurred_at,
        by=stop.by,
        reason=stop.reason,
        reason_ar=stop.event.reason_ar if isinstance(stop.event, onboarding.StorePaused) else None,
        fence=stop.fence,
        ended_at=stop.ended_at,
        in_flight=tuple(one.shown() for one in flying),
        began_after=tuple(one.shown() for one in after),
    )
