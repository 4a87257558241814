"""The pricing engine's word on every item of a store: what a run asks it, and how the answer is taken.

Asked once for the whole assortment, because items learn from each other. Pure; equal facts give equal advice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import numpy as np

from thaman_contracts.events.optimizer import Risk
from thaman_contracts.events.policies import VariantPricing
from thaman_contracts.events.settings import AutomationMode, Ending, MarginBasis, StoreSettings, Strategy
from thaman_contracts.ids import item_key
from thaman_contracts.money import BP_ONE
from thaman_optimizer.domain import policy
from thaman_optimizer.domain.approval import not_priced
from thaman_optimizer.domain.decision import TOLERANCES, ending_named
from thaman_optimizer.domain.decision.endings import Ending as EngineEnding
from thaman_optimizer.domain.facts import ItemFacts, OfferFacts, StoreFacts
from thaman_optimizer.domain.floor import floor_of
from thaman_optimizer.domain.localtime import RIYADH
from thaman_optimizer.domain.pricing import (
    ENGINE,
    Answers,
    Offer,
    PricingPolicy,
    ProductInput,
    answer,
    codes_of,
    input_digest,
)
from thaman_optimizer.domain.pricing import Strategy as EngineStrategy
from thaman_optimizer.domain.pricing.records import HIGHEST_AMOUNT
from thaman_optimizer.domain.pricing.strategies import strategy_of
from thaman_optimizer.domain.reference import Reference

ENGINE_VERSION = f"{policy.GUARDS_VERSION} {ENGINE}"
"""Names all that a decision depends on besides its inputs."""

_ENDINGS = {
    Ending.EXACT: ending_named("exact"),
    # The engine's own "whole" has halves below 20 riyals, which the rounding guard would move.
    Ending.WHOLE: EngineEnding("whole_riyal", 100, 0),
    Ending.POINT_95: ending_named("point_95"),
}
_RISKS = (Risk.LOW, Risk.MEDIUM, Risk.HIGH)

_WHY_HELD = ("locked", "out_of_stock", "dwell", "group", "already_right", "small_gain", "unlikely_gain")
"""Codes that say why nothing is proposed, the most telling first."""

_STORE_WIDE = -(10**6)
"""The priority of the store's own strategy: below every scoped one."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What the engine says of one item.

    ``strategy`` is the one that decides about it. ``price`` is the shelf price that it asks for: the engine's own
    choice where demand decides (the present price where it ``proposes`` none), what a strategy works out otherwise,
    ``None`` where that finds nothing to measure from. ``codes`` are the engine's guards; its ``risk`` and the
    ``chance_bp`` of a gain are of its own choice.
    """

    strategy: Strategy
    price: int | None
    proposes: bool
    codes: tuple[str, ...]
    risk: Risk
    chance_bp: int
    reference: Reference

    @property
    def why_held(self) -> str:
        """The code that says best why the engine proposes nothing."""
        return next((code for code in _WHY_HELD if code in self.codes), "already_right")


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a price is expected to do: weekly profit change in halalas, its 80 % range, and the chance of a gain."""

    expected: int
    low: int
    high: int
    chance_bp: int


@dataclass(frozen=True, slots=True)
class Advised:
    """Advice by item key, and the digest of all that it was made from; ``None`` where nobody was asked."""

    by_item: Mapping[str, Advice]
    digest: str | None
    answers: Answers | None = None

    def outlooks(self, prices: Mapping[str, int]) -> dict[str, Outlook]:
        """The outlook of each item's shelf price in ``prices``; items of too little sales history have none."""
        answers = self.answers
        if answers is None:
            return {}
        places = {product.product_id: row for row, product in enumerate(answers.products)}
        keys = [key for key in sorted(prices) if key in places and answers.knows(places[key])]
        if not keys:
            return {}
        rows = np.array([places[key] for key in keys], dtype=np.int64)
        found = answers.outlooks(rows, np.array([prices[key] for key in keys], dtype=np.int64))
        columns = (np.rint(one).tolist() for one in (found.expected, found.low, found.high, found.probability * BP_ONE))
        return {key: Outlook(*map(int, row)) for key, row in zip(keys, zip(*columns, strict=True), strict=True)}


NOT_ASKED = Advised(MappingProxyType({}), None)


def advise(
    store: StoreFacts,
    items: Iterable[ItemFacts],
    now: datetime,
    demand_bp: Mapping[str, int] = MappingProxyType({}),
) -> Advised:
    """Ask the engine about a store's items, whose past has to be loaded.

    ``demand_bp`` scales the demand that is expected of items, by their keys (basis points).

    Nobody is asked where no price of the store may move anyway, or where margin and fees reach the whole price: the
    guards hold all of those. Items that cannot be priced at all are left out, so that nothing is learned from their
    numbers.
    """
    if not_priced(store) or floor_of(1, store.vat_bp, store.settings) is None:
        return NOT_ASKED
    max_age = timedelta(minutes=store.settings.offer_max_age_minutes)
    wanted, at = pricing_policy(store, now), now.astimezone(UTC)
    running = [one for one in wanted.strategies if one.runs(at, RIYADH)]
    sound = [item for item in items if _is_sound(store, item)]
    products = [_in_group(_product(item, now, max_age, demand_bp), group_of(store, item), running) for item in sound]
    if not products:
        return NOT_ASKED
    products.sort(key=lambda product: product.product_id)
    answers = answer(products, wanted, at)
    advice = {product.product_id: _advice(answers, row) for row, product in enumerate(products)}
    return Advised(MappingProxyType(advice), input_digest(products, wanted, at), answers)


