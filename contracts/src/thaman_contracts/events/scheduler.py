"""Events of the scheduler: what is due."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from thaman_contracts.events.base import EventData, UtcDatetime


class Trigger(StrEnum):
    """Why a run was asked for."""

    SCHEDULE = "schedule"
    SWEEP = "sweep"
    CATCH_UP = "catch_up"
    RUN_NOW = "run_now"


class OptimizationRequested(EventData, service="scheduler"):
    """One store's prices are to be looked at; at most one per store and slot."""

    run_id: UUID
    slot: UtcDatetime = Field(description="Start of the slot this request fills; for run-now the request's time.")
    trigger: Trigger
    requested_by: str


class ObservationDue(EventData, service="scheduler"):
    """The store's catalogue and orders are to be read from Salla again."""

    slot: UtcDatetime


class TokenRefreshDue(EventData, service="scheduler"):
    """The store's access token is to be refreshed."""

    slot: UtcDatetime
    reason: str = Field(description="sweep or before_expiry")


class RetentionDue(EventData, service="scheduler"):
    """Read models older than ``keep_before`` may be archived; history is never deleted. Travels under 'system'."""

    slot: UtcDatetime
    keep_before: UtcDatetime
