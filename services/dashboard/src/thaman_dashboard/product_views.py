"""What the pages of products show besides the read models' rows. Prices are halalas."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from thaman_dashboard.views import OfferView


@dataclass(frozen=True, slots=True)
class HoldMark:
    """A run held the price for another reason than the run before."""

    at: datetime
    run_id: UUID
    reason: str
    reason_ar: str
    reason_en: str


class MarkKind(StrEnum):
    """What happened to a price."""

    APPROVED = "approved"
    UNDO = "undo"
    HAND_EDIT = "hand_edit"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened to a price; ``price`` is the shelf price that it set or met, where that is known."""

    at: datetime
    kind: MarkKind
    price: int | None
    who: str | None = None
    said_ar: str | None = None
    said_en: str | None = None


class Use(StrEnum):
    """Whether what a link's page said last counts, or why not; other fitness codes say the rest."""

    COUNTS = "counts"
    UNREAD = "unread"
    TOO_OLD = "too_old"
    UNSURE = "unsure"
    UNFIT = "unfit"


@dataclass(frozen=True, slots=True)
class RivalLink:
    """A rival's page for an item, with what it said last; ``offer`` is ``None`` until it was read."""

    competitor: str
    url: str
    offer: OfferView | None
    use: Use


@dataclass(frozen=True, slots=True)
class MatchView:
    """A listing that may be the item. Its texts are other people's."""

    match_id: UUID
    item_key: str
    name: str | None
    competitor: str
    url: str
    title: str
    brand: str | None
    gtin: str | None
    model: str | None
    kind: str
    confidence_bp: int
    automatic: bool
    why_ar: str
    why_en: str
    found_at: datetime
    state: str
    answered_at: datetime | None
    answered_by: str | None
