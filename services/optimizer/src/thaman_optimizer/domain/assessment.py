"""Advice of a crew on a run's items, and what it does to the facts that are judged. Pure.

Not to be confused with :mod:`thaman_optimizer.domain.advice`, which is what the pricing engine says. A crew's advice
only weakens evidence, raises risk or holds; prices are the engine's, limits are the merchant's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from types import MappingProxyType

from thaman_contracts.envelope import encode
from thaman_contracts.events.advice import AssessmentOutcome, ItemAdvice, MarketAssessed, OfferVerdict
from thaman_contracts.ids import item_key
from thaman_contracts.money import BP_ONE
from thaman_optimizer.domain.facts import ItemFacts, OfferFacts

RULES = "advice-1.0"
"""Names what advice does to a decision; raised with every change that could change one."""

WEAKENED_BP = 7_071
"""What is left of a weakened offer's confidence. An offer weighs by its confidence squared, so it weighs half."""


@dataclass(frozen=True)
class Assessment:
    """Advice on some items of one run, each once."""

    advice: tuple[ItemAdvice, ...] = ()

    @classmethod
    def of(cls, assessed: MarketAssessed | None) -> "Assessment":
        """The advice that a run recorded; none where it recorded none."""
        if assessed is None or assessed.outcome is not AssessmentOutcome.OK:
            return NO_ADVICE
        return cls(assessed.advice)

    @cached_property
    def by_item(self) -> Mapping[str, ItemAdvice]:
        """The advice by item key."""
        return MappingProxyType({one.key: one for one in self.advice})

    @cached_property
    def digest(self) -> str | None:
        """SHA-256 of the advice and the rules it is applied by; ``None`` where there is none."""
        if not self.advice:
            return None
        told = [one.model_dump(mode="json") for one in sorted(self.advice, key=lambda one: one.key)]
        return sha256(encode({"advice": told, "rules": RULES})).hexdigest()

    @cached_property
    def demand_bp(self) -> Mapping[str, int]:
        """By which factor the expected demand of items is scaled, by item key, in basis points."""
        return MappingProxyType({one.key: one.demand_factor_bp for one in self.advice if _scales(one)})

    def heard(self, item: ItemFacts) -> ItemFacts:
        """The item with the offers that the advice leaves of it; never more of them, never surer ones."""
        advice = self.by_item.get(item_key(item.product_id, item.variant_id))
        if advice is None or not advice.offers:
            return item
        verdicts = {one.url: one.verdict for one in advice.offers}
        kept = (_weighed(offer, verdicts.get(offer.url)) for offer in item.offers)
        return replace(item, offers=tuple(offer for offer in kept if offer is not None))


NO_ADVICE = Assessment()
"""Nobody was asked, or nothing was said."""


def _scales(advice: ItemAdvice) -> bool:
    return advice.demand_factor_bp != BP_ONE


def _weighed(offer: OfferFacts, verdict: OfferVerdict | None) -> OfferFacts | None:
    if verdict is None:
        return offer
    if verdict is OfferVerdict.DROP:
        return None
    return replace(offer, confidence_bp=offer.confidence_bp * WEAKENED_BP // BP_ONE)
