"""Strategies: what a merchant wants instead of, or besides, the engine's own judgement.

A strategy has a kind, a scope (products, brands, categories; nothing named = everything), a priority and, if wished,
dates. Of those that apply to a product the highest priority wins, then the narrower scope, then the earlier one.
Every guard applies to every strategy: none may break a floor, a step or the corridor.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from thaman_contracts.money import BP_ONE, ceil_div, round_div
from thaman_optimizer.domain.offers import Position
from thaman_optimizer.domain.pricing.records import HIGHEST_AMOUNT, ProductInput
from thaman_optimizer.domain.pricing.values import BadValue, moment, text, whole


class Kind(StrEnum):
    """What a strategy does."""

    DEMAND = "demand"
    MATCH = "match"
    UNDERCUT = "undercut"
    PREMIUM = "premium"
    POSITION = "position"
    COST_PLUS = "cost_plus"
    HOLD = "hold"
    LOCK = "lock"
    FIXED = "fixed"


MARKET_KINDS = frozenset({Kind.MATCH, Kind.UNDERCUT, Kind.PREMIUM, Kind.POSITION})
"""Kinds that measure from rivals' offers."""

_SIGNS = {Kind.UNDERCUT: -1, Kind.PREMIUM: 1, Kind.POSITION: 1, Kind.MATCH: 0}
_LARGEST_BP = 100_000


@dataclass(frozen=True, slots=True)
class Scope:
    """Which products: named ones, brands, or categories. Empty = all; several kinds of names all have to hold."""

    products: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()

    def covers(self, product: ProductInput) -> bool:
        """Whether the product is meant."""
        return (
            (not self.products or product.product_id in self.products)
            and (not self.brands or product.brand in self.brands)
            and (not self.categories or product.category in self.categories)
        )

    @property
    def narrowness(self) -> int:
        """Products are narrower than brands, brands than categories, those than everything."""
        return 4 * bool(self.products) + 2 * bool(self.brands) + bool(self.categories)


@dataclass(frozen=True, slots=True)
class Strategy:
    """One strategy. ``by_bp`` and ``by`` (halalas) move the price from ``against``: undercut down, premium and position
    up (position may be negative). ``markup_bp`` on the cost for cost-plus, ``price`` for a fixed price."""

    kind: Kind
    scope: Scope = Scope()
    priority: int = 0
    against: Position = Position.MEDIAN
    rank: int = 1
    by_bp: int = 0
    by: int = 0
    markup_bp: int = 0
    price: int = 0
    starts: datetime | None = None
    ends: datetime | None = None

    def runs(self, now: datetime) -> bool:
        """Whether its dates include now."""
        return (self.starts is None or self.starts <= now) and (self.ends is None or now < self.ends)

    def from_market(self, base: int) -> int:
        """The price this strategy asks for when ``against`` stands at ``base``."""
        sign = _SIGNS[self.kind]
        return max(round_div(base * (BP_ONE + sign * self.by_bp), BP_ONE) + sign * self.by, 1)

    def from_cost(self, cost: int, vat_bp: int, fee_bp: int) -> int:
        """Cost plus mark-up with VAT, fees paid for; rounded up."""
        kept = (BP_ONE - fee_bp) * BP_ONE
        return ceil_div(cost * (BP_ONE + self.markup_bp) * (BP_ONE + vat_bp), kept)


DEMAND = Strategy(Kind.DEMAND)
"""What applies where no strategy does."""


def strategy_of(product: ProductInput, strategies: Sequence[Strategy], now: datetime) -> Strategy:
    """The strategy that decides about the product now."""
    fitting = [one for one in strategies if one.runs(now) and one.scope.covers(product)]
    return max(fitting, key=lambda one: (one.priority, one.scope.narrowness), default=DEMAND)


def strategy_from(data: Any, place: str) -> Strategy:
    """A strategy from a JSON object.

    Raises:
        BadValue: not a strategy.
    """
    if not isinstance(data, Mapping):
        raise BadValue(f"{place} must be an object")
    try:
        kind = Kind(str(data.get("kind")).replace("-", "_"))
        against = Position(data.get("against", Position.MEDIAN))
    except ValueError as error:
        raise BadValue(f"{place}: {error}; kinds are {', '.join(Kind)}; against {', '.join(Position)}") from error
    made = Strategy(
        kind=kind,
        scope=_scope(data.get("scope"), f"{place}.scope"),
        priority=whole(data.get("priority", 0), f"{place}.priority", -10_000, 10_000),
        against=against,
        rank=whole(data.get("rank", 1), f"{place}.rank", 1, 1_000),
        by_bp=whole(data.get("by_bp", 0), f"{place}.by_bp", -BP_ONE + 1, _LARGEST_BP),
        by=whole(data.get("by", 0), f"{place}.by", -HIGHEST_AMOUNT, HIGHEST_AMOUNT),
        markup_bp=whole(data.get("markup_bp", 0), f"{place}.markup_bp", 0, _LARGEST_BP),
        price=whole(data.get("price", 0), f"{place}.price", 0, HIGHEST_AMOUNT),
        starts=_moment(data.get("from"), f"{place}.from"),
        ends=_moment(data.get("until"), f"{place}.until"),
    )
    if kind is Kind.FIXED and made.price == 0:
        raise BadValue(f"{place}: a fixed price needs a price")
    return made


def _moment(value: Any, name: str) -> datetime | None:
    return None if value is None else moment(value, name)


def _scope(value: Any, place: str) -> Scope:
    if value is None:
        return Scope()
    if not isinstance(value, Mapping):
        raise BadValue(f"{place} must be an object")
    names = {"products": "product", "brands": "brand", "categories": "category"}
    strangers = set(value) - set(names) - set(names.values())
    if strangers:
        raise BadValue(f"{place}: {sorted(strangers)[0]!r} is not one of products, brands, categories")
    return Scope(**{many: _names(value.get(many, value.get(one)), f"{place}.{many}") for many, one in names.items()})


def _names(value: Any, place: str) -> frozenset[str]:
    if value is None:
        return frozenset()
    listed = value if isinstance(value, list) else [value]
    return frozenset(text(one, place) for one in listed)
