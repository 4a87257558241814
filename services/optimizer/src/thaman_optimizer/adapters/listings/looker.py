"""Looks into any source, by its kind, within a deadline."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from thaman_contracts.events.listings import ListingSource, SourceKind
from thaman_kit.clock import Clock
from thaman_kit.logging import get_logger
from thaman_optimizer.adapters.listings.feed_looker import FeedLooker
from thaman_optimizer.adapters.listings.findings import Findings, GivenUp
from thaman_optimizer.adapters.listings.providers import HttpSearch
from thaman_optimizer.adapters.listings.search_looker import SearchLooker
from thaman_optimizer.adapters.listings.sitemap_looker import SitemapLooker
from thaman_optimizer.adapters.web.addresses import AddressRules
from thaman_optimizer.adapters.web.session import Manners, Session, visit
from thaman_optimizer.listing_ports import Look, Looker, PageMemory, SearchProvider, Wanted
from thaman_optimizer.settings import OptimizerSettings

log = get_logger(__name__)


class KindOfLooker(Protocol):
    """Looks into sources of one kind."""

    async def look(
        self,
        source: ListingSource,
        wanted: Sequence[Wanted],
        known: Mapping[str, PageMemory],
        session: Session,
        found: Findings,
    ) -> None:
        """Look, and put everything into ``found`` as soon as it is known; may be cancelled at any time.

        Raises:
            GivenUp: it cannot go on.
        """
        ...


class WebLooker:
    """Looks into sources over the web. Each look is a session of its own, and ends within ``seconds``."""

    def __init__(
        self, lookers: Mapping[SourceKind, KindOfLooker], rules: AddressRules, manners: Manners, seconds: float
    ) -> None:
        self._lookers = lookers
        self._rules = rules
        self._manners = manners
        self._seconds = seconds

    async def look(self, source: ListingSource, wanted: Sequence[Wanted], known: Mapping[str, PageMemory]) -> Look:
        """Look once. What goes wrong is an answer; when the time is over, what was found by then counts."""
        found = Findings()
        looker = self._lookers.get(source.kind)
        if looker is None:
            return found.look(given_up=_no_looker(source.kind))
        why: str | None = None
        try:
            async with visit(self._rules, self._manners) as session:
                try:
                    await self._within_time(looker, source, wanted, known, session, found)
                finally:
                    found.requests += session.requests
        except GivenUp as error:
            why = str(error)
        except Exception as error:
            log.exception("look_broke", source=source.source_id)
            why = f"the source could not be looked into ({type(error).__name__})"
        return found.look(given_up=why)

    async def _within_time(
        self,
        looker: KindOfLooker,
        source: ListingSource,
        wanted: Sequence[Wanted],
        known: Mapping[str, PageMemory],
        session: Session,
        found: Findings,
    ) -> None:
        try:
            async with asyncio.timeout(self._seconds) as deadline:
                await looker.look(source, wanted, known, session, found)
        except TimeoutError:
            if not deadline.expired():
                raise
            found.cut(f"the look's time of {self._seconds:g} s was over")


def build_looker(settings: OptimizerSettings, clock: Clock, provider: SearchProvider | None = None) -> Looker:
    """A looker for all kinds of sources that the settings allow; ``provider`` replaces the settings' search engine."""
    manners = Manners(
        page_timeout_s=settings.optimizer_page_timeout_seconds,
        run_timeout_s=settings.optimizer_look_seconds,
        pause_s=settings.optimizer_host_pause_seconds,
        at_once=settings.optimizer_pages_at_once,
    )
    most = settings.optimizer_look_pages
    lookers: dict[SourceKind, KindOfLooker] = {
        SourceKind.FEED: FeedLooker(),
        SourceKind.SITEMAP: SitemapLooker(most, clock),
    }
    provider = provider or _provider(settings)
    if provider is not None:
        lookers[SourceKind.SEARCH] = SearchLooker(provider, most, clock)
    rules = AddressRules(allow_loopback=settings.optimizer_allow_loopback)
    return WebLooker(lookers, rules, manners, settings.optimizer_look_seconds)


def _provider(settings: OptimizerSettings) -> SearchProvider | None:
    name, key = settings.optimizer_search_provider, settings.optimizer_search_key
    return None if name is None or key is None else HttpSearch(name, key, settings.optimizer_search_url)


def _no_looker(kind: SourceKind) -> str:
    if kind is SourceKind.SEARCH:
        return "no search engine is set up here; the operator sets THAMAN_OPTIMIZER_SEARCH_PROVIDER and its key"
    return f"sources of the kind {str(kind)[:40]} are not known here; this may be an older version"
