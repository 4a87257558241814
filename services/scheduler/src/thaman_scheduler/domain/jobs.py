"""What is due when: the jobs, and the timing each store's rules give them."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from thaman_contracts.events.scheduler import Trigger
from thaman_contracts.events.settings import SystemSettings
from thaman_contracts.ids import derived_id
from thaman_scheduler.domain.slots import Slots, counted_from, daily, every, weekly
from thaman_scheduler.domain.steps import SLACK, Timing


class Job(StrEnum):
    """The kinds of thing that fall due. ``OBSERVE`` comes first so that a run finds what was observed for it."""

    OBSERVE = "observe"
    OPTIMISE = "optimise"
    REFRESH_SWEEP = "refresh_sweep"
    REFRESH_BEFORE_EXPIRY = "refresh_before_expiry"
    RETENTION = "retention"


PRICING_JOBS = (Job.OBSERVE, Job.OPTIMISE)
"""Jobs that stand still while a store is paused or the installation is stopped."""

TOKEN_JOBS = (Job.REFRESH_SWEEP, Job.REFRESH_BEFORE_EXPIRY)
"""Jobs that go on while a store is paused, because its tokens would die meanwhile."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for the whole installation: operators' settings, and times fixed at deployment.

    ``observation_lead`` is how long before its slot a store is observed. Tokens are private to onboarding, so the
    scheduler only knows when they first arrived: ``token_life`` is Salla's promise for an access token, and within
    ``token_rest`` of their arrival the daily sweep leaves them alone. Onboarding ignores what is not needed.
    """

    system: SystemSettings = field(default_factory=SystemSettings)
    observation_lead: timedelta = timedelta(minutes=15)
    token_life: timedelta = timedelta(days=14)
    token_rest: timedelta = timedelta(days=7)

    def under(self, system: SystemSettings) -> "Rules":
        """The same deployment under an operator's settings."""
        return replace(self, system=system)


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What the timing of a store's jobs depends on."""

    store_id: str
    frequency_hours: int
    tokens_at: datetime


@dataclass(frozen=True, slots=True)
class DueRow:
    """A job of a store that one replica has claimed; ``after`` is its memory (see :mod:`.steps`)."""

    store_id: str
    job: Job
    after: datetime
    facts: StoreFacts


def patience_of(job: Job, rules: Rules) -> timedelta:
    """How far ahead a job's next look may lie; further ahead, a wrong clock has put it there."""
    match job:
        case Job.OBSERVE | Job.OPTIMISE:
            widest = timedelta(hours=24)
        case Job.REFRESH_SWEEP:
            widest = timedelta(days=1) + rules.token_rest
        case Job.REFRESH_BEFORE_EXPIRY:
            widest = rules.token_life
        case Job.RETENTION:
            widest = timedelta(days=7)
    return 2 * widest + SLACK


def timing_of(job: Job, store: StoreFacts, rules: Rules) -> Timing:
    """The timing of one job of one store."""
    system = rules.system
    match job:
        case Job.OBSERVE:
            return Timing(_pricing_slots(store, system), lead=rules.observation_lead)
        case Job.OPTIMISE:
            return Timing(_pricing_slots(store, system))
        case Job.REFRESH_SWEEP:
            return Timing(Slots((daily(system.token_refresh_hour),)), not_before=store.tokens_at + rules.token_rest)
        case Job.REFRESH_BEFORE_EXPIRY:
            period = rules.token_life - timedelta(hours=system.token_refresh_before_hours)
            return Timing(Slots((counted_from(store.tokens_at, period),)), not_before=store.tokens_at)
        case Job.RETENTION:
            return Timing(Slots((weekly(system.retention_weekday, system.retention_hour),)))


def trigger_of(slot: datetime, store: StoreFacts, *, catch_up: bool) -> Trigger:
    """Why the run of ``slot`` is asked for."""
    if catch_up:
        return Trigger.CATCH_UP
    return Trigger.SCHEDULE if every(store.frequency_hours, store.store_id).holds(slot) else Trigger.SWEEP


def slot_originator(job: Job, store_id: str, cause: str) -> UUID:
    """The originator of the one event that may fill a slot (or answer a run-now request); its version is 1."""
    return derived_id("slot", job, store_id, cause)


def _pricing_slots(store: StoreFacts, system: SystemSettings) -> Slots:
    return Slots((every(store.frequency_hours, store.store_id), every(system.sweep_hours, store.store_id)))
