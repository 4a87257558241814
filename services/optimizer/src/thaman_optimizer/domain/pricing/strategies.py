"""Strategies: what a merchant wants instead of, or besides, the engine's own judgement.

A strategy has a kind, a scope (products, brands, categories; nothing named = everything), a priority and, if wished,
dates and a season. Of those that apply to a product the highest priority wins, then the narrower scope, then the
earlier one. Every guard applies to every strategy: none may break a floor, a step or the corridor.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Self

from thaman_contracts.events.policies import Against, ScopedStrategy, Season
from thaman_contracts.events.settings import Strategy as Kind
from thaman_contracts.money import BP_ONE, ceil_div, round_div
from thaman_optimizer.domain.pricing.records import HIGHEST_AMOUNT, ProductInput
from thaman_optimizer.domain.pricing.scopes import EVERYTHING, Scope, scope_from
from thaman_optimizer.domain.pricing.values import BadValue, moment, shown, whole
from thaman_optimizer.domain.seasons import is_on

MARKET_KINDS = frozenset({Kind.MATCH, Kind.UNDERCUT, Kind.PREMIUM, Kind.POSITION})
"""Kinds that measure from rivals' offers."""

_SIGNS = {Kind.UNDERCUT: -1, Kind.PREMIUM: 1, Kind.POSITION: 1, Kind.MATCH: 0}
_LARGEST_BP = 100_000


@dataclass(frozen=True, slots=True)
class Strategy:
    """One strategy. ``by_bp`` and ``by`` (halalas) move the price from ``against``: undercut down, premium and position
    up (position may be negative). ``markup_bp`` on the cost for cost-plus, ``price`` for a fixed price. It holds from
    ``starts`` to ``ends``, and in its ``season`` alone if it has one."""

    kind: Kind
    scope: Scope = EVERYTHING
    priority: int = 0
    against: Against = Against.MEDIAN
    rank: int = 1
    by_bp: int = 0
    by: int = 0
    markup_bp: int = 0
    price: int = 0
    starts: datetime | None = None
    ends: datetime | None = None
    season: Season | None = None

    @classmethod
    def of(cls, scoped: ScopedStrategy) -> Self:
        """The strategy that the published contract describes."""
        scope = scoped.scope
        return cls(
            kind=scoped.kind,
            scope=Scope(frozenset(scope.products), frozenset(scope.brands), frozenset(scope.categories)),
            priority=scoped.priority,
            against=scoped.against,
            rank=scoped.rank,
            by_bp=scoped.by_bp,
            by=scoped.by,
            markup_bp=scoped.markup_bp,
            price=scoped.price or 0,
            starts=scoped.starts_at,
            ends=scoped.ends_at,
            season=scoped.season,
        )

    def runs(self, now: datetime, zone: tzinfo) -> bool:
        """Whether its dates and its season include ``now`` in a store whose clocks are ``zone``'s."""
        started = self.starts is None or self.starts <= now
        ended = self.ends is not None and self.ends <= now
        return started and not ended and (self.season is None or is_on(self.season, now, zone))

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


def strategy_of(product: ProductInput, running: Sequence[Strategy]) -> Strategy:
    """The one of the strategies that run now which decides about the product."""
    fitting = [one for one in running if one.scope.covers(product)]
    return max(fitting, key=lambda one: (one.priority, one.scope.narrowness(product)), default=DEMAND)


def strategy_from(data: Any, place: str) -> Strategy:
    """A strategy from a JSON object.

    Raises:
        BadValue: not a strategy.
    """
    if not isinstance(data, Mapping):
        raise BadValue(f"{place} must be an object")
    try:
        kind = Kind(str(data.get("kind")).replace("-", "_"))
        against = Against(data.get("against", Against.MEDIAN))
    except ValueError as error:
        raise BadValue(f"{place}: {error}; kinds are {', '.join(Kind)}; against {', '.join(Against)}") from error
    made = Strategy(
        kind=kind,
        scope=scope_from(data.get("scope"), f"{place}.scope"),
        priority=whole(data.get("priority", 0), f"{place}.priority", -10_000, 10_000),
        against=against,
        rank=whole(data.get("rank", 1), f"{place}.rank", 1, 1_000),
        by_bp=whole(data.get("by_bp", 0), f"{place}.by_bp", -BP_ONE + 1, _LARGEST_BP),
        by=whole(data.get("by", 0), f"{place}.by", -HIGHEST_AMOUNT, HIGHEST_AMOUNT),
        markup_bp=whole(data.get("markup_bp", 0), f"{place}.markup_bp", 0, _LARGEST_BP),
        price=whole(data.get("price", 0), f"{place}.price", 0, HIGHEST_AMOUNT),
        starts=_moment(data.get("from"), f"{place}.from"),
        ends=_moment(data.get("until"), f"{place}.until"),
        season=_season(data.get("season"), f"{place}.season"),
    )
    if kind is Kind.FIXED and made.price == 0:
        raise BadValue(f"{place}: a fixed price needs a price")
    return made


def _moment(value: Any, name: str) -> datetime | None:
    return None if value is None else moment(value, name)


def _season(value: Any, name: str) -> Season | None:
    if value is None:
        return None
    try:
        return Season(str(value).replace("-", "_"))
    except ValueError as error:
        raise BadValue(f"{name} must be one of {', '.join(Season)}, not {shown(value)}") from error
