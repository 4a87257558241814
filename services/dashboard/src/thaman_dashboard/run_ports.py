"""What the pages of runs and the overview need of the world. Every question takes the store first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from thaman_dashboard.run_views import HeldItem, HeldReason, Needs, RunRecord
from thaman_dashboard.views import Page


class RunReading(Protocol):
    """What the read models know of runs and of what is to be done."""

    def judged(self, store_id: str, run_id: UUID) -> int:
        """Of how many items a run was the latest to say something."""

    def held_reasons(self, store_id: str, run_id: UUID) -> tuple[HeldReason, ...]:
        """Why items stay whose latest run it was, most first."""

    def held_items(
        self, store_id: str, run_id: UUID, reason: str, *, after: str | None = None, limit: int = 50
    ) -> Page[HeldItem]:
        """Those items, by key.

        Raises:
            BadCursor: ``after`` is no cursor of this list.
        """

    def needs(self, store_id: str, now: datetime) -> Needs:
        """What a store needs of its merchant at ``now``."""


class RunOwner(Protocol):
    """The optimizer's own record of runs."""

    def record(self, store_id: str, run_id: UUID) -> RunRecord | None:
        """One run with the reasons of all its holds; ``None`` where the optimizer does not answer in time."""


@dataclass(frozen=True, slots=True)
class RunParts:
    """What the pages of runs are given."""

    reading: RunReading
    owner: RunOwner
