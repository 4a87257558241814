"""The queue of proposals and the answers to them, as the pages show them. Money is halalas, shares are basis points."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from thaman_dashboard.views import OfferView, ProposalView, Role


class AnswerState(StrEnum):
    """How far an answer is; ``None`` in its place is an earlier release's, which told the owner at once."""

    WAITING = "waiting"
    SENDING = "sending"
    DONE = "done"
    REFUSED = "refused"
    TAKEN_BACK = "taken_back"


class QueueOrder(StrEnum):
    """What comes first: what lapses soonest, or what changes a price most."""

    EXPIRY = "expiry"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which proposals are wanted; ``None`` is all."""

    search: str | None = None
    risk: str | None = None
    brand: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A proposal that somebody has to answer, with what is weighed against it.

    ``cost`` is without VAT. ``offers`` are the cheapest usable ones of rivals.
    """

    proposal: ProposalView
    cost: int | None
    brand: str | None
    category: str | None
    offers: tuple[OfferView, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueShape:
    """How many proposals fit a filter, and which brands and categories wait at all."""

    count: int
    brands: tuple[str, ...]
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """One person's answer to one proposal: from which session, what was on the screen, and how far it is."""

    store_id: str
    proposal_id: UUID
    approved: bool
    shown_digest: str
    session_hash: bytes
    role: Role
    at: datetime
    batch: UUID | None = None
    reason: str | None = None
    state: AnswerState | None = None
    due_at: datetime | None = None
    tries: int = 0
    settled_at: datetime | None = None
    refusal: str | None = None
    person_name: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of an answer that is kept: the proposals that it waits for, and the others with a refusal's code."""

    batch: UUID
    ids: tuple[UUID, ...]
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """Answers given together that the owner does not know of yet; ``sending`` of them cannot be taken back any more."""

    batch: UUID
    approved: bool
    count: int
    sending: int
    due_at: datetime
    names: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class RefusedAnswer:
    """An answer that the owner refused after the page had gone."""

    proposal_id: UUID
    item_key: str | None
    item_name: str | None
    approved: bool
    refusal: str
    at: datetime
