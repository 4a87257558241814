"""Where a store's rivals are looked for, what was found, and which finds are the store's own products."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from thaman_contracts.events.base import EventData, OpenEnum, Part, UtcDatetime
from thaman_contracts.events.optimizer import Count, PageText
from thaman_contracts.ids import ProductId, VariantId, item_key
from thaman_contracts.money import BasisPoints

SourceId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="The merchant's name for it.")]


class SourceKind(OpenEnum):
    """How listings come in: a file with prices, a search engine, or a rival's own list of its pages."""

    FEED = "feed"
    SEARCH = "search"
    SITEMAP = "sitemap"


class ListingSource(Part):
    """One place to look for rivals' listings.

    ``url`` is a feed's address, or any address of the site whose sitemap is read; a search has none. ``competitor`` is
    what its offers are called where the source does not name a shop itself; by default the host.
    """

    source_id: SourceId
    kind: SourceKind
    url: str | None = Field(None, max_length=2_000)
    competitor: str | None = Field(None, max_length=200)
    active: bool = True


class ListingSourcesChanged(EventData, service="optimizer"):
    """Where the merchant wants rivals to be looked for; the list is whole and replaces the earlier one."""

    sources: tuple[ListingSource, ...] = Field(max_length=50)
    changed_by: str


class LookRequested(EventData, service="optimizer"):
    """Somebody asked to look into a source now."""

    source_id: SourceId
    look_id: UUID
    requested_by: str


class LookOutcome(OpenEnum):
    """How a look into a source ended."""

    READ = "read"
    PARTLY = "partly"
    FAILED = "failed"


class SourceLooked(EventData, service="optimizer"):
    """A look into a source ended; the listings that match own products came before it, as ``ListingsMatched``.

    ``listings`` could be read, ``skipped`` (rows of a feed, pages) could not; ``problems`` are the first reasons why,
    ``detail`` is why the whole look failed.
    """

    look_id: UUID
    source_id: SourceId
    outcome: LookOutcome
    listings: Count
    skipped: Count
    matched: Count
    requests: Count
    problems: tuple[PageText, ...] = Field((), max_length=20)
    detail: str | None = None
    began_at: UtcDatetime


class MatchKind(OpenEnum):
    """What a listing is to an own product."""

    EXACT = "exact"
    SIMILAR = "similar"
    NONE = "none"
    CONFLICT = "conflict"


class ListingMatch(Part):
    """What one listing is to one own product.

    ``automatic``: prices may move on it without a merchant's word. ``why`` are codes of the matcher. ``none`` and
    ``conflict`` are told only of a listing that was held to be the product before. ``digest`` is the SHA-256 of the
    page or the feed's row that was read.
    """

    match_id: UUID
    product_id: ProductId
    variant_id: VariantId | None = None
    competitor: str = Field(max_length=200)
    url: str = Field(max_length=2_000)
    title: PageText
    brand: PageText | None = None
    gtin: PageText | None = None
    model: PageText | None = None
    digest: str | None = Field(None, max_length=64)
    kind: MatchKind
    confidence_bp: BasisPoints
    automatic: bool
    why: tuple[str, ...]

    @property
    def key(self) -> str:
        """The item's key."""
        return item_key(self.product_id, self.variant_id)


class ListingsMatched(EventData, service="optimizer"):
    """Listings of one look that match own products; one event carries at most 200."""

    look_id: UUID
    source_id: SourceId
    matcher_version: str
    matches: tuple[ListingMatch, ...] = Field(max_length=200)


class MatchAnswer(Part):
    """Whether a listing is the product, as a person said. ``title`` is the listing's, as it was shown."""

    match_id: UUID
    product_id: ProductId
    variant_id: VariantId | None = None
    url: str = Field(max_length=2_000)
    title: PageText
    confirmed: bool

    @property
    def key(self) -> str:
        """The item's key."""
        return item_key(self.product_id, self.variant_id)


class MatchesAnswered(EventData, service="optimizer"):
    """A person confirmed or rejected matches; the last word on each holds, and teaches this store's matching alone."""

    answers: tuple[MatchAnswer, ...] = Field(max_length=500)
    answered_by: str
