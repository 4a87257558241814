"""For the scheduler's tests: the service under a clock that the test moves."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from thaman_kit.application import UnitOfWork
from thaman_kit.clock import ManualClock
from thaman_kit.domain import DomainEvent
from thaman_scheduler.bootstrap import Container
from thaman_scheduler.settings import SchedulerSettings

START = datetime(2026, 1, 1, 7, 13, tzinfo=UTC)


def settings_for(url: str, **changes: Any) -> SchedulerSettings:
    """Settings of a test; ``url`` is the service's own role."""
    pepper = SecretStr("a-pepper-for-tests-that-is-long-enough")
    return SchedulerSettings(database_url=SecretStr(url), api_key_pepper=pepper, **changes)


@dataclass(frozen=True)
class World:
    """The scheduler and the hand on its clock."""

    container: Container
    clock: ManualClock
    url: str

    def do(self, work: Callable[[UnitOfWork], None]) -> None:
        """Run one command as a consumer would."""
        self.container.application.execute(work)

    def connect(self, *stores: str, hours: int = 12, at: datetime = START) -> None:
        """Stores are authorised, all in one batch."""

        def authorize(unit: UnitOfWork) -> None:
            for store in stores:
                self.container.scheduler.store_authorized(unit, store, hours, at)

        self.do(authorize)

    def tick_at(self, moment: datetime) -> Counter[str]:
        """Look at the clock at ``moment``; returns the slots filled by job."""
        self.clock.set(moment)
        return Counter({job.value: count for job, count in self.container.ticker.tick().filled.items()})

    def log(self, *classes: type[DomainEvent]) -> list[Any]:
        """The stored events of these classes (all without any), in the order of the log."""
        application = self.container.application
        page = application.recorder.select_notifications(0, 100_000, inclusive_of_start=False)
        events = [application.mapper.to_domain_event(notification) for notification in page]
        return [event for event in events if not classes or isinstance(event, classes)]
