"""The answer, for machines: halalas, basis points, UTC, and null for unknown, never zero.

Its parts are the published events and the parts of hand-over files, so a field means what it means there.
"""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from thaman_contracts.events.advice import AssessmentOutcome, AssessmentReason, ItemAdvice, OfferVerdict
from thaman_contracts.events.base import Part, UtcDatetime
from thaman_contracts.events.onboarding import ItemStatus, ObservationSource
from thaman_contracts.events.optimizer import Offer
from thaman_contracts.handover import DecisionReport, Digest, Place, Proposal, RunFrame, WriteState
from thaman_contracts.ids import ProductId, StoreId, VariantId
from thaman_contracts.money import Currency, Halalas


class How(StrEnum):
    """How a price came to stand."""

    DECISION = "decision"
    MANUAL_EDIT = "manual_edit"
    OBSERVED = "observed"
    FIRST_SEEN = "first_seen"


class WhyStatus(StrEnum):
    """Whether the record knows of a price at the instant."""

    KNOWN = "known"
    BEFORE_FIRST_SEEN = "before_first_seen"


class Price(Part):
    """A price of the item and how it came to stand."""

    base_price: Halalas = Field(description="In the store's own VAT basis.")
    shelf_price: Halalas | None = Field(description="With VAT, as last seen with this base price.")
    old_base_price: Halalas | None = Field(description="What stood before it.")
    since: UtcDatetime = Field(description="From when on the record has it.")
    how: How = Field(
        description="decision: written by Thaman and read back; manual_edit: somebody edited it in Salla; observed:"
        " Salla showed it, nobody knows who set it; first_seen: it stood when Thaman first looked."
    )
    who: str | None = Field(description="policy, or who approved; null where Thaman did not set it.")
    found_by: str | None = Field(description="What found a hand edit: webhook, sweep, before_write or read_back.")
    decision_id: UUID | None
    run_id: UUID | None


class EarlierWrite(Part):
    """An earlier write of the same base price, which somebody has put back."""

    at: UtcDatetime
    decision_id: UUID
    run_id: UUID | None


class Seen(Part):
    """The item as Salla's catalogue showed it; ``cost`` is without VAT."""

    at: UtcDatetime
    source: ObservationSource
    name: str
    status: ItemStatus
    currency: Currency
    base_price: Halalas
    shelf_price: Halalas
    sale_price: Halalas | None
    sale_running: bool
    cost: Halalas | None
    stock: int | None
    unlimited: bool


class Approval(Part):
    """Who said yes, when, and to what."""

    by: str
    at: UtcDatetime
    shown_digest: str | None = Field(description="The input digest of what was looked at; null where it was not told.")
    shown_this: bool | None = Field(description="Whether that is the proposal's own.")


class Reverts(Part):
    """Somebody asked that an earlier price be restored."""

    at: UtcDatetime
    by: str
    reverts_decision_id: UUID


class KnownOffer(Offer):
    """An offer that the run knew of the item."""

    run_id: UUID = Field(description="The run that read it.")
    earlier: bool = Field(description="Read by an earlier run, and still the last word on its page.")
    verdict: OfferVerdict | None = Field(description="What agents advised about it.")


class Advised(Part):
    """What a crew of agents was asked in the run, and what it advised on this item."""

    at: UtcDatetime
    outcome: AssessmentOutcome
    reason: AssessmentReason | None
    model: str
    prompt_version: str
    prompt_digest: str
    summary_ar: str
    summary_en: str
    item: ItemAdvice | None


class Cause(Part):
    """The causes of a price that Thaman wrote. What the ledger has not heard of is null."""

    write: DecisionReport
    approval: Approval | None
    proposal: Proposal | None
    reverts: Reverts | None
    advice: Advised | None = Field(description="Null where no agents were asked.")
    offers: tuple[KnownOffer, ...] = Field(
        description="Offers read by the run, and earlier ones on pages that the merchant linked; the proposal's"
        " `offers_used` says how many counted."
    )
    run: RunFrame | None


class OpenWrite(Part):
    """A price that was decided and not settled at the instant, so that Salla may have shown it already."""

    state: WriteState = Field(description="At the instant: due, writing or uncertain.")
    write: DecisionReport = Field(description="As it is known now.")


class Source(Part):
    """An entry of the store's chain that the answer was made of."""

    seq: Place
    name: str
    at: UtcDatetime
    hash: Digest


class Why(Part):
    """Why an item's price was what it was."""

    store_id: StoreId
    item: str
    product_id: ProductId
    variant_id: VariantId | None
    at: UtcDatetime = Field(description="The instant asked about.")
    status: WhyStatus
    first_seen_at: UtcDatetime = Field(description="When the record first has a price of the item.")
    price: Price | None
    put_back: EarlierWrite | None = Field(
        description="Of a price that Salla showed and nobody wrote: Thaman's own earlier write of it, if there was one."
    )
    cause: Cause | None = Field(description="Null for a price that Thaman did not write.")
    seen: Seen | None = Field(description="The catalogue that the decision, or else the price, stood on.")
    open: tuple[OpenWrite, ...]
    after: Price | None = Field(description="The price that took its place; null while it stands.")
    reverted: Reverts | None = Field(description="A request to take this price back.")
    gone_at: UtcDatetime | None = Field(description="When Salla no longer had the item, unless it came back.")
    sources: tuple[Source, ...]
    told_ar: Annotated[tuple[str, ...], Field(description="The same in words.")] = ()
    told_en: tuple[str, ...] = ()
