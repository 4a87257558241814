"""Plain records: what a product is, what was sold, what rivals ask, and what the engine answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from thaman_contracts.money import BP_ONE

HIGHEST_AMOUNT = 10**10
"""The largest amount the engine takes, in halalas: a hundred million riyals."""


DAYS_PER_WEEK = 7


def week_number(day: date) -> int:
    """Which week a day lies in, counted from Monday the first of January of the year 1; weeks begin on Mondays."""
    return (day.toordinal() - 1) // DAYS_PER_WEEK


class Week(NamedTuple):
    """One week of sales: ``price`` with VAT in halalas (``None`` unknown), share of the week in stock 0 to 1, the
    market's reference price of that week or ``None``."""

    week_start: date
    units: float
    price: int | None
    in_stock_share: float
    reference: int | None = None


class Offer(NamedTuple):
    """A rival's offer; ``match_confidence`` 0 to 1 that it is the same product."""

    competitor: str
    price: int
    observed_at: datetime
    in_stock: bool
    match_confidence: float


@dataclass(frozen=True, slots=True)
class ProductInput:
    """A product to price. Amounts in halalas, ``price`` with VAT, ``cost`` and ``salvage`` without; ``None`` = unknown.

    ``season_end`` is the last day it sells, ``salvage`` what an unsold unit brings after it. Products of one ``group``
    (variants of a product, sizes of a line) are priced together. ``demand_bp`` scales the demand that is expected of
    it, in basis points: what the weeks cannot know.
    """

    product_id: str
    category: str | None
    brand: str | None
    price: int
    cost: int | None
    stock: float | None = None
    season_end: date | datetime | None = None
    salvage: int | None = None
    last_change_at: datetime | None = None
    history: Sequence[Week] = ()
    offers: Sequence[Offer] = ()
    group: str | None = None
    demand_bp: int = BP_ONE


@dataclass(frozen=True, slots=True)
class Batch:
    """Products that are priced together and learn from each other: one store's. Each product once.

    Raises:
        ValueError: a product occurs twice.
    """

    products: Sequence[ProductInput]

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for product in self.products:
            if product.product_id in seen:
                raise ValueError(f"product {product.product_id!r} occurs twice")
            seen.add(product.product_id)

    @classmethod
    def of(cls, products: Sequence[ProductInput]) -> "Batch":
        """A batch of these products, in this order."""
        return cls(tuple(products))


@dataclass(frozen=True, slots=True)
class Priced:
    """The engine's answer for a product, as one output line carries it."""

    product_id: str
    action: str
    price: int
    disposition: str
    risk: str
    reference: int | None
    expected_weekly_profit_change: int
    interval80: tuple[int, int]
    probability_of_gain: float
    guards: tuple[str, ...]
    reasons: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The answer as JSON would carry it."""
        return {
            "product_id": self.product_id,
            "action": self.action,
            "price": self.price,
            "disposition": self.disposition,
            "risk": self.risk,
            "reference": self.reference,
            "expected_weekly_profit_change": self.expected_weekly_profit_change,
            "interval80": list(self.interval80),
            "probability_of_gain": self.probability_of_gain,
            "guards": list(self.guards),
            "reasons": self.reasons,
        }