def pricing_policy(store: StoreFacts, now: datetime) -> PricingPolicy:
    """The store's settings as the engine takes them; while the store is being watched nothing is moved to learn."""
    settings = store.settings
    watched = settings.watch_until is not None and now < settings.watch_until
    tolerance = settings.risk_tolerance.value
    return PricingPolicy(
        min_margin_bp=settings.min_margin_bp,
        markup=settings.margin_basis is MarginBasis.MARKUP,
        vat_bp=store.vat_bp,
        fee_bp=settings.fee_bp,
        risk_tolerance=tolerance,
        mode=AutomationMode.MANUAL if watched else settings.mode,
        max_step_bp=min(settings.max_step_bp, TOLERANCES[tolerance].step_bp),
        ending=_ENDINGS[settings.ending],
        strategies=(*_scoped(store), _store_wide(settings)),
    )


def _scoped(store: StoreFacts) -> tuple[EngineStrategy, ...]:
    return () if store.policy is None else tuple(EngineStrategy.of(one) for one in store.policy.policy.strategies)


def _store_wide(settings: StoreSettings) -> EngineStrategy:
    offset = settings.offset_bp if settings.strategy in (Strategy.UNDERCUT, Strategy.PREMIUM) else 0
    return EngineStrategy(settings.strategy, priority=_STORE_WIDE, by_bp=offset)


def _is_sound(store: StoreFacts, item: ItemFacts) -> bool:
    return item.currency == store.currency and 0 < item.shelf_price <= HIGHEST_AMOUNT


def _product(item: ItemFacts, now: datetime, max_age: timedelta, demand_bp: Mapping[str, int]) -> ProductInput:
    past = item.past
    assert past is not None, "the past of an item has to be loaded before the engine is asked"
    key = item_key(item.product_id, item.variant_id)
    return ProductInput(
        product_id=key,
        category=past.category,
        brand=past.brand,
        price=item.shelf_price,
        # A cost of zero is what Salla shows where none was typed.
        cost=item.cost if item.cost and item.cost <= HIGHEST_AMOUNT else None,
        stock=past.stock,
        season_end=item.season_ends_on,
        salvage=item.salvage,
        last_change_at=None if past.changed_at is None else past.changed_at.astimezone(UTC),
        history=past.history,
        offers=tuple(_offer(offer) for offer in item.offers if _may_count(offer, now, max_age)),
        demand_bp=demand_bp.get(key, BP_ONE),
    )


def _in_group(product: ProductInput, group: str | None, running: Sequence[EngineStrategy]) -> ProductInput:
    """The product as one of its group where demand decides; other strategies look at each variant's own rivals."""
    if group is None or strategy_of(product, running).kind is not Strategy.DEMAND:
        return product
    return replace(product, group=group)


def group_of(store: StoreFacts, item: ItemFacts) -> str | None:
    """The group that an item is priced with: a variant's is its product, unless the policy wants them apart."""
    apart = store.policy is not None and store.policy.policy.variants is VariantPricing.APART
    return None if item.variant_id is None or apart else item.product_id


def _may_count(offer: OfferFacts, now: datetime, max_age: timedelta) -> bool:
    """Whether the engine sees an offer at all: the merchant's own limit of age holds for it, too."""
    return offer.counts and 0 < (offer.price or 0) <= HIGHEST_AMOUNT and now - offer.observed_at <= max_age


def _offer(offer: OfferFacts) -> Offer:
    assert offer.price is not None
    observed = offer.observed_at.astimezone(UTC)
    return Offer(offer.competitor, offer.price, observed, offer.in_stock is not False, offer.confidence_bp / BP_ONE)


def _advice(answers: Answers, row: int) -> Advice:
    decisions, market, targets = answers.decisions, answers.market, answers.targets
    kind = answers.strategies[row].kind
    reference, used = market.reference[row], int(market.used[row])
    wished = decisions.price[row] if kind is Strategy.DEMAND else targets.price[row]
    return Advice(
        strategy=kind,
        price=None if targets.unfit[row] else int(wished),
        proposes=bool(decisions.propose[row]),
        codes=codes_of(answers, row),
        risk=_RISKS[int(decisions.risk[row])],
        chance_bp=round(float(decisions.probability[row]) * BP_ONE),
        reference=Reference(
            price=None if np.isnan(reference) else int(reference),
            fit=int(market.fit[row]),
            used=used,
            cut=int(market.fit[row]) - used,
            weight_bp=round(float(market.weight[row]) * BP_ONE),
        ),
    )
