"""The demand model's word on every item of a store: what a run asks the pricing engine, and how the answer is taken.

Asked once for the whole assortment, because items learn from each other. Pure; equal facts give equal advice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from thaman_contracts.events.optimizer import OfferFitness, Risk
from thaman_contracts.events.settings import AutomationMode, Ending, MarginBasis, StoreSettings, Strategy
from thaman_contracts.ids import item_key
from thaman_contracts.money import BP_ONE
from thaman_optimizer.domain import policy
from thaman_optimizer.domain.approval import not_priced
from thaman_optimizer.domain.decision import TOLERANCES, ending_named
from thaman_optimizer.domain.decision.endings import Ending as EngineEnding
from thaman_optimizer.domain.demand import MODEL_VERSION
from thaman_optimizer.domain.facts import ItemFacts, OfferFacts, StoreFacts
from thaman_optimizer.domain.floor import floor_of
from thaman_optimizer.domain.pricing import ENGINE, Batch, Offer, Priced, PricingPolicy, ProductInput, price
from thaman_optimizer.domain.pricing.records import HIGHEST_AMOUNT
from thaman_optimizer.domain.reference import Reference

_ENDINGS = {
    Ending.EXACT: ending_named("exact"),
    # The engine's own "whole" has halves below 20 riyals, which the rounding guard would move.
    Ending.WHOLE: EngineEnding("whole_riyal", 100, 0),
    Ending.POINT_95: ending_named("point_95"),
}
_RISKS = {"low": Risk.LOW, "medium": Risk.MEDIUM, "high": Risk.HIGH}

_WHY_HELD = ("locked", "out_of_stock", "dwell", "already_right", "small_gain", "unlikely_gain")
"""Codes that say why nothing is proposed, the most telling first."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What the engine says of one item.

    ``price`` is the shelf price it chose, the present one where it holds; ``codes`` its guards' codes; ``expected``
    with ``low`` and ``high`` the weekly profit change in halalas with its 80 % range; ``chance_bp`` of a gain.
    """

    proposes: bool
    price: int
    codes: tuple[str, ...]
    risk: Risk
    expected: int
    low: int
    high: int
    chance_bp: int
    reference: Reference

    @property
    def why_held(self) -> str:
        """The code that says best why the engine proposes nothing."""
        return next((code for code in _WHY_HELD if code in self.codes), "already_right")


@dataclass(frozen=True, slots=True)
class Advised:
    """Advice by item key, and the digest of all that it was made from; ``None`` where nobody was asked."""

    by_item: Mapping[str, Advice]
    digest: str | None


NOT_ASKED = Advised(MappingProxyType({}), None)


def engine_version(settings: StoreSettings) -> str:
    """Names all that a decision under these settings depends on besides its inputs."""
    return f"{policy.ENGINE_VERSION} {ENGINE}" if settings.strategy is Strategy.DEMAND else policy.ENGINE_VERSION


def model_version(settings: StoreSettings) -> str | None:
    """The demand model's version, where it is asked."""
    return MODEL_VERSION if settings.strategy is Strategy.DEMAND else None


def advise(store: StoreFacts, items: Iterable[ItemFacts], now: datetime) -> Advised:
    """Ask the engine about a store's items, whose past has to be loaded.

    Nobody is asked where the strategy is another, where no price of the store may move anyway, or where margin and
    fees reach the whole price: the guards hold all of those. Items that cannot be priced at all are left out, so that
    nothing is learned from their numbers.
    """
    settings = store.settings
    if settings.strategy is not Strategy.DEMAND or not_priced(store) or floor_of(1, store.vat_bp, settings) is None:
        return NOT_ASKED
    max_age = timedelta(minutes=settings.offer_max_age_minutes)
    products = {_key(item): _product(item, now, max_age) for item in items if _is_sound(store, item)}
    answers = price(Batch.of(tuple(products.values())), pricing_policy(store, now), now.astimezone(UTC))
    digest = answers[0].reasons["input_digest"] if answers else None
    return Advised({answer.product_id: _advice(answer) for answer in answers}, digest)


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
    )


def _is_sound(store: StoreFacts, item: ItemFacts) -> bool:
    return item.currency == store.currency and 0 < item.shelf_price <= HIGHEST_AMOUNT


def _product(item: ItemFacts, now: datetime, max_age: timedelta) -> ProductInput:
    past = item.past
    assert past is not None, "the past of an item has to be loaded before the demand model is asked"
    return ProductInput(
        product_id=_key(item),
        category=past.category,
        brand=past.brand,
        price=item.shelf_price,
        # A cost of zero is what Salla shows where none was typed.
        cost=item.cost if item.cost and item.cost <= HIGHEST_AMOUNT else None,
        stock=past.stock,
        last_change_at=None if past.changed_at is None else past.changed_at.astimezone(UTC),
        history=past.history,
        offers=tuple(_offer(offer) for offer in item.offers if _may_count(offer, now, max_age)),
    )


def _may_count(offer: OfferFacts, now: datetime, max_age: timedelta) -> bool:
    """Whether the engine sees an offer at all: the merchant's own limit of age holds for it, too."""
    usable = offer.fitness is OfferFitness.USABLE and offer.price is not None
    return usable and 0 < (offer.price or 0) <= HIGHEST_AMOUNT and now - offer.observed_at <= max_age


def _offer(offer: OfferFacts) -> Offer:
    assert offer.price is not None
    observed = offer.observed_at.astimezone(UTC)
    return Offer(offer.competitor, offer.price, observed, offer.in_stock is not False, offer.confidence_bp / BP_ONE)


def _advice(answer: Priced) -> Advice:
    reasons = answer.reasons
    used = len(reasons["offers_used"])
    return Advice(
        proposes=answer.action == "propose",
        price=answer.price,
        codes=tuple(reasons["codes"]),
        risk=_RISKS[answer.risk],
        expected=answer.expected_weekly_profit_change,
        low=answer.interval80[0],
        high=answer.interval80[1],
        chance_bp=round(answer.probability_of_gain * BP_ONE),
        reference=Reference(
            price=answer.reference,
            fit=reasons["offers_seen"],
            used=used,
            cut=max(0, reasons["offers_seen"] - used),
            weight_bp=round(reasons["reference_weight"] * BP_ONE),
        ),
    )


def _key(item: ItemFacts) -> str:
    return item_key(item.product_id, item.variant_id)
