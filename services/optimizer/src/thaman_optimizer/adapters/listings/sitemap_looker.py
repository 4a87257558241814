"""Looks into a site: its sitemaps say which pages it has, and some of them are read at each look."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from thaman_contracts.events.listings import ListingSource
from thaman_kit.clock import Clock
from thaman_kit.logging import get_logger
from thaman_optimizer.adapters.listings.findings import Findings, GivenUp
from thaman_optimizer.adapters.listings.pages import ListingPages
from thaman_optimizer.adapters.web.robots import ALLOW_NONE
from thaman_optimizer.adapters.web.session import Session, Terms
from thaman_optimizer.domain.addresses import is_of_host, is_web_address, shop_of
from thaman_optimizer.domain.sitemaps import (
    MAX_ADDRESSES,
    MAX_SITEMAP_BYTES,
    MAX_SITEMAPS,
    Sitemap,
    SitemapUnreadable,
    first_sitemaps,
    parse_sitemap,
)
from thaman_optimizer.errors import PageError, SiteRests
from thaman_optimizer.listing_ports import PageMemory, Wanted

log = get_logger(__name__)

_TERMS = Terms(
    most_bytes=MAX_SITEMAP_BYTES,
    timeout_s=30.0,
    rests=True,
    accept="application/xml,text/xml;q=0.9,application/gzip;q=0.9,*/*;q=0.1",
)
_NEVER = datetime.min.replace(tzinfo=UTC)


class SitemapLooker:
    """Reads pages that were never read first, then those read longest ago; at most ``pages`` a look."""

    def __init__(self, pages: int, clock: Clock) -> None:
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
        """Put what the site's pages are into ``found``.

        Raises:
            GivenUp: the site does not answer, or has no sitemap that can be read.
        """
        if source.url is None or not is_web_address(source.url):
            raise GivenUp("the source has no plain http or https address of a site")
        found.begin_with(known)
        listed = await self._listed(source.url, session, found)
        found.forget_all_but(frozenset(listed))
        due = sorted(listed, key=lambda url: known[url].fetched_at if url in known else _NEVER)[: self._most]
        shop = source.competitor or shop_of(source.url)
        pages = ListingPages(session, found, known, self._clock, shop)
        async with asyncio.TaskGroup() as group:
            for url in due:
                group.create_task(pages.ask(url))

    async def _listed(self, url: str, session: Session, found: Findings) -> dict[str, None]:
        """The addresses of the site's pages, in the order of its sitemaps."""
        try:
            robots = await session.robots(url)
        except PageError as error:
            raise GivenUp(str(error)) from error
        if robots is ALLOW_NONE:
            raise GivenUp("the site's robots.txt gives no answer, so nothing of it is read")
        waiting = deque(first_sitemaps(url, robots.sitemaps))
        seen = set(waiting)
        listed: dict[str, None] = {}
        shop, asked, read = shop_of(url), 0, 0
        while waiting and asked < MAX_SITEMAPS and len(listed) < MAX_ADDRESSES:
            asked += 1
            sitemap = await self._sitemap(waiting.popleft(), shop, session, found)
            if sitemap is None:
                continue
            read += 1
            listed.update(dict.fromkeys(sitemap.pages[: MAX_ADDRESSES - len(listed)]))
            fresh = [one for one in sitemap.sitemaps if one not in seen]
            seen.update(fresh)
            waiting += fresh
        if not read:
            raise GivenUp(f"no sitemap of the site can be read: {found.cut_short or found.problems[0]}")
        if waiting:
            found.tell(f"the site has more than {MAX_SITEMAPS} sitemaps or {MAX_ADDRESSES} pages; the rest is left out")
        return listed

    async def _sitemap(self, url: str, shop: str, session: Session, found: Findings) -> Sitemap | None:
        try:
            page = await session.fetch(url, terms=_TERMS)
            if not is_of_host(page.url, shop):
                raise SitemapUnreadable("it redirects to another site")
            # Parsing a large one takes a while; the loop has leases to keep.
            sitemap = await asyncio.to_thread(parse_sitemap, page.body, shop)
        except SiteRests as error:
            found.cut(str(error))
            return None
        except (PageError, SitemapUnreadable) as error:
            found.skip(f"{url}: {error}")
            return None
        except Exception as error:
            log.exception("sitemap_broke_the_look", url=url[:200])
            found.skip(f"{url}: it could not be read ({type(error).__name__})")
            return None
        if sitemap.foreign:
            found.tell(f"{url}: {sitemap.foreign} of its addresses are of another site, and are left out")
        return sitemap
