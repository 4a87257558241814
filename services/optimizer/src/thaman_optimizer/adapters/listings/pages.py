"""Reads what a page's product is, for looks that go from page to page. What goes wrong with one page costs it alone."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import httpx

from thaman_kit.clock import Clock
from thaman_kit.logging import get_logger
from thaman_optimizer.adapters.listings.findings import MOST_NAME, Findings
from thaman_optimizer.adapters.web.fetching import Page
from thaman_optimizer.adapters.web.session import Session, Terms, conditions_of
from thaman_optimizer.domain.addresses import shop_of
from thaman_optimizer.domain.reading import read_identity
from thaman_optimizer.errors import PageError, PageRefused, PageUnreachable, SiteRests
from thaman_optimizer.listing_ports import Listing, PageMemory

log = get_logger(__name__)

_TERMS = Terms(rests=True)
_GONE = (httpx.codes.NOT_FOUND, httpx.codes.GONE)
_LONGEST_VALIDATOR = 1_000


class ListingPages:
    """Asks for the pages of one look, and puts what they are into its findings."""

    def __init__(
        self, session: Session, found: Findings, known: Mapping[str, PageMemory], clock: Clock, competitor: str | None
    ) -> None:
        """``competitor`` is what the listings' shop is called; ``None`` for the host of each."""
        self._session = session
        self._found = found
        self._known = known
        self._clock = clock
        self._competitor = competitor

    async def ask(self, url: str) -> None:
        """Ask for one page, unless its site has had enough of us."""
        try:
            self._found.remember(await self._page(url, self._known.get(url)))
        except SiteRests as error:
            self._found.cut(str(error))
        except PageError as error:
            self._not_read(url, str(error))
        except Exception as error:
            log.exception("page_broke_the_look", url=url[:200])
            self._not_read(url, f"it could not be read ({type(error).__name__})")

    async def _page(self, url: str, known: PageMemory | None) -> PageMemory:
        conditions = None if known is None else conditions_of(known.etag, known.last_modified)
        answer = await self._session.answer(url, conditions, _TERMS)
        now = self._clock.now()
        if answer.status == httpx.codes.NOT_MODIFIED and known is not None:
            return replace(known, fetched_at=now)
        if answer.status in _GONE:
            self._found.skip(f"{url}: the page answers {answer.status}")
            return PageMemory(url, None, None, None, now)
        if answer.status != httpx.codes.OK:
            raise PageUnreachable(f"the page answers {answer.status}")
        if shop_of(answer.url) != shop_of(url):
            raise PageRefused("it redirects to another site")
        # Parsing a large page takes a while; the loop has leases to keep.
        identity = await asyncio.to_thread(read_identity, answer.text)
        listing = None
        if identity is not None:
            listing = Listing(
                (self._competitor or shop_of(url))[:MOST_NAME],
                url,
                identity.title,
                identity.brand,
                identity.gtin,
                identity.model,
                answer.digest,
            )
        return PageMemory(url, *_validators(answer), listing, now)

    def _not_read(self, url: str, why: str) -> None:
        self._found.skip(f"{url}: {why}")
        known = self._known.get(url)
        # What it was holds on, but other pages have their turn before it.
        now = self._clock.now()
        self._found.remember(
            PageMemory(url, None, None, None, now) if known is None else replace(known, fetched_at=now)
        )


def _validators(page: Page) -> tuple[str | None, str | None]:
    etag, modified = (
        value if value is not None and len(value) <= _LONGEST_VALIDATOR else None
        for value in (page.etag, page.last_modified)
    )
    return etag, modified
