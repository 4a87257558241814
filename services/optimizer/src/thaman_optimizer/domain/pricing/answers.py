"""What the engine makes of a batch, in columns: it learns, reads the market and decides."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from thaman_contracts.money import BP_ONE
from thaman_optimizer.domain.decision import Columns, DecisionPolicy, Decisions, Outlooks, decide, outlooks
from thaman_optimizer.domain.demand import DemandState, fit
from thaman_optimizer.domain.demand.detmath import log
from thaman_optimizer.domain.demand.panel import Ints
from thaman_optimizer.domain.demand.state import LEVEL
from thaman_optimizer.domain.localtime import RIYADH
from thaman_optimizer.domain.offers import Market, read_market
from thaman_optimizer.domain.pricing.columns import Targets, columns_of, costs_of, offers_of, targets_of
from thaman_optimizer.domain.pricing.groups import grouped
from thaman_optimizer.domain.pricing.panels import past_of, price_wars
from thaman_optimizer.domain.pricing.policy import PricingPolicy
from thaman_optimizer.domain.pricing.records import Offer, ProductInput
from thaman_optimizer.domain.pricing.strategies import Strategy, strategy_of
from thaman_optimizer.domain.rests import resting

ENOUGH_WEEKS = 4.0
"""Weeks in stock after which it says something that nothing was sold."""


@dataclass(frozen=True, slots=True)
class Answers:
    """The engine's answers to n products sorted by id, and what they were made from; one entry or row a product.

    ``rest`` names the time of rest that runs, ``None`` where prices may move.
    """

    products: Sequence[ProductInput]
    columns: Columns
    state: DemandState
    decisions: Decisions
    market: Market
    strategies: Sequence[Strategy]
    targets: Targets
    used: Sequence[tuple[Offer, ...]]
    rules: DecisionPolicy
    rest: str | None

    def outlooks(self, rows: Ints, prices: Ints) -> Outlooks:
        """What ``prices`` with VAT in halalas are expected to earn for the products in ``rows``, both (m,)."""
        return outlooks(self.columns.take(rows), self.state.take(rows), prices, self.rules)

    def knows(self, row: int) -> bool:
        """Whether the product ever sold, or stood on the shelf long enough, so that its outlook is no mere prior."""
        return bool(self.state.sales[row] > 0.0 or self.state.seen[row] >= ENOUGH_WEEKS)


def answer(products: Sequence[ProductInput], policy: PricingPolicy, now: datetime) -> Answers:
    """Answers to ``products``, which are sorted by id and a store's whole assortment."""
    cost = costs_of(products, policy)
    past = past_of(products, cost, now)
    offers, kept = offers_of(products, now)
    market = read_market(offers, past.own_median.astype(np.float64))
    running = [strategy for strategy in policy.strategies if strategy.runs(now, RIYADH)]
    strategies = [strategy_of(product, running) for product in products]
    groups, targets = grouped(products, strategies, targets_of(products, strategies, market, policy))
    braked = price_wars(past, products, market.reference)
    rest = resting(policy.season_rests, policy.date_rests, policy.sleep, now, RIYADH)
    columns = columns_of(products, cost, market, past, braked, targets, policy, now, resting=rest is not None)
    state, rules = _scaled(fit(past.panel), products), policy.decision()
    decisions = decide(columns, state, rules, groups=groups)
    used = _used(market, kept)
    return Answers(products, columns, state, decisions, market, strategies, targets, used, rules, rest)


def _scaled(state: DemandState, products: Sequence[ProductInput]) -> DemandState:
    """The state with the expected demand of products scaled as they say."""
    if all(product.demand_bp == BP_ONE for product in products):
        return state
    theta = state.theta.copy()
    theta[LEVEL] += log(np.array([product.demand_bp for product in products]) / float(BP_ONE))
    return replace(state, theta=theta)


def _used(market: Market, kept: Sequence[Offer]) -> list[tuple[Offer, ...]]:
    used: list[list[Offer]] = [[] for _ in market.reference]
    for product, offer in zip(market.kept_product.tolist(), market.kept_offer.tolist(), strict=True):
        used[product].append(kept[offer])
    return [tuple(sorted(offers)) for offers in used]
