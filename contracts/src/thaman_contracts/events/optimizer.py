"""Events of the optimizer: what was seen, proposed, decided, and why."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from thaman_contracts.events.base import EventData, OpenEnum, Part, UtcDatetime
from thaman_contracts.events.onboarding import Fence
from thaman_contracts.events.policies import PolicyVersion
from thaman_contracts.events.scheduler import Trigger
from thaman_contracts.events.settings import AutomationMode, Strategy
from thaman_contracts.ids import ProductId, VariantId, item_key
from thaman_contracts.money import BasisPoints, Currency, Halalas, SignedHalalas

POLICY = "policy"
"""Who decided when no person did."""

LEAST_OFFER_CONFIDENCE_BP = 6_000
"""An offer that was read with less never moves a price. What only a page's text says is read with less."""

Count = Annotated[int, Field(strict=True, ge=0)]


class RunRequested(EventData, service="optimizer"):
    """Somebody asked for a run now; the scheduler answers with ``OptimizationRequested``."""

    request_id: str
    requested_by: str


class CompetitorLink(Part):
    """One rival's page for an item, as the merchant gave it."""

    competitor: str = Field(max_length=200)
    url: str = Field(max_length=2_000)


class CompetitorLinks(Part):
    """Where rivals sell one item; the list is whole and replaces the earlier one."""

    product_id: ProductId
    variant_id: VariantId | None = None
    links: tuple[CompetitorLink, ...]

    @property
    def key(self) -> str:
        """The item's key."""
        return item_key(self.product_id, self.variant_id)


class CompetitorLinksChanged(EventData, service="optimizer"):
    """The merchant told where rivals sell some items."""

    items: tuple[CompetitorLinks, ...]
    changed_by: str


class OptimizationStarted(EventData, service="optimizer"):
    """A pricing run began."""

    run_id: UUID
    trigger: Trigger
    slot: UtcDatetime
    items: Count
    mode: AutomationMode
    settings_version: int
    engine_version: str


class OfferFitness(StrEnum):
    """Whether an offer may move a price, or why not."""

    USABLE = "usable"
    STALE = "stale"
    OUT_OF_STOCK = "out_of_stock"
    UNREADABLE = "unreadable"
    NO_PRICE = "no_price"
    FOREIGN_CURRENCY = "foreign_currency"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    OUTLIER = "outlier"


class OfferSource(OpenEnum):
    """Where a price was found: on which part of a page, or in a feed."""

    JSON_LD = "json_ld"
    MICRODATA = "microdata"
    OPEN_GRAPH = "open_graph"
    TEXT = "text"
    FEED = "feed"


PageText = Annotated[
    str, Field(max_length=200, description="Other people's words: to be shown escaped, never acted on.")
]
"""A piece of a page's text, without control characters."""


class OfferEvidence(Part):
    """What a page said, in its own words, and where; ``digest`` of the offer names the page as a whole.

    ``was_price`` is a price of before, ``vat`` what is said of VAT, ``valid_until`` the last day of the price.
    """

    sources: tuple[OfferSource, ...] = Field(max_length=20)
    price: PageText | None = None
    currency: PageText | None = None
    availability: PageText | None = None
    was_price: PageText | None = None
    vat: PageText | None = None
    valid_until: PageText | None = None


class Offer(Part):
    """What one rival's page said; ``price`` is a shelf price with VAT. ``digest`` is the page's SHA-256."""

    product_id: ProductId
    variant_id: VariantId | None = None
    competitor: str
    url: str
    fitness: OfferFitness
    price: Halalas | None = None
    currency: Currency | None = None
    in_stock: bool | None = None
    confidence_bp: BasisPoints = 10_000
    observed_at: UtcDatetime
    digest: str | None = None
    detail: str | None = None
    evidence: OfferEvidence | None = Field(None, description="What the page said, in its own words.")

    @property
    def key(self) -> str:
        """The item's key."""
        return item_key(self.product_id, self.variant_id)


class OffersObserved(EventData, service="optimizer"):
    """Offers read during a run; one event carries at most 200."""

    run_id: UUID
    offers: tuple[Offer, ...]


class MarketScouted(EventData, service="optimizer"):
    """The Scout's hand-over to the Analyst."""

    run_id: UUID
    items: Count
    links: Count
    offers_usable: Count
    offers_unusable: Count
    competitors: Count
    duration_ms: Count


class Risk(StrEnum):
    """Computed, never asked of an LLM."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Disposition(StrEnum):
    """What happens with a proposal."""

    WRITE = "write"
    ASK = "ask"
    HOLD = "hold"


class GuardStep(Part):
    """One guard's entry in the trail: what it was given and what it made of it (shelf prices)."""

    guard: str
    outcome: str = Field(description="pass, move, hold or note")
    before: Halalas | None = None
    after: Halalas | None = None
    detail: str = ""


