"""What looking for rivals' listings needs from outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from thaman_contracts.events.listings import ListingSource, LookOutcome


@dataclass(frozen=True, slots=True)
class Wanted:
    """An own product that listings are looked for. All but the title may be unknown."""

    item_key: str
    title: str
    brand: str | None
    gtin: str | None
    model: str | None


@dataclass(frozen=True, slots=True)
class Listing:
    """What a rival offers at an address: what it is, not what it costs. ``digest`` is of the page or the feed's row."""

    competitor: str
    url: str
    title: str
    brand: str | None = None
    gtin: str | None = None
    model: str | None = None
    digest: str | None = None


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
     ``problems`` are the first 20 reasons. ``requests`` counts what was sent out. ``pages``: what to remember of pages
    . ``searched``: the keys of the products that were searched for.
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
