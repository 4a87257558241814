"""A visit to other people's sites: many sites at once, each one gently, and nobody leads us to places not public.

Runs read prices and looks read listings with it. A session belongs to one of them: nothing of one store is shared with
another.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from thaman_optimizer.adapters.web.addresses import AddressRules
from thaman_optimizer.adapters.web.fetching import HTML, MAX_BYTES, MAX_REDIRECTS, Page, get, next_hop
from thaman_optimizer.adapters.web.robots import ALLOW_NONE, Robots, robots_of
from thaman_optimizer.adapters.web.transport import PinnedTransport
from thaman_optimizer.errors import PageRefused, PageUnreachable, PageUnreadable, SiteRests


@dataclass(frozen=True, slots=True)
class Manners:
    """How sites are read: seconds and counts."""

    page_timeout_s: float = 10.0
    run_timeout_s: float = 120.0
    pause_s: float = 0.25
    per_host: int = 2
    at_once: int = 16


@dataclass(frozen=True, slots=True)
class Terms:
    """What may be asked of one address. ``timeout_s`` of ``None`` is that of the manners.

    ``robots`` is off only for what a site's owner gave out to be fetched, which robots.txt is not about. With ``rests``
    a site that answers 429 or 503 is asked for nothing more.
    """

    most_bytes: int = MAX_BYTES
    timeout_s: float | None = None
    robots: bool = True
    rests: bool = False
    accept: str = HTML


PAGE = Terms()
"""Those of a page."""

_ENOUGH = frozenset((429, 503))
"""Statuses by which a site says that it has had enough."""


@dataclass(slots=True)
class _Site:
    """One origin during one session."""

    gate: asyncio.Semaphore
    robots: Robots | None = None
    rests: int | None = None
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


@asynccontextmanager
async def visit(rules: AddressRules, manners: Manners) -> AsyncIterator["Session"]:
    """A session, whose connections are closed at its end."""
    async with httpx.AsyncClient(
        transport=PinnedTransport(rules), timeout=manners.page_timeout_s, trust_env=False
    ) as client:
        yield Session(client, manners)


class Session:
    """One run's or look's requests; ``requests`` counts what was sent out, robots.txt and redirects included."""

    def __init__(self, client: httpx.AsyncClient, manners: Manners) -> None:
        self.requests = 0
        self._client = client
        self._manners = manners
        self._all = asyncio.Semaphore(manners.at_once)
        self._sites: dict[str, _Site] = defaultdict(lambda: _Site(asyncio.Semaphore(manners.per_host)))

    async def fetch(self, url: str, conditions: Mapping[str, str] | None = None, terms: Terms = PAGE) -> Page:
        """The page at an address, or the answer that it is as it was.

        Raises:
            PageRefused: robots.txt forbids it, or it leads to where we do not go.
            PageUnreachable: no answer in time, or another one than 200 and 304.
            PageUnreadable: too large, or packed in a way nobody asked for.
        """
        page = await self.answer(url, conditions, terms)
        if page.status not in (httpx.codes.OK, httpx.codes.NOT_MODIFIED):
            raise PageUnreachable(f"the page answers {page.status}")
        return page

    async def answer(self, url: str, conditions: Mapping[str, str] | None = None, terms: Terms = PAGE) -> Page:
        """The answer at the end of an address's redirects, whatever its status.

        Raises:
            PageRefused: robots.txt forbids it, or it leads to where we do not go.
            PageUnreachable: no answer in time.
            PageUnreadable: too large, or packed in a way nobody asked for.
        """
        target: httpx.URL | None = _address(url)
        for _ in range(MAX_REDIRECTS + 1):
            assert target is not None
            if target.userinfo:
                raise PageRefused("the address has a name or password in it, which is not sent")
            async with self._permitted(target, terms) as site:
                answer = await self._get(target, conditions or {}, terms)
                if isinstance(answer, Page) and answer.status in _ENOUGH:
                    site.rests = answer.status
            if isinstance(answer, Page):
                return answer
            target = next_hop(answer)
            if target is None:
                raise PageUnreachable(f"the page answers {answer.status_code} without saying where to go")
        raise PageRefused(f"the page redirects more than {MAX_REDIRECTS} times")

    async def robots(self, url: str) -> Robots:
        """What the site of an address allows.

        Raises:
            PageRefused: it is no address.
        """
        target = _address(url)
        site = self._site(target)
        async with site.gate:
            return await self._robots_of(site, target)

    @asynccontextmanager
    async def _permitted(self, url: httpx.URL, terms: Terms) -> AsyncIterator[_Site]:
        """The site's turn for us: its robots.txt allows the page, few requests at once, a pause after each."""
        site = self._site(url)
        async with site.gate:
            pause = self._manners.pause_s
            if terms.rests and site.rests is not None:
                raise SiteRests(f"the site answered {site.rests}, so nothing more of it is read this time")
            if terms.robots:
                robots = await self._robots_of(site, url)
                if robots is ALLOW_NONE:
                    raise PageUnreachable("the site's robots.txt gives no answer, so nothing of it is read")
                if not robots.allows(str(url)):
                    raise PageRefused("the site's robots.txt forbids reading this page")
                pause = max(pause, robots.delay_s)
            yield site
            await asyncio.sleep(pause)

    def _site(self, url: httpx.URL) -> _Site:
        return self._sites[f"{url.scheme}://{url.netloc.decode()}"]

    async def _robots_of(self, site: _Site, url: httpx.URL) -> Robots:
        async with site.asking:
            if site.robots is None:
                site.robots = await self._ask_robots(url)
            return site.robots

    async def _ask_robots(self, url: httpx.URL) -> Robots:
        try:
            answer = await self._get(url.copy_with(raw_path=b"/robots.txt"), {}, PAGE)
        except (PageUnreachable, PageUnreadable):
            return ALLOW_NONE
        return robots_of(answer.status, answer.text) if isinstance(answer, Page) else robots_of(404, "")

    async def _get(self, url: httpx.URL, conditions: Mapping[str, str], terms: Terms) -> httpx.Response | Page:
        seconds = terms.timeout_s or self._manners.page_timeout_s
        try:
            async with self._all, asyncio.timeout(seconds):
                self.requests += 1
                return await get(self._client, url, conditions, terms.most_bytes, terms.accept)
        except TimeoutError as error:
            raise PageUnreachable(f"no whole answer within {seconds:g} s") from error


def conditions_of(etag: str | None, last_modified: str | None) -> dict[str, str]:
    """Headers that ask for a page only if it is another than the one with these validators."""
    conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return {name: value for name, value in conditions.items() if value is not None}


def _address(url: str) -> httpx.URL:
    try:
        target = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise PageRefused("this is not an address") from error
    return target