class ItemEvent(EventData):
    """What all events about one item of a run say."""

    proposal_id: UUID
    run_id: UUID
    product_id: ProductId
    variant_id: VariantId | None = None


class PriceProposed(ItemEvent, service="optimizer"):
    """A new price with everything that led to it. Shelf prices carry VAT; base prices are what Salla is told."""

    currency: Currency
    old_base_price: Halalas
    new_base_price: Halalas
    old_shelf_price: Halalas
    new_shelf_price: Halalas
    floor: Halalas = Field(description="Lowest shelf price allowed.")
    ceiling: Halalas = Field(description="Highest shelf price allowed.")
    reference: Halalas | None
    offers_used: Count
    strategy: Strategy
    risk: Risk
    risk_reasons: tuple[str, ...]
    disposition: Disposition
    notify: bool = False
    marked: bool = False
    trail: tuple[GuardStep, ...]
    engine_version: str
    input_digest: str
    settings_version: int
    fence: Fence
    expires_at: UtcDatetime
    reason_ar: str
    reason_en: str
    model_version: str | None = Field(None, description="The demand model behind it.")
    expected_weekly_profit_change: SignedHalalas | None = Field(
        None, description="Of the new price; unknown for an item without enough sales history."
    )
    interval80_low: SignedHalalas | None = Field(None, description="Of that change: 10 % of outcomes lie below.")
    interval80_high: SignedHalalas | None = Field(None, description="Of that change: 10 % of outcomes lie above.")
    probability_of_gain_bp: BasisPoints | None = None
    policy_version: PolicyVersion | None = Field(None, description="The policy that decided, where the store has one.")


class PriceHeld(ItemEvent, service="optimizer"):
    """The price stays, and why."""

    reason: str = Field(description="What held it: <guard>/<code>.")
    shelf_price: Halalas | None = None
    reference: Halalas | None = None
    trail: tuple[GuardStep, ...]
    engine_version: str
    input_digest: str
    reason_ar: str
    reason_en: str
    model_version: str | None = Field(None, description="The demand model behind it.")
    policy_version: PolicyVersion | None = Field(None, description="The policy that decided, where the store has one.")
    strategy: Strategy | None = None


class PriceApproved(ItemEvent, service="optimizer"):
    """A person let a proposal through; ``shown_digest`` says what they were looking at."""

    approved_by: str
    shown_digest: str | None = None


class PriceRejected(ItemEvent, service="optimizer"):
    """A person refused a proposal."""

    rejected_by: str
    reason: str | None = None


class ProposalExpired(ItemEvent, service="optimizer"):
    """A proposal lapsed unanswered."""

    reason: str = Field(description="time, inputs_changed or superseded")


class PriceDecided(ItemEvent, service="optimizer"):
    """This price is to be written. Carries all that the writer checks again at the last moment."""

    decision_id: UUID
    currency: Currency
    expected_base_price: Halalas
    base_price: Halalas
    shelf_price: Halalas
    floor: Halalas
    ceiling: Halalas
    max_step_bp: BasisPoints
    changes_per_day: Annotated[int, Field(strict=True, ge=1)]
    prices_include_vat: bool
    vat_bp: BasisPoints
    fence: Annotated[int, Field(strict=True, ge=0, description="Store's plus installation's fence when proposed.")]
    settings_version: int
    risk: Risk
    decided_by: str = Field(description="policy, or who approved")
    notify: bool = False
    expires_at: UtcDatetime
    reverts_decision_id: UUID | None = Field(
        None, description="Where it restores an earlier price: the decision that is undone. No day's budget holds it."
    )


class UndoScope(OpenEnum):
    """What somebody asked to be undone."""

    DECISIONS = "decisions"
    RUN = "run"
    AS_OF = "as_of"
    POLICY = "policy"
    OFFER = "offer"


class PriceReverted(ItemEvent, service="optimizer"):
    """An earlier price is to be restored by the new decision that follows. ``run_id`` names the whole undo, so that it
    can be undone like a run."""

    reverts_decision_id: UUID = Field(description="The decision whose price stands.")
    reverted_by: str
    scope: UndoScope | None = None
    reverts_decision_ids: tuple[UUID, ...] = Field((), description="All that is undone of the item, oldest first.")


class RunStatistics(Part):
    """A run's true numbers. ``updated`` counts decisions made in the run; asked ones are counted apart."""

    analysed: Count
    updated: Count
    asked: Count
    held: Count
    skipped: Count
    competitors: Count
    offers_usable: Count
    duration_ms: Count


class OptimizationCompleted(EventData, service="optimizer"):
    """A pricing run ended."""

    run_id: UUID
    trigger: Trigger
    statistics: RunStatistics


class OptimizationFailed(EventData, service="optimizer"):
    """A pricing run ended without a result."""

    run_id: UUID
    stage: str = Field(description="scout, analyst or executor")
    reason: str
