"""What the analytics pages ask of our own tables. Weeks are Mondays, UTC; prices are shelf prices in halalas."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from thaman_dashboard.domain.did import Product
from thaman_dashboard.domain.price_index import Link
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


@dataclass(frozen=True, slots=True)
class Sold:
    """A product's sales before and after: paid with VAT and cost without, in halalas; ``None`` where not all known.

    One that ``is_apart`` was on no side all the time, or on both."""

    controlled: bool
    is_apart: bool
    paid_before: int | None
    cost_before: int | None
    paid_after: int | None
    cost_after: int | None


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


def profits(sold: Sequence[Sold], vat_bp: int, fee_bp: int) -> list[Product]:
    """Profits in halalas of those that can be compared: paid without VAT, less the share of fees, less cost."""

    def profit(paid: int | None, cost: int | None) -> int | None:
        if paid is None or cost is None:
            return None
        return paid * 10_000 * (10_000 - fee_bp) // ((10_000 + vat_bp) * 10_000) - cost

    return [
        Product(one.controlled, profit(one.paid_before, one.cost_before), profit(one.paid_after, one.cost_after))
        for one in sold
        if not one.is_apart
    ]
