"""What the application needs of the world; :mod:`thaman_scheduler.adapters` provides it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from thaman_contracts.events.settings import SystemSettings
from thaman_kit.application import UnitOfWork
from thaman_scheduler.domain.installation import Installation
from thaman_scheduler.domain.jobs import DueRow, Rules
from thaman_scheduler.domain.replay import Replay
from thaman_scheduler.domain.schedule import Schedule
from thaman_scheduler.domain.steps import Step


class Tables(Protocol):
    """The scheduler's read models."""

    def claim(self, claim: UUID, now: datetime, limit: int, seconds: int) -> int:
        """Take up to ``limit`` rows that fire at ``now``; returns how many."""

    def claimed(self, claim: UUID) -> list[DueRow]:
        """The rows still under ``claim``, observations first."""

    def release(self, claim: UUID) -> None:
        """Give the rows of ``claim`` back untouched."""

    def taken(self, originators: Sequence[UUID]) -> set[UUID]:
        """Which of these slots' events are stored."""

    def settle(self, unit: UnitOfWork, claim: UUID, outcomes: Sequence[tuple[DueRow, Step]]) -> None:
        """Store outcomes with the unit, which is refused whole if a row lost its claim."""

    def put_schedule(self, unit: UnitOfWork, schedule: Schedule, rules: Rules) -> None:
        """Store a schedule with the unit that changed it."""

    def put_installation(self, unit: UnitOfWork, installation: Installation, rules: Rules) -> None:
        """Store operators' settings with the unit that changed them, and look at every store again."""

    def resume_all(self, unit: UnitOfWork, since: datetime) -> None:
        """No store makes up for slots before ``since``."""

    def replace(self, read_log: Callable[[], Replay], rules: Rules) -> None:
        """Make all tables again from the log."""

    def system_settings(self) -> SystemSettings:
        """Operators' settings."""

    def schedule(self, store_id: str) -> dict[str, Any] | None:
        """One store's row."""

    def schedules(self, cursor: str, limit: int) -> list[dict[str, Any]]:
        """A page of stores after ``cursor``."""

    def jobs_of(self, stores: Iterable[str]) -> list[dict[str, Any]]:
        """The jobs of some stores."""

    def overdue(self, now: datetime) -> tuple[int, float]:
        """How many rows should have fired, and the age of the oldest in seconds."""
