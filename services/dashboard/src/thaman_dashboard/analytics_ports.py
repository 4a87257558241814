"""What the analytics pages ask of our own tables. Weeks are Mondays, UTC; prices are shelf prices in halalas."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from thaman_dashboard.domain.price_index import Link
from thaman_dashboard.domain.sold import Sold
from thaman_dashboard.domain.windows import Windows
from thaman_dashboard.views import Page, Position


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an item's price stands against the market's reference; ``distance_bp`` is of the reference."""

    item_key: str
    name: str | None
    currency: str
    shelf_price: int
    reference: int
    distance_bp: int
    position: Position


@dataclass(frozen=True, slots=True)
class Count:
    """How many items stand below, at and above the reference; ``named`` says of which week, category or brand."""

    named: str | None
    below: int
    at: int
    above: int

    @property
    def all(self) -> int:
        """All of them."""
        return self.below + self.at + self.above


@dataclass(frozen=True, slots=True)
class Movement:
    """What one rival's usable prices did in some days; ``median_bp`` is the middle one of its changes."""

    competitor: str
    items: int
    rises: int
    falls: int
    median_bp: int
    last_at: datetime


class AnalyticsRows(Protocol):
    """Our own tables, as the analytics pages read them. Raises :class:`~thaman_kit.errors.BadCursor`."""

    def standings(
        self, store_id: str, now: datetime, position: Position | None, after: str | None, limit: int
    ) -> Page[Standing]:
        """Items with a fresh offer by their distance from the reference, farthest first."""

    def counts_by(self, store_id: str, now: datetime, column: str, limit: int) -> tuple[Count, ...]:
        """The same items counted by ``category`` or ``brand``, most items first."""

    def counts_by_week(self, store_id: str, weeks: Sequence[date]) -> tuple[Count, ...]:
        """Items by where the last run of each week found them; weeks in a row, the last is this one."""

    def links(self, store_id: str, weeks: Sequence[date]) -> tuple[Link, ...]:
        """How prices changed from the week before, for the same weeks."""

    def movements(self, store_id: str, since: datetime, limit: int) -> tuple[Movement, ...]:
        """Rivals whose prices changed from an instant on, most changes first."""

    def controlled_weeks(self, store_id: str) -> tuple[date, ...]:
        """The weeks in which runs left a control share alone, oldest first."""

    def first_sale(self, store_id: str) -> date | None:
        """The week of the first sale that was told."""

    def sold(self, store_id: str, windows: Windows) -> Sequence[Sold]:
        """Every product that runs spoke of in the first or the last week after, with its sales."""
