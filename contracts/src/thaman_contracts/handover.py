"""Hand-over files: what each agent of one pricing run handed over, for people and systems that read no events.

``thaman export run`` writes one file for each agent, from the audit's ledger alone. Their parts are the published
events, so that a field means in a file what it means on the bus. The rule of evolution is that of events, too: within
a ``schema_version`` only optional fields are added.
"""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from thaman_contracts.events.advice import MarketAssessed
from thaman_contracts.events.base import Part, UtcDatetime
from thaman_contracts.events.onboarding import StaleReason
from thaman_contracts.events.optimizer import (
    CompetitorLink,
    MarketScouted,
    Offer,
    PriceDecided,
    PriceHeld,
    PriceProposed,
    RunStatistics,
)
from thaman_contracts.events.scheduler import Trigger
from thaman_contracts.events.settings import AutomationMode
from thaman_contracts.ids import ProductId, StoreId, VariantId
from thaman_contracts.money import Halalas

Place = Annotated[int, Field(strict=True, ge=1, description="An entry's place in its store's chain, from 1.")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256, hexadecimal.")]


class RunStatus(StrEnum):
    """How far the run itself has come; what was proposed or decided may still be open after it."""

    REQUESTED = "requested"
    STARTED = "started"
    COMPLETED = "completed"
    FAILED = "failed"


class RunFailure(Part):
    """Why a run ended without a result; ``stage`` is scout, analyst or executor."""

    stage: str
    reason: str


class RunFrame(Part):
    """The run from its request to its end; what is not known (yet) is null."""

    status: RunStatus
    trigger: Trigger | None
    slot: UtcDatetime | None
    requested_by: str | None
    requested_at: UtcDatetime | None
    started_at: UtcDatetime | None
    ended_at: UtcDatetime | None
    items: int | None = Field(description="Items in the catalogue when the run began.")
    mode: AutomationMode | None
    settings_version: int | None
    engine_version: str | None


class LedgerRange(Part):
    """The entries of the store's chain in the audit's ledger that a file was made of: some between ``first`` and
    ``last``, both of them included."""

    first: Place
    last: Place
    entries: Annotated[int, Field(strict=True, ge=1, description="How many.")]
    last_hash: Digest = Field(description="The hash of entry `last`, as the chain has it.")


class HandOver(Part):
    """What all files say about themselves."""

    schema_version: Literal[1]
    store_id: StoreId
    run_id: UUID
    as_of: UtcDatetime = Field(
        description="When the ledger took in the last entry that the file was made of. The file was true then, whenever"
        " it was written: the same entries give the same bytes."
    )
    complete: bool = Field(
        description="Whether the file will not change any more: the run has ended and nothing in the file is open."
    )
    ledger: LedgerRange
    run: RunFrame


class EarlierOffer(Offer):
    """An offer that an earlier run had read, with that run."""

    run_id: UUID


class ItemLink(CompetitorLink):
    """A rival's page and the item it is held against."""

    product_id: ProductId
    variant_id: VariantId | None


class MarketIntelligence(HandOver):
    """Step 1, by the Scout: what rivals' pages said, and what agents advised on it."""

    step: Literal["market_intelligence"]
    scouted: MarketScouted | None = Field(description="The Scout's numbers; null until it handed over.")
    links: tuple[ItemLink, ...] | None = Field(
        description="The merchant's links when the Scout handed over; null until then."
    )
    offers: tuple[Offer, ...] = Field(description="Offers that this run read, each with what its page said.")
    earlier_offers: tuple[EarlierOffer, ...] | None = Field(
        description="Offers of earlier runs, 14 days back at most, that were still the last word on pages of `links`,"
        " because this run had no need to read these pages, or could not; null until the run has completed. Pages that"
        " were found by matching are not among them."
    )
    assessed: MarketAssessed | None = Field(
        description="Advice of LLM agents with its model, prompt digest, tokens, cost and latency, or why there is"
        " none; null where they are not asked."
    )


class ProposalState(StrEnum):
    """What became of a proposal. Only ``pending`` ever changes."""

    PENDING = "pending"
    DECIDED = "decided"
    REJECTED = "rejected"
    EXPIRED = "expired"


class ProposalOutcome(Part):
    """What became of a proposal, who said so and when."""

    state: ProposalState
    at: UtcDatetime | None = Field(description="When it was settled.")
    decision_id: UUID | None
    decided_by: str | None = Field(description="policy, or who approved")
    approved_by: str | None
    shown_digest: str | None = Field(description="The input digest of what the one who approved was looking at.")
    rejected_by: str | None
    reason: str | None = Field(description="Why it was rejected, or expired: time, inputs_changed or superseded.")


class Proposal(PriceProposed):
    """A proposal with what became of it."""

    outcome: ProposalOutcome


class PricingDecision(HandOver):
    """Step 2, by the Analyst: every item's new price or hold, with all that led to it."""

    step: Literal["pricing_decision"]
    proposals: tuple[Proposal, ...]
    holds: tuple[PriceHeld, ...]


class WriteState(StrEnum):
    """How far a decision's write has come. The first three change."""

    DUE = "due"
    WRITING = "writing"
    UNCERTAIN = "uncertain"
    APPLIED = "applied"
    FAILED = "failed"
    STALE = "stale"


class WriteAttempt(Part):
    """One call to Salla, from its recorded intent; base prices."""

    attempt: Annotated[int, Field(strict=True, ge=1)]
    call: str = Field(description="single, variant or bulk")
    started_at: UtcDatetime
    expected_base_price: Halalas
    target_base_price: Halalas
    uncertain_at: UtcDatetime | None = Field(description="When its outcome turned out to be unknown, if it did.")
    uncertain_reason: str | None


class ReadBack(Part):
    """What Salla was seen to show after the write."""

    at: UtcDatetime
    old_base_price: Halalas
    base_price: Halalas
    shelf_price: Halalas
    settled_by: str = Field(description="answer, read_back or webhook")


class WriteFailure(Part):
    """Why Salla was not brought to show the price."""

    at: UtcDatetime
    reason: str
    detail: str


class WriteStale(Part):
    """Which last-moment check stopped the write, so that nothing was written (any more)."""

    at: UtcDatetime
    reason: StaleReason
    detail: str
    found_base_price: Halalas | None


class DecisionReport(Part):
    """A decision and what was done to Salla because of it."""

    decision_id: UUID
    product_id: ProductId
    variant_id: VariantId | None
    state: WriteState
    corrected: bool = Field(description="An attempt's outcome was uncertain; it is known now, from reading Salla.")
    settled_at: UtcDatetime | None
    attempts: tuple[WriteAttempt, ...]
    read_back: ReadBack | None
    failed: WriteFailure | None
    stale: WriteStale | None
    decision: PriceDecided | None = Field(
        description="The decision as it was made; null while the ledger has heard of its write alone."
    )


class ExecutionReport(HandOver):
    """Step 3, by the Executor: every decision's writes, and how the run ended."""

    step: Literal["execution_report"]
    statistics: RunStatistics | None = Field(description="The run's numbers, where it completed.")
    failure: RunFailure | None = Field(description="Why it has none, where it failed.")
    decisions: tuple[DecisionReport, ...]


FILES: dict[str, type[HandOver]] = {
    "step_1_market_intelligence": MarketIntelligence,
    "step_2_pricing_decision": PricingDecision,
    "step_3_execution_report": ExecutionReport,
}
"""The files of a run by their names, without ``.json``."""
