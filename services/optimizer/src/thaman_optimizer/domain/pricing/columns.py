"""From products to the columns of offers and decisions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from thaman_contracts.events.settings import Strategy as Kind
from thaman_optimizer.domain.decision import Columns, draws, floor_prices, identity, impute_costs
from thaman_optimizer.domain.decision.columns import Flags
from thaman_optimizer.domain.demand.detmath import Floats
from thaman_optimizer.domain.offers import Market, OfferColumns, position_prices
from thaman_optimizer.domain.pricing.panels import Past
from thaman_optimizer.domain.pricing.policy import PricingPolicy
from thaman_optimizer.domain.pricing.records import Offer, ProductInput
from thaman_optimizer.domain.pricing.strategies import MARKET_KINDS, Strategy

_EPOCH_DAYS = 21
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Targets:
    """What strategies ask for: prices (NaN = demand decides), fixed and locked products, and those whose strategy
    found nothing to measure from; arrays of shape (n,)."""

    price: Floats
    fixed: Flags
    locked: Flags
    unfit: Flags


def costs_of(products: Sequence[ProductInput], policy: PricingPolicy) -> Floats:
    """Costs without VAT, NaN where unknown."""
    return np.array(
        [np.nan if product.cost is None else policy.without_vat(product.cost) for product in products], dtype=np.float64
    )


def offers_of(products: Sequence[ProductInput], now: datetime) -> tuple[OfferColumns, list[Offer]]:
    """Offer columns and the offers in their order: of each rival the newest, of equally new ones the cheapest."""
    kept: list[Offer] = []
    starts = [0]
    for product in products:
        newest: dict[str, Offer] = {}
        for offer in product.offers:
            known = newest.get(offer.competitor)
            if known is None or _preference(offer) < _preference(known):
                newest[offer.competitor] = offer
        kept.extend(newest[name] for name in sorted(newest))
        starts.append(len(kept))
    return (
        OfferColumns(
            starts=np.array(starts, dtype=np.int64),
            price=np.array([offer.price for offer in kept], dtype=np.int64),
            age_days=np.array([(now - offer.observed_at) / _DAY for offer in kept], dtype=np.float64),
            in_stock=np.array([offer.in_stock for offer in kept], dtype=np.int64),
            confidence_bp=np.array([round(offer.match_confidence * 10_000) for offer in kept], dtype=np.int64),
        ),
        kept,
    )


def _preference(offer: Offer) -> tuple[timedelta, bool, int, float]:
    age = datetime.max.replace(tzinfo=UTC) - offer.observed_at
    return age, not offer.in_stock, offer.price, -offer.match_confidence


def targets_of(
    products: Sequence[ProductInput], strategies: Sequence[Strategy], market: Market, policy: PricingPolicy
) -> Targets:
    """Target prices of every product's strategy."""
    count = len(products)
    price = np.full(count, np.nan)
    fixed, locked, unfit = (np.zeros(count, dtype=bool) for _ in range(3))
    positions: dict[tuple[str, int], Floats] = {}
    for row, (product, strategy) in enumerate(zip(products, strategies, strict=True)):
        if strategy.kind is Kind.DEMAND:
            continue
        wished = _wished(product, strategy, row, market, policy, positions)
        fixed[row] = strategy.kind is Kind.FIXED
        locked[row] = strategy.kind is Kind.LOCK
        unfit[row] = wished is None
        price[row] = product.price if wished is None else wished
    return Targets(price, fixed, locked, unfit)


def _wished(
    product: ProductInput,
    strategy: Strategy,
    row: int,
    market: Market,
    policy: PricingPolicy,
    positions: dict[tuple[str, int], Floats],
) -> int | None:
    """The price a strategy asks for, or ``None`` where it has nothing to measure from."""
    if strategy.kind is Kind.FIXED:
        return strategy.price
    if strategy.kind is Kind.COST_PLUS:
        if product.cost is None:
            return None
        return strategy.from_cost(policy.without_vat(product.cost), policy.vat_bp, policy.fee_bp)
    if strategy.kind not in MARKET_KINDS:
        return product.price
    key = (strategy.against, strategy.rank)
    if key not in positions:
        positions[key] = position_prices(market, strategy.against, strategy.rank)
    base = positions[key][row]
    return None if np.isnan(base) else strategy.from_market(int(base))


def columns_of(
    products: Sequence[ProductInput],
    cost: Floats,
    market: Market,
    past: Past,
    braked: Flags,
    targets: Targets,
    policy: PricingPolicy,
    now: datetime,
    *,
    resting: bool,
) -> Columns:
    """Decision columns of products sorted by id; ``resting``: a rest of the store runs."""
    price = np.array([product.price for product in products], dtype=np.int64)
    known = ~np.isnan(cost)
    floor = floor_prices(np.where(known, cost, 0.0).astype(np.int64), known, policy.decision())
    return Columns(
        price=price,
        cost=impute_costs(cost, price, past.panel.category, policy.vat_bp),
        cost_known=known,
        floor=floor,
        stock=_numbers(product.stock for product in products),
        weeks_left=_numbers(_weeks_left(product.season_end, now) for product in products),
        salvage=_numbers(
            None if product.salvage is None else policy.without_vat(product.salvage) for product in products
        ),
        days_since_change=np.array([_days_since(product.last_change_at, now) for product in products]),
        own_median=past.own_median,
        reference=market.reference,
        reference_weight=market.weight,
        braked=braked,
        locked=targets.locked,
        resting=np.full(len(products), resting),
        target=targets.price,
        fixed=targets.fixed,
        draw=draws(identity([product.product_id for product in products]), now.toordinal() // _EPOCH_DAYS),
        weeks_ahead=np.full(len(products), past.weeks_ahead),
    )


def _numbers(values: Iterable[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _weeks_left(season_end: date | datetime | None, now: datetime) -> float | None:
    if season_end is None:
        return None
    exact = isinstance(season_end, datetime)
    end = season_end if exact else datetime.combine(season_end, time(), tzinfo=UTC) + _DAY
    return max((end - now) / (7 * _DAY), 0.0)


def _days_since(changed: datetime | None, now: datetime) -> float:
    return np.inf if changed is None else max((now - changed) / _DAY, 0.0)
