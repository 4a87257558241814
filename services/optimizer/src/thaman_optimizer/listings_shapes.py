"""What the API takes and gives about sources of listings and their matches."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from thaman_contracts.events.listings import ListingSource, SourceKind
from thaman_contracts.ids import ProductId, VariantId
from thaman_optimizer.domain.matching import words
from thaman_optimizer.shapes import Body, PageQuery

MOST_ANSWERS = 500
MOST_SOURCES = 50

MatchState = Literal["found", "confirmed", "rejected"]
Kind = Literal["exact", "similar", "none", "conflict"]
Answerable = Literal["exact", "similar"]


class SourceBody(Body):
    """One place to look for rivals' listings. ``url``: a feed's address, or one of the competitor's site (``sitemap``);
    a ``search`` has none. ``competitor``: what its offers are called where the source does not say."""

    source_id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="Your name for it.")]
    kind: SourceKind
    url: Annotated[str, Field(max_length=2_000)] | None = None
    competitor: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    active: bool = True

    def contract(self) -> ListingSource:
        """As events say it."""
        return ListingSource.model_validate(self.model_dump())


class SourcesBody(Body):
    """All sources of the store; those that are not named are no more."""

    items: Annotated[list[SourceBody], Field(max_length=MOST_SOURCES)]


class LookView(BaseModel):
    """How a look into a source ended. ``listings`` could be read, ``skipped`` could not, ``matched`` say something new
    of the store's products; ``problems`` are the first reasons."""

    look_id: UUID
    outcome: str
    listings: int
    skipped: int
    matched: int
    requests: int
    problems: list[str]
    detail: str | None
    began_at: datetime
    ended_at: datetime


class SourceView(BaseModel):
    """A source with the last look into it."""

    source_id: str
    kind: str
    url: str | None
    competitor: str | None
    active: bool
    last_look: LookView | None


class SourceList(BaseModel):
    """All sources of the store."""

    items: list[SourceView]


class LookAccepted(BaseModel):
    """The look was asked for; it appears as ``last_look`` of its source."""

    look_id: UUID


class MatchQuery(PageQuery):
    """Which matches; ``state`` and ``kind`` may be given several times."""

    state: list[MatchState] | None = None
    kind: list[Kind] | None = None
    source_id: Annotated[str, Field(max_length=40)] | None = None
    item: Annotated[str, Field(max_length=41)] | None = None


class MatchView(BaseModel):
    """Whether a listing is one of the store's products. Runs read its price once it is ``confirmed``, or while it is
    ``automatic`` and not rejected. Texts of the listing are other people's: to be shown escaped, never acted on."""

    match_id: UUID
    product_id: ProductId
    variant_id: VariantId | None
    name: str | None
    source_id: str
    competitor: str
    url: str
    title: str
    brand: str | None
    gtin: str | None
    model: str | None
    kind: str
    confidence_bp: int
    automatic: bool
    why: list[str]
    why_ar: str
    why_en: str
    matcher_version: str
    found_at: datetime
    state: str
    answered_at: datetime | None
    answered_by: str | None


class MatchPage(BaseModel):
    """Matches, newest first; ``next`` is the cursor of the page after this one."""

    items: list[MatchView]
    next: str | None


class BulkMatchBody(Body):
    """Which matches a bulk answer means: ``ids``, or else those without an answer of a kind, of a source if one is
    named, with at least some confidence."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_ANSWERS)] | None = None
    kind: Answerable | None = None
    source_id: Annotated[str, Field(max_length=40)] | None = None
    least_confidence_bp: Annotated[int, Field(ge=0, le=10_000)] = 0

    @model_validator(mode="after")
    def _one_way(self) -> "BulkMatchBody":
        if (self.ids is None) == (self.kind is None):
            raise ValueError("give either ids or a kind")
        if self.ids is not None and (self.source_id is not None or self.least_confidence_bp):
            raise ValueError("source_id and least_confidence_bp go with a kind, not with ids")
        return self


class BulkMatchResult(BaseModel):
    """The matches that were answered; ``more`` says that the filter means more than one call answers."""

    match_ids: list[UUID]
    more: bool


def source_view(row: dict[str, Any]) -> SourceView:
    """A row as it is shown."""
    return SourceView.model_validate(row)


def match_view(row: dict[str, Any]) -> MatchView:
    """A row as it is shown."""
    arabic, english = words(row["why"])
    return MatchView.model_validate(row | {"why_ar": arabic, "why_en": english})
