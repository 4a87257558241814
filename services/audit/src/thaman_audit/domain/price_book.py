"""Prices of items as they are told one after another; what the statement of rows of prices makes of them, too."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

OBSERVED = "observed"


class Standing(NamedTuple):
    """An item's price as it stands: halalas, and since when it is known; ``shelf`` is ``None`` where nobody saw it."""

    base: int
    shelf: int | None
    at: datetime


class Source(NamedTuple):
    """The event that tells a price, and what it came of."""

    service: str
    event_id: str
    decision_id: UUID | None = None
    run_id: UUID | None = None


class Change(NamedTuple):
    """A row of an item's history."""

    item: str
    told: Standing
    old_base: int | None
    cause: str
    source: Source


@dataclass(slots=True)
class PriceBook:
    """What stands of each item, and the changes that came to it; for a history that is read from its beginning."""

    standing: dict[str, Standing] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    """What is history: only changes, and what somebody did."""

    def take(self, item: str, told: Standing, cause: str, source: Source) -> None:
        """The next that is told of an item."""
        known = self.standing.get(item)
        if known is None:
            self.changes.append(Change(item, told, None, "first_seen" if cause == OBSERVED else cause, source))
        elif (
            cause != OBSERVED
            or known.base != told.base
            or (known.shelf != told.shelf and None not in (known.shelf, told.shelf))
        ):
            self.changes.append(Change(item, told, known.base, cause, source))
        if told.shelf is None and known is not None and known.base == told.base:
            # A hand edit says nothing of the shelf; what was seen there before with the same base price still stands.
            told = told._replace(shelf=known.shelf)
        self.standing[item] = told

    def taken(self) -> list[Change]:
        """The changes since the last time."""
        changes, self.changes = self.changes, []
        return changes
