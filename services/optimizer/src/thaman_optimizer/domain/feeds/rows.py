"""What a feed says, row by row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


class FeedUnreadable(Exception):
    """A feed of which no row can be read; the message says why, and what it should be like."""


@dataclass(frozen=True, slots=True)
class FeedRow:
    """An offer of a feed. ``price`` is in halalas; ``None`` is what the row does not say, or not clearly.

    ``number`` is the row's as a person counts: a CSV file's header is row 1, JSON begins with item 1. ``unpriced`` says
    why there is no price, and ``wrote_price`` whether the row has something there. ``said`` are the row's own words by
    the names of :class:`~thaman_contracts.events.optimizer.OfferEvidence`, ``digest`` is the SHA-256 of its fields.
    """

    number: int
    url: str
    title: str
    digest: str
    competitor: str | None = None
    brand: str | None = None
    gtin: str | None = None
    model: str | None = None
    price: int | None = None
    currency: str | None = None
    in_stock: bool | None = None
    with_vat: bool | None = None
    observed_at: datetime | None = None
    unpriced: str | None = None
    wrote_price: bool = False
    said: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that was left out; ``why`` names its number and field. ``url`` is there where the row's could be read."""

    number: int
    why: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed that was read; its rows and the skipped ones are all it has, but for ``beyond``, the rows too many."""

    rows: tuple[FeedRow, ...]
    skipped: tuple[Skipped, ...]
    beyond: int = 0
