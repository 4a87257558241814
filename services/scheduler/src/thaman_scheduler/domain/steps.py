"""What to do about one job of one store at one instant. The heart of the scheduler, and pure.

``after`` is the job's memory: no slot at or before it is filled any more. It only moves forward, so

* a clock that steps back repeats nothing;
* however many slots were missed, one request (the latest slot's) makes up for them;
* two replicas work out the same slot, whose id the event store accepts once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from thaman_scheduler.domain.slots import Slots

LATE = timedelta(minutes=10)
"""A slot filled this much later than it was due counts as catching up."""

SLACK = timedelta(hours=1)
"""How far beyond the next slot ``after`` may lie before the clock that wrote it must have been wrong."""


@dataclass(frozen=True, slots=True)
class Timing:
    """When a job's slots are acted on: ``lead`` before each, and for none at or before ``not_before``."""

    slots: Slots
    lead: timedelta = timedelta(0)
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """The outcome: ``fill`` is the slot to fill now, ``fires_at`` when to look again.

    A step that is ``reanchored`` fills nothing and sets ``after`` back.
    """

    after: datetime
    fires_at: datetime
    fill: datetime | None = None
    catch_up: bool = False
    reanchored: bool = False


def candidate(timing: Timing, after: datetime, now: datetime) -> datetime | None:
    """The slot that is due at ``now`` if nobody filled it yet."""
    seen = now + timing.lead
    latest = timing.slots.at_or_before(seen)
    lower = _lower(timing, _trusted(timing, after, seen))
    return latest if latest > lower else None


def step(timing: Timing, after: datetime, now: datetime, *, taken: bool = False) -> Step:
    """What to do at ``now``; ``taken`` says that the candidate slot is filled already.

    When ``after`` lies further ahead than a right clock could have put it, the clock was wrong then and the job goes
    on from ``now`` instead of sleeping until time catches up.
    """
    seen = now + timing.lead
    trusted = _trusted(timing, after, seen)
    slot = candidate(timing, after, now)
    if slot is None:
        return Step(trusted, _wake(timing, trusted), reanchored=trusted != after)
    if taken:
        return Step(after, _wake(timing, slot))
    late = timing.slots.before(slot) > _lower(timing, after) or seen - slot >= LATE
    return Step(slot, _wake(timing, slot), fill=slot, catch_up=late)


def next_slot(timing: Timing, after: datetime) -> datetime:
    """The first slot that may be filled after ``after``."""
    return timing.slots.after(_lower(timing, after))


def _wake(timing: Timing, after: datetime) -> datetime:
    return next_slot(timing, after) - timing.lead


def _lower(timing: Timing, after: datetime) -> datetime:
    return after if timing.not_before is None else max(after, timing.not_before)


def _trusted(timing: Timing, after: datetime, seen: datetime) -> datetime:
    return seen if after > seen + timing.slots.widest + SLACK else after
