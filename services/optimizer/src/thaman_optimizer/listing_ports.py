"""What looking for rivals' listings needs from outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from thaman_contracts.events.listings import ListingSource, LookOutcome, MatchAnswer
from thaman_kit.application import UnitOfWork
from thaman_optimizer.domain.listings import KnownMatch, Listing, OwnItem

__all__ = ["Hit", "Listing", "ListingMemory", "Look", "Looker", "PageMemory", "SearchProvider", "Wanted"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """An own product that listings are looked for. All but the title may be unknown.

    ``url`` is an address of the own store: a search leaves that shop's pages out.
    """

    item_key: str
    title: str
    brand: str | None
    gtin: str | None
    model: str | None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class PageMemory:
    """What is remembered of a page that was looked into, so that it need not be sent again while it is the same.

    ``listing`` is ``None`` for a page that is no product's, or could not be read.
    """

    url: str
    etag: str | None
    last_modified: str | None
    listing: Listing | None
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """What a look into a source found.

    ``listings``: all that is known of the source now. ``skipped`` counts rows and pages that could not be read,
    ``problems`` are the first 20 reasons. ``requests`` counts what was sent out. ``pages``: what to remember of pages.
    ``searched``: the keys of the products that were searched for.
    ``detail`` says why the outcome is ``failed``.
    """

    outcome: LookOutcome
    listings: tuple[Listing, ...] = ()
    skipped: int = 0
    problems: tuple[str, ...] = ()
    requests: int = 0
    pages: tuple[PageMemory, ...] = ()
    searched: tuple[str, ...] = ()
    detail: str | None = None


class Looker(Protocol):
    """Looks into a source of listings. What goes wrong is an answer, never an exception."""

    async def look(self, source: ListingSource, wanted: Sequence[Wanted], known: Mapping[str, PageMemory]) -> Look:
        """Look once. ``wanted`` are own products, those longest not searched for first; ``known`` is the memory of the
        source's pages by address."""
        ...


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer of a search engine: an address and what the engine says of it."""

    url: str
    title: str
    text: str = ""


class SearchProvider(Protocol):
    """A search engine."""

    name: str

    async def search(self, query: str, most: int) -> list[Hit]:
        """The best ``most`` hits.

        Raises:
            SearchFailed: no answer, a refusal, or an answer that is not understood; the message says which.
        """
        ...


class ListingMemory(Protocol):
    """Sources, looks and matches as they are stored now. Blocking."""

    def sources(self, store_id: str) -> list[ListingSource]:
        """The store's sources."""
        ...

    def source(self, store_id: str, source_id: str) -> ListingSource | None:
        """One source of the store."""
        ...

    def due(self, since: datetime) -> list[tuple[str, str]]:
        """Store and source of what nobody looked into since an instant, of stores that can be priced."""
        ...

    def has_ended(self, look_id: UUID) -> bool:
        """Whether the look has ended."""
        ...

    def own_items(self, store_id: str, source_id: str) -> list[OwnItem]:
        """The store's priced things, those longest not searched for in the source first."""
        ...

    def domain(self, store_id: str) -> str | None:
        """Where the store itself is on the web."""
        ...

    def known_matches(self, store_id: str) -> list[KnownMatch]:
        """All matches of the store as they were judged last."""
        ...

    def pages(self, store_id: str, source_id: str) -> dict[str, PageMemory]:
        """What is remembered of the source's pages, by address."""
        ...

    def remember(self, unit: UnitOfWork, store_id: str, source_id: str, look: Look, now: datetime) -> None:
        """Keep what a look saw of pages, and what it searched for."""
        ...

    def questions(self, store_id: str, ids: Sequence[UUID]) -> list[MatchAnswer]:
        """Those of ``ids`` that are the store's matches, as they are now: confirmed or not."""
        ...

    def meant(self, store_id: str, kind: str | None, source_id: str | None, least_bp: int, limit: int) -> list[UUID]:
        """The store's matches without an answer, of a kind and source, with a least confidence; oldest first."""
        ...
