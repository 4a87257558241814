"""The read models as the events tell them: what the tables must say when they are made again."""

from datetime import datetime

from thaman_contracts.ids import SYSTEM
from thaman_kit.domain import DomainEvent
from thaman_scheduler.domain.events import ScheduleReanchored, filled
from thaman_scheduler.domain.installation import INSTALLATION_ID, Installation
from thaman_scheduler.domain.jobs import PRICING_JOBS, TOKEN_JOBS, Job
from thaman_scheduler.domain.schedule import Schedule, schedule_id


class Replay:
    """Folds the scheduler's whole log, in the order of the log."""

    def __init__(self) -> None:
        self.schedules: dict[str, Schedule] = {}
        self.installation = Installation(INSTALLATION_ID)
        self.after: dict[tuple[str, Job], datetime] = {}

    def apply(self, event: DomainEvent) -> None:
        """Take in the next event."""
        done = filled(event)
        if done is not None:
            self._advance(event.store_id, *done)
        elif event.originator_id == INSTALLATION_ID:
            self._installation_event(event)
        elif event.originator_id == schedule_id(event.store_id):
            self._schedule_event(event)

    def _schedule_event(self, event: DomainEvent) -> None:
        schedule = self.schedules.setdefault(event.store_id, Schedule(event.originator_id))
        schedule.when(event)
        if isinstance(event, ScheduleReanchored):
            self.after[event.store_id, event.job] = event.after
            return
        for job in PRICING_JOBS + TOKEN_JOBS:
            self._advance(event.store_id, job, schedule.since(job))

    def _installation_event(self, event: DomainEvent) -> None:
        since = self.installation.pricing_since
        self.installation.when(event)
        if isinstance(event, ScheduleReanchored):
            self.after[SYSTEM, event.job] = event.after
            return
        assert self.installation.started_at is not None
        self._advance(SYSTEM, Job.RETENTION, self.installation.started_at)
        if self.installation.pricing_since != since:
            for store_id, job in self.after:
                if job in PRICING_JOBS:
                    self._advance(store_id, job, event.occurred_at)

    def _advance(self, store_id: str, job: Job, to: datetime) -> None:
        known = self.after.get((store_id, job))
        self.after[store_id, job] = to if known is None else max(known, to)
