"""Prices of items as they are told one after another; what the statement of rows of prices makes of them, too."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from thaman_audit.domain.rows import Row

OBSERVED = "observed"


class Standing(NamedTuple):
    """An item's price as it stands: halalas, and since when it is known; ``shelf`` is ``None`` where nobody saw it."""

    base: int
    shelf: int | None
    at: datetime


@dataclass(slots=True)
class PriceBook:
    """What stands of each item, and the changes that came to it; for a history that is read from its beginning."""

    standing: dict[str, Standing] = field(default_factory=dict)
    changes: list[Row] = field(default_factory=list)
    """What is history: only changes, and what somebody did."""

    def take(self, item: str, told: Standing, cause: str, row_of: Callable[[], Row]) -> None:
        """The next that is told of an item.

        ``row_of`` makes the row that :func:`thaman_audit.domain.rows.project` would add of it, where it is history.
        """
        known = self.standing.get(item)
        if known is None:
            self._change(row_of(), None, "first_seen" if cause == OBSERVED else cause)
        elif (
            cause != OBSERVED
            or known.base != told.base
            or (known.shelf != told.shelf and None not in (known.shelf, told.shelf))
        ):
            self._change(row_of(), known.base, cause)
        if told.shelf is None and known is not None and known.base == told.base:
            # A hand edit says nothing of the shelf; what was seen there before with the same base price still stands.
            told = told._replace(shelf=known.shelf)
        self.standing[item] = told

    def taken(self) -> list[Row]:
        """The changes since the last time."""
        changes, self.changes = self.changes, []
        return changes

    def rows(self, store_id: str) -> list[Row]:
        """The prices that stand of a store's items."""
        return [
            {"store_id": store_id, "item": item, "base_price": one.base, "shelf_price": one.shelf, "at": one.at}
            for item, one in self.standing.items()
        ]

    def _change(self, row: Row, old_base: int | None, cause: str) -> None:
        self.changes.append(row | {"old_base_price": old_base, "cause": cause})
