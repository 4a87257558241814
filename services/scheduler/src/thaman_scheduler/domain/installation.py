"""The installation as the scheduler sees it: operators' settings, and what is due under the pseudo store."""

from datetime import datetime
from uuid import UUID

from thaman_contracts.events.settings import SystemSettings
from thaman_contracts.ids import SYSTEM, derived_id
from thaman_kit.domain import Aggregate, DomainEvent
from thaman_scheduler.domain.events import InstallationStarted, RulesChanged, ScheduleReanchored
from thaman_scheduler.domain.jobs import Job

INSTALLATION_ID: UUID = derived_id("schedule", SYSTEM)


class Installation(Aggregate):
    """Event-sourced; one per installation."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.settings = SystemSettings()
        self.settings_version = 0
        self.started_at: datetime | None = None
        self.pricing_since: datetime | None = None

    @classmethod
    def start(cls, at: datetime) -> "Installation":
        """Begin with the default settings."""
        installation = cls(INSTALLATION_ID)
        installation.trigger(InstallationStarted, store_id=SYSTEM, occurred_at=at)
        return installation

    def change_rules(self, settings: SystemSettings, version: int, at: datetime) -> None:
        """Take over an operator's settings; an older version changes nothing."""
        if version > self.settings_version:
            self.trigger(RulesChanged, store_id=SYSTEM, occurred_at=at, settings=settings, settings_version=version)

    def reanchor(self, job: Job, before: datetime, after: datetime, at: datetime) -> None:
        """Let a job go on from ``after`` although a wrong clock had put its memory at ``before``."""
        self.trigger(ScheduleReanchored, store_id=SYSTEM, occurred_at=at, job=job, before=before, after=after)

    def when(self, event: DomainEvent) -> None:
        """Change state as ``event`` says."""
        match event:
            case InstallationStarted():
                self.started_at = event.occurred_at
            case RulesChanged():
                if _begins_anew(self.settings, event.settings):
                    self.pricing_since = event.occurred_at
                self.settings, self.settings_version = event.settings, event.settings_version
            case ScheduleReanchored():
                pass
            case _:
                super().when(event)


def _begins_anew(old: SystemSettings, new: SystemSettings) -> bool:
    """Whether earlier slots must not be made up for: those of a stop, and those of a sweep nobody had asked for."""
    return (old.stopped and not new.stopped) or old.sweep_hours != new.sweep_hours
