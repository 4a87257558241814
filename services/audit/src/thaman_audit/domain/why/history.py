"""Which of an item's rows of prices stood at an instant, and which came next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

Part = Literal["now", "after", "first", "written"]


@dataclass(frozen=True, slots=True)
class PriceRow:
    """A row of the read model ``price_history``; the query ``price_at`` says what its part is."""

    part: Part
    id: int
    at: datetime
    base_price: int
    shelf_price: int | None
    old_base_price: int | None
    cause: str
    decision_id: UUID | None
    run_id: UUID | None
    service: str
    event_id: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A price with all rows that speak of it.

    A hand edit and a write are each told twice, as what happened and as what the catalogue then showed. What happened
    is the cause, whichever came first.
    """

    rows: tuple[PriceRow, ...]

    @property
    def cause(self) -> PriceRow:
        """The row that says how it came to stand: the last thing that was done, or else the first look at it."""
        done = [row for row in self.rows if row.cause != "observed"]
        return done[-1] if done else self.rows[0]

    @property
    def shelf_price(self) -> int | None:
        """The shelf price seen last with it."""
        return next((row.shelf_price for row in reversed(self.rows) if row.shelf_price is not None), None)

    @property
    def old_base_price(self) -> int | None:
        """What stood before it."""
        before = (row.old_base_price for row in self.rows)
        return next((old for old in before if old not in (None, self.cause.base_price)), None)


class History:
    """What the query ``price_at`` found."""

    def __init__(self, rows: Sequence[PriceRow]) -> None:
        self._rows = sorted(rows, key=lambda row: row.id)

    @property
    def first_seen_at(self) -> datetime:
        """When the record first has a price."""
        return self._part("first")[0].at

    @property
    def now(self) -> Standing | None:
        """The price at the instant; ``None`` before the first."""
        return self._standing("now")

    @property
    def after(self) -> Standing | None:
        """The price that took its place, if one did."""
        return self._standing("after")

    @property
    def put_back(self) -> PriceRow | None:
        """Our earlier write of a price that Salla showed later and nobody is known to have set."""
        now, written = self.now, self._part("written")
        return written[0] if written and now is not None and now.cause.cause == "observed" else None

    def _standing(self, part: Part) -> Standing | None:
        rows = self._part(part)
        return Standing(tuple(rows)) if rows else None

    def _part(self, part: Part) -> list[PriceRow]:
        return [row for row in self._rows if row.part == part]
