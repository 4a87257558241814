"""Why a price was what it was, as the audit answers; fields that a newer audit adds are passed over."""

from uuid import UUID

from thaman_contracts.events.base import Part, UtcDatetime
from thaman_contracts.events.optimizer import Offer
from thaman_contracts.handover import DecisionReport, Proposal, RunFrame


class WhyPrice(Part):
    """A price of the item and how it came to stand; halalas."""

    base_price: int
    shelf_price: int | None
    old_base_price: int | None
    since: UtcDatetime
    how: str
    who: str | None
    decision_id: UUID | None


class WhySeen(Part):
    """The item as Salla's catalogue showed it; ``cost`` is without VAT."""

    at: UtcDatetime
    source: str
    status: str
    currency: str
    base_price: int
    shelf_price: int
    cost: int | None
    stock: int | None
    unlimited: bool


class WhyApproval(Part):
    """Who said yes, and whether they were looking at this very proposal."""

    by: str
    at: UtcDatetime
    shown_this: bool | None


class WhyReverts(Part):
    """Somebody asked that an earlier price be restored."""

    at: UtcDatetime
    by: str


class WhyOffer(Offer):
    """An offer that the run knew of."""

    earlier: bool
    verdict: str | None


class WhyCause(Part):
    """What led to a price that Thaman wrote; unknown parts are ``None``."""

    write: DecisionReport
    approval: WhyApproval | None
    proposal: Proposal | None
    reverts: WhyReverts | None
    offers: tuple[WhyOffer, ...]
    run: RunFrame | None


class WhySource(Part):
    """An entry of the store's chain that the answer was made of."""

    seq: int
    name: str
    at: UtcDatetime
    hash: str


class Why(Part):
    """The whole answer; ``price`` is ``None`` before the record has one."""

    at: UtcDatetime
    first_seen_at: UtcDatetime
    price: WhyPrice | None
    cause: WhyCause | None
    seen: WhySeen | None
    after: WhyPrice | None
    gone_at: UtcDatetime | None
    sources: tuple[WhySource, ...]
    told_ar: tuple[str, ...]
    told_en: tuple[str, ...]
