"""The scheduler's stored events.

What is published is stored as it is published, one originator per slot, so that a slot cannot be filled twice. The
events of the aggregates (a store's schedule, the installation's rules) are private.
"""

from datetime import datetime
from enum import StrEnum

from thaman_contracts.events import UtcDatetime, scheduler
from thaman_contracts.events.settings import SystemSettings
from thaman_kit.domain import DomainEvent
from thaman_scheduler.domain.jobs import Job


class OptimizationRequested(DomainEvent, scheduler.OptimizationRequested, topic="slot.OptimizationRequested"):
    """A run was asked for."""


class ObservationDue(DomainEvent, scheduler.ObservationDue, topic="slot.ObservationDue"):
    """A look at the catalogue was asked for."""


class TokenRefreshDue(DomainEvent, scheduler.TokenRefreshDue, topic="slot.TokenRefreshDue"):
    """A token refresh was asked for."""


class RetentionDue(DomainEvent, scheduler.RetentionDue, topic="slot.RetentionDue"):
    """Archiving was asked for."""


class Block(StrEnum):
    """Why a store is not asked for; several may hold at once."""

    PAUSED = "paused"
    UNAUTHORISED = "unauthorised"
    UNINSTALLED = "uninstalled"


class ScheduleStarted(DomainEvent, topic="schedule.Started"):
    """A store came under the clock."""

    frequency_hours: int


class FrequencyChanged(DomainEvent, topic="schedule.FrequencyChanged"):
    """The merchant chose another frequency."""

    frequency_hours: int


class ScheduleBlocked(DomainEvent, topic="schedule.Blocked"):
    """The store is not asked for any more, for one more reason."""

    block: Block


class ScheduleUnblocked(DomainEvent, topic="schedule.Unblocked"):
    """One reason is gone."""

    block: Block


class TokensArrived(DomainEvent, topic="schedule.TokensArrived"):
    """The store has new tokens; their age counts from here."""


class ScheduleReanchored(DomainEvent, topic="schedule.Reanchored"):
    """A job's memory lay so far ahead that the clock must have been wrong then; it goes on from ``after``."""

    job: Job
    before: UtcDatetime
    after: UtcDatetime


class RulesChanged(DomainEvent, topic="installation.RulesChanged"):
    """An operator's settings as the scheduler saw them."""

    settings_version: int
    settings: SystemSettings


class InstallationStarted(DomainEvent, topic="installation.Started"):
    """The scheduler ran for the first time."""


SWEEP = "sweep"
BEFORE_EXPIRY = "before_expiry"
SLOT_EVENTS = (OptimizationRequested, ObservationDue, TokenRefreshDue, RetentionDue)


def filled(event: DomainEvent) -> tuple[Job, datetime] | None:
    """The job and slot that a stored event filled, or ``None`` when it fills none (a run-now request, for one)."""
    if not isinstance(event, SLOT_EVENTS) or _is_run_now(event):
        return None
    match event:
        case OptimizationRequested():
            job = Job.OPTIMISE
        case ObservationDue():
            job = Job.OBSERVE
        case TokenRefreshDue():
            job = Job.REFRESH_SWEEP if event.reason == SWEEP else Job.REFRESH_BEFORE_EXPIRY
        case RetentionDue():
            job = Job.RETENTION
    return job, event.slot


def _is_run_now(event: DomainEvent) -> bool:
    return isinstance(event, OptimizationRequested) and event.trigger is scheduler.Trigger.RUN_NOW
