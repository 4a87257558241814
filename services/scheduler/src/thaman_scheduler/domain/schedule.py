"""A store's Schedule: how often it is asked for, and whether it is asked for at all."""

from datetime import datetime
from uuid import UUID

from thaman_contracts.ids import derived_id
from thaman_kit.domain import Aggregate, DomainEvent
from thaman_scheduler.domain.events import (
    Block,
    FrequencyChanged,
    ScheduleBlocked,
    ScheduleReanchored,
    ScheduleStarted,
    ScheduleUnblocked,
    TokensArrived,
)
from thaman_scheduler.domain.jobs import PRICING_JOBS, TOKEN_JOBS, Job, StoreFacts


def schedule_id(store_id: str) -> UUID:
    """The id of a store's Schedule."""
    return derived_id("schedule", store_id)


class Schedule(Aggregate):
    """Event-sourced; every command may be repeated without effect."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.store_id = ""
        self.frequency_hours = 0
        self.blocks: frozenset[Block] = frozenset()
        self.started_at: datetime | None = None
        self.tokens_at: datetime | None = None
        self.pricing_since: datetime | None = None
        self.tokens_since: datetime | None = None

    @classmethod
    def start(cls, store_id: str, frequency_hours: int, at: datetime) -> "Schedule":
        """Put a store under the clock; its first slot is the first one after ``at``."""
        schedule = cls(schedule_id(store_id))
        schedule.trigger(ScheduleStarted, store_id=store_id, occurred_at=at, frequency_hours=frequency_hours)
        return schedule

    @property
    def facts(self) -> StoreFacts:
        """What the timing of the store's jobs depends on."""
        assert self.tokens_at is not None, "a stored Schedule has started"
        return StoreFacts(self.store_id, self.frequency_hours, self.tokens_at)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs that run at present."""
        if self.blocks - {Block.PAUSED}:
            return ()
        return TOKEN_JOBS if self.blocks else PRICING_JOBS + TOKEN_JOBS

    def since(self, job: Job) -> datetime:
        """From when on the job's slots count: slots of a time when the store was not asked for are never made up."""
        since = self.pricing_since if job in PRICING_JOBS else self.tokens_since
        assert since is not None, "a stored Schedule has started"
        return since

    def change_frequency(self, hours: int, at: datetime) -> None:
        """Follow the merchant's choice."""
        if hours != self.frequency_hours:
            self.trigger(FrequencyChanged, store_id=self.store_id, occurred_at=at, frequency_hours=hours)

    def block(self, block: Block, at: datetime) -> None:
        """Stop asking for the store, for this reason too."""
        if block not in self.blocks:
            self.trigger(ScheduleBlocked, store_id=self.store_id, occurred_at=at, block=block)

    def unblock(self, block: Block, at: datetime) -> None:
        """One reason not to ask is gone."""
        if block in self.blocks:
            self.trigger(ScheduleUnblocked, store_id=self.store_id, occurred_at=at, block=block)

    def connect(self, at: datetime) -> None:
        """New tokens arrived: the store is authorised and installed again. A merchant's pause stays."""
        self.trigger(TokensArrived, store_id=self.store_id, occurred_at=at)
        self.unblock(Block.UNAUTHORISED, at)
        self.unblock(Block.UNINSTALLED, at)

    def reanchor(self, job: Job, before: datetime, after: datetime, at: datetime) -> None:
        """Let a job go on from ``after`` although a wrong clock had put its memory at ``before``."""
        self.trigger(ScheduleReanchored, store_id=self.store_id, occurred_at=at, job=job, before=before, after=after)

    def when(self, event: DomainEvent) -> None:
        """Change state as ``event`` says."""
        match event:
            case ScheduleStarted():
                self.store_id, self.frequency_hours = event.store_id, event.frequency_hours
                self.started_at = self.tokens_at = event.occurred_at
                self.pricing_since = self.tokens_since = event.occurred_at
            case FrequencyChanged():
                # Slots of the new frequency that lie in the past were never missed.
                self.frequency_hours, self.pricing_since = event.frequency_hours, event.occurred_at
            case ScheduleBlocked():
                self.blocks |= {event.block}
            case ScheduleUnblocked():
                self._unblocked(event)
            case TokensArrived():
                self.tokens_at = event.occurred_at
            case ScheduleReanchored():
                pass
            case _:
                super().when(event)

    def _unblocked(self, event: ScheduleUnblocked) -> None:
        self.blocks -= {event.block}
        if not self.blocks:
            self.pricing_since = event.occurred_at
        if event.block is not Block.PAUSED:
            self.tokens_since = event.occurred_at
