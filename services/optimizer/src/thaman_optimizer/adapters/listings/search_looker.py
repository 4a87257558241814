"""Looks with a search engine: who else sells the store's products. Only what the pages themselves say is a listing."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence

from thaman_contracts.events.listings import ListingSource
from thaman_kit.clock import Clock
from thaman_optimizer.adapters.listings.findings import Findings, GivenUp
from thaman_optimizer.adapters.listings.pages import ListingPages
from thaman_optimizer.adapters.web.session import Session
from thaman_optimizer.domain.addresses import is_web_address, shop_of
from thaman_optimizer.domain.plain_text import harmless
from thaman_optimizer.errors import SearchFailed, SearchRefused
from thaman_optimizer.listing_ports import Hit, PageMemory, SearchProvider, Wanted

MOST_HITS = 5
"""Pages that are read for one product."""

_FAILURES = 3
"""After so many queries in a row without an answer the engine is left alone until the next look."""

_MOST_LETTERS = 200
_OPERATORS = re.compile(r"[\"“”«»()\[\]{}|~*:]|(?<!\S)[-+]+")
"""What search engines take for orders: quotes, ``site:``, a minus before a word."""


class SearchLooker:
    """One query for each product, and at most ``pages`` pages a look."""

    def __init__(self, provider: SearchProvider, pages: int, clock: Clock) -> None:
        self._provider = provider
        self._most = pages
        self._clock = clock

    async def look(
        self,
        source: ListingSource,
        wanted: Sequence[Wanted],
        known: Mapping[str, PageMemory],
        session: Session,
        found: Findings,
    ) -> None:
        """Put what is found of the ``wanted`` products into ``found``.

        Raises:
            GivenUp: the engine refuses, or keeps failing; what was found before is in ``found``.
        """
        found.begin_with(known)
        pages = ListingPages(session, found, known, self._clock, competitor=None)
        async with asyncio.TaskGroup() as group:
            why = await self._ask_all(wanted, found, lambda url: group.create_task(pages.ask(url)))
        if why is not None:
            raise GivenUp(why)

    async def _ask_all(self, wanted: Sequence[Wanted], found: Findings, read: Callable[[str], object]) -> str | None:
        """Ask for one product after the other, and let the pages be read meanwhile; says why it ended early."""
        own = {shop_of(one.url) for one in wanted if one.url is not None and is_web_address(one.url)}
        asked: set[str] = set()
        failures = 0
        for one in wanted:
            if asked and len(asked) + MOST_HITS > self._most:
                return None
            try:
                hits = await self._hits(one, found)
            except SearchRefused as error:
                return str(error)
            except SearchFailed as error:
                found.skip(f"{one.title}: {error}")
                failures += 1
                if failures == _FAILURES:
                    return f"{error}; {failures} queries in a row gave nothing"
                continue
            failures = 0
            found.searched.append(one.item_key)
            fresh = {hit.url for hit in hits if shop_of(hit.url) not in own} - asked
            asked |= fresh
            for url in sorted(fresh):
                read(url)
        return None

    async def _hits(self, one: Wanted, found: Findings) -> list[Hit]:
        found.requests += 1
        return await self._provider.search(query_of(one), MOST_HITS)


def query_of(one: Wanted) -> str:
    """What is asked for a product: its maker, unless its title names it, and its title.

    Not its trade item number: few shops write it where search engines look, and each query costs. It is compared once
    the page is read.
    """
    title, brand = (harmless(_OPERATORS.sub(" ", text), _MOST_LETTERS) for text in (one.title, one.brand or ""))
    named = not brand or brand.casefold() in title.casefold()
    return (title if named else f"{brand} {title}")[:_MOST_LETTERS].strip()
