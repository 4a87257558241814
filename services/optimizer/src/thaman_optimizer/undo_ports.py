"""What undo needs from outside, as it would like to have it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from thaman_contracts.events.optimizer import UndoScope
from thaman_optimizer.domain.undo import Change


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be undone. Of the fields after ``items`` those count that go with the scope.

    ``items`` are item keys that it is limited to, ``None`` for all. ``since`` and ``until`` bound when the decisions
    under a policy or upon an offer were made.
    """

    scope: UndoScope
    items: frozenset[str] | None = None
    decisions: tuple[UUID, ...] = ()
    run_id: UUID | None = None
    at: datetime | None = None
    policy_version: int | None = None
    url: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Meant:
    """A decision that somebody wants undone, and what became of it. ``settled_at`` is when it reached Salla."""

    decision_id: UUID
    item_key: str
    state: str
    settled_at: datetime | None


class PastDecisions(Protocol):
    """A store's decisions, as they are reported now. Blocking."""

    def meant(self, store_id: str, wanted: Wanted, now: datetime, limit: int) -> list[Meant]:
        """The decisions that ``wanted`` names, ``limit`` at most; those of its ``items`` alone, if it has any."""
        ...

    def changes(self, store_id: str, since: datetime, keys: Sequence[str]) -> Mapping[str, Sequence[Change]]:
        """All prices of the items ``keys`` that reached Salla from ``since`` on, by item, in their order."""
        ...

    def of_undo(self, store_id: str, undo_id: UUID, limit: int) -> list[dict[str, Any]]:
        """The decisions of an undo (or a run), by item, as rows for views."""
        ...
