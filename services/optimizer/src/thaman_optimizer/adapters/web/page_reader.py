"""The Scout's eyes: reads rivals' pages, many sites at once, each site gently."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from thaman_contracts.events.optimizer import Offer, OfferFitness
from thaman_contracts.money import add_bp
from thaman_kit import metrics
from thaman_kit.clock import Clock
from thaman_kit.logging import get_logger
from thaman_optimizer.adapters.web.addresses import AddressRules
from thaman_optimizer.adapters.web.fetching import MAX_REDIRECTS, Page, get, next_hop
from thaman_optimizer.adapters.web.robots import ALLOW_NONE, Robots, robots_of
from thaman_optimizer.adapters.web.transport import PinnedTransport
from thaman_optimizer.domain.floor import HIGHEST_AMOUNT
from thaman_optimizer.domain.localtime import RIYADH
from thaman_optimizer.domain.reading import Reading, cannot_tell, read_page
from thaman_optimizer.errors import PageError, PageRefused, PageUnreachable, PageUnreadable
from thaman_optimizer.ports import Known, Link, Read

log = get_logger(__name__)

PAGES = metrics.counter("optimizer_pages", "Competitors' pages asked for, by what came of it.", ["fitness"])


@dataclass(frozen=True, slots=True)
class Manners:
    """How pages are read: seconds and counts."""

    page_timeout_s: float = 10.0
    run_timeout_s: float = 120.0
    pause_s: float = 0.25
    per_host: int = 2
    at_once: int = 16


@dataclass(slots=True)
class _Site:
    """One origin during one run."""

    gate: asyncio.Semaphore
    robots: Robots | None = None
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class WebPageReader:
    """Reads pages over HTTP. Each call is a session of its own: nothing of one store is shared with another."""

    def __init__(self, rules: AddressRules, manners: Manners, clock: Clock) -> None:
        self._rules = rules
        self._manners = manners
        self._clock = clock

    async def read(self, links: Sequence[Link], vat_bp: int) -> list[Read]:
        """Read every link once; links to the same page share its answer."""
        by_url: dict[str, list[Link]] = defaultdict(list)
        for link in links:
            by_url[link.url].append(link)
        transport = PinnedTransport(self._rules)
        async with httpx.AsyncClient(
            transport=transport, timeout=self._manners.page_timeout_s, trust_env=False
        ) as client:
            session = _Session(client, self._manners)
            tasks = {url: asyncio.create_task(session.read(url, group[0].known)) for url, group in by_url.items()}
            _, late = await asyncio.wait(tasks.values(), timeout=self._manners.run_timeout_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        answers = [
            self._answer(link, _LATE if task in late else task.result(), vat_bp)
            for url, task in tasks.items()
            for link in by_url[url]
        ]
        for answer in answers:
            PAGES.labels(answer.offer.fitness.value).inc()
        return answers

    def _answer(self, link: Link, found: "_Found", vat_bp: int) -> Read:
        now = self._clock.now()
        reading = found.reading.on(now.astimezone(RIYADH).date())
        price = reading.price
        if price is not None and not reading.with_vat:
            price = min(add_bp(price, vat_bp), HIGHEST_AMOUNT)
        foreign = reading.fitness is OfferFitness.USABLE and reading.currency != link.currency
        offer = Offer(
            product_id=link.product_id,
            variant_id=link.variant_id,
            competitor=link.competitor,
            url=link.url,
            fitness=OfferFitness.FOREIGN_CURRENCY if foreign else reading.fitness,
            price=price,
            currency=reading.currency,
            in_stock=reading.in_stock,
            confidence_bp=reading.confidence_bp,
            observed_at=now,
            digest=found.page.digest if found.page is not None else None,
            detail=reading.detail,
            evidence=reading.evidence,
        )
        return Read(offer, found.page)


@dataclass(frozen=True, slots=True)
class _Found:
    reading: Reading
    page: Known | None = None


_LATE = _Found(Reading(OfferFitness.UNREACHABLE, detail="the run's time for reading pages was over"))

_FITNESS: dict[type[PageError], OfferFitness] = {
    PageRefused: OfferFitness.REFUSED,
    PageUnreachable: OfferFitness.UNREACHABLE,
    PageUnreadable: OfferFitness.UNREADABLE,
}


class _Session:
    """One run's reading."""

    def __init__(self, client: httpx.AsyncClient, manners: Manners) -> None:
        self._client = client
        self._manners = manners
        self._all = asyncio.Semaphore(manners.at_once)
        self._sites: dict[str, _Site] = defaultdict(lambda: _Site(asyncio.Semaphore(manners.per_host)))

    async def read(self, url: str, known: Known | None) -> _Found:
        """What one page says."""
        if known is not None and not Reading.is_current(known.reading):
            known = None
        try:
            return await self._read(url, known)
        except PageError as error:
            return _Found(Reading(_FITNESS[type(error)], detail=str(error)[:300]))
        except Exception as error:
            # Pages are hostile; whatever one of them breaks must not cost the other pages or the run.
            log.exception("page_broke_the_reader", url=url[:200])
            return _Found(cannot_tell(f"it could not be read ({type(error).__name__})"))

    async def _read(self, url: str, known: Known | None) -> _Found:
        page = await self._follow(url, known)
        if page.status == httpx.codes.NOT_MODIFIED and known is not None:
            return _Found(Reading.of(known.reading), known)
        # Parsing a large page takes a while; the loop has leases to keep.
        reading = await asyncio.to_thread(read_page, page.text)
        return _Found(reading, Known(page.etag, page.last_modified, reading.document(), page.digest))

    async def _follow(self, url: str, known: Known | None) -> Page:
        try:
            target: httpx.URL | None = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise PageRefused("this is not an address") from error
        conditions = _conditions(known)
        for _ in range(MAX_REDIRECTS + 1):
            assert target is not None
            async with self._permitted(target):
                answer = await self._get(target, conditions)
            if isinstance(answer, Page):
                if answer.status not in (httpx.codes.OK, httpx.codes.NOT_MODIFIED):
                    raise PageUnreachable(f"the page answers {answer.status}")
                return answer
            target = next_hop(answer)
            if target is None:
                raise PageUnreachable(f"the page answers {answer.status_code} without saying where to go")
        raise PageRefused(f"the page redirects more than {MAX_REDIRECTS} times")

    @asynccontextmanager
    async def _permitted(self, url: httpx.URL) -> AsyncIterator[None]:
        """The site's turn for us: its robots.txt allows the page, few requests at once, a pause after each."""
        site = self._sites[f"{url.scheme}://{url.netloc.decode()}"]
        async with site.gate:
            async with site.asking:
                if site.robots is None:
                    site.robots = await self._robots(url)
            if site.robots is ALLOW_NONE:
                raise PageUnreachable("the site's robots.txt gives no answer, so nothing of it is read")
            if not site.robots.allows(str(url)):
                raise PageRefused("the site's robots.txt forbids reading this page")
            yield
            await asyncio.sleep(max(self._manners.pause_s, site.robots.delay_s))

    async def _robots(self, url: httpx.URL) -> Robots:
        try:
            answer = await self._get(url.copy_with(raw_path=b"/robots.txt"), {})
        except (PageUnreachable, PageUnreadable):
            return ALLOW_NONE
        return robots_of(answer.status, answer.text) if isinstance(answer, Page) else robots_of(404, "")

    async def _get(self, url: httpx.URL, conditions: dict[str, str]) -> httpx.Response | Page:
        try:
            async with self._all, asyncio.timeout(self._manners.page_timeout_s):
                return await get(self._client, url, conditions)
        except TimeoutError as error:
            raise PageUnreachable(f"no whole answer within {self._manners.page_timeout_s:g} s") from error


def _conditions(known: Known | None) -> dict[str, str]:
    if known is None:
        return {}
    conditions = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in conditions.items() if value is not None}
