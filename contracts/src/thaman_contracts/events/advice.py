"""What a crew of LLM agents said of a store's market: advice, never a price."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from thaman_contracts.events.base import EventData, OpenEnum, Part, UtcDatetime
from thaman_contracts.events.optimizer import Count, Risk
from thaman_contracts.ids import ProductId, VariantId, item_key
from thaman_contracts.money import BP_ONE

LEAST_DEMAND_BP = 8_000
MOST_DEMAND_BP = 12_500
"""How far advice may scale expected demand: from 0.8 to 1.25 of it."""

LONGEST_ADVICE = timedelta(days=14)
"""Advice about demand ends by then at the latest."""


class OfferVerdict(StrEnum):
    """What becomes of an offer: left out, or of half the weight."""

    DROP = "drop"
    WEAKEN = "weaken"


class AdviceWhy(OpenEnum):
    """Why advice was given, in the agents' own choice of these words."""

    MISREAD = "misread"
    OTHER_PRODUCT = "other_product"
    OTHER_PACK = "other_pack"
    BAIT = "bait"
    SEASON = "season"
    EVENT = "event"
    THIN_MARKET = "thin_market"
    CONFLICT = "conflict"
    OTHER = "other"


class OfferAdvice(Part):
    """One offer, named by its page's address, that counts less or not at all."""

    url: str
    verdict: OfferVerdict


class ItemAdvice(Part):
    """Advice about one item. None of it can set a price, lower a risk, or move a limit."""

    product_id: ProductId
    variant_id: VariantId | None = None
    offers: tuple[OfferAdvice, ...] = ()
    demand_factor_bp: Annotated[int, Field(strict=True, ge=LEAST_DEMAND_BP, le=MOST_DEMAND_BP)] = Field(
        BP_ONE, description="Expected demand is scaled by it: 10,000 leaves it."
    )
    demand_until: UtcDatetime | None = Field(None, description="When the factor ends, where there is one.")
    least_risk: Risk | None = Field(None, description="The risk is at least this.")
    hold: bool = Field(False, description="The price should stay as it is.")
    why: AdviceWhy = AdviceWhy.OTHER

    @property
    def key(self) -> str:
        """The item's key."""
        return item_key(self.product_id, self.variant_id)


class AssessmentOutcome(StrEnum):
    """Whether there is advice: given, not come, or not asked for."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


class AssessmentReason(OpenEnum):
    """Why there is no advice. Those of ``skipped`` come first."""

    NO_CREW = "no_crew"
    NOTHING_TO_ASK = "nothing_to_ask"
    STORE_NOT_PRICED = "store_not_priced"
    DAY_BUDGET = "day_budget"
    BREAKER_OPEN = "breaker_open"
    RUN_BUDGET = "run_budget"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    ENDPOINT_REFUSED = "endpoint_refused"
    MODEL_REFUSED = "model_refused"
    MALFORMED = "malformed"
    CREW_BROKE = "crew_broke"


class MarketAssessed(EventData, service="optimizer"):
    """Advice on a run's items, or why there is none; recorded so that replay never asks an LLM.

    ``model``, ``prompt_version`` and ``prompt_digest`` are empty where nobody was asked. ``prompt_digest`` is the
    SHA-256 of the prompt's version and of all that the agents were shown.
    """

    run_id: UUID
    model: str
    prompt_digest: str
    input_tokens: Count
    output_tokens: Count
    cost_micro_usd: Count
    latency_ms: Count
    summary_ar: str
    summary_en: str
    outcome: AssessmentOutcome = AssessmentOutcome.OK
    reason: AssessmentReason | None = Field(None, description="Why there is no advice.")
    prompt_version: str = ""
    estimated: bool = Field(
        False, description="Some calls ended without a word of what they used; the most they can have used is counted."
    )
    items_shown: Count = Field(0, description="How many items the agents were shown.")
    ignored: Count = Field(0, description="How many things in the answer were outside what may be advised.")
    advice: tuple[ItemAdvice, ...] = ()
