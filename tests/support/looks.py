"""Looks into sources, with lookers of a test's own."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tests.support.shop import Shop
from thaman_contracts.events.listings import ListingSource, SourceKind
from thaman_kit.clock import Clock, ManualClock
from thaman_optimizer.adapters.listings.feed_looker import FeedLooker
from thaman_optimizer.adapters.listings.looker import KindOfLooker, WebLooker
from thaman_optimizer.adapters.listings.search_looker import SearchLooker
from thaman_optimizer.adapters.listings.sitemap_looker import SitemapLooker
from thaman_optimizer.adapters.web.addresses import AddressRules
from thaman_optimizer.adapters.web.session import Manners
from thaman_optimizer.listing_ports import Look, PageMemory, SearchProvider, Wanted

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def product_page(name: str, **said: str) -> str:
    """A page whose one product is called so."""
    fields = "".join(f',"{field}":"{value}"' for field, value in said.items())
    return f'<script type="application/ld+json">{{"@type":"Product","name":"{name}"{fields}}}</script>'


def urlset(urls: Iterable[str]) -> str:
    """A sitemap."""
    return "<urlset>" + "".join(f"<url><loc>{url}</loc></url>" for url in urls) + "</urlset>"


def serve_site(shop: Shop, names: Iterable[str]) -> list[str]:
    """Let a shop have a sitemap, and a product's page for each name; gives their addresses."""
    urls = [f"{shop.url}/{name}" for name in names]
    shop.serve("/sitemap.xml", urlset(urls))
    for url in urls:
        name = url.rpartition("/")[2]
        shop.serve(f"/{name}", product_page(name), etag=f'"{name}"')
    return urls


def source(kind: SourceKind, url: str | None = None, competitor: str | None = None) -> ListingSource:
    """A source of a kind."""
    return ListingSource(source_id="a-source", kind=kind, url=url, competitor=competitor)


def look(
    at: ListingSource,
    known: Mapping[str, PageMemory] | None = None,
    wanted: Sequence[Wanted] = (),
    *,
    rules: AddressRules | None = None,
    clock: Clock | None = None,
    seconds: float = 60.0,
    pages: int = 1_000,
    provider: SearchProvider | None = None,
    **manners: Any,
) -> Look:
    """Look once."""
    clock = clock or ManualClock(NOW)
    lookers: dict[SourceKind, KindOfLooker] = {
        SourceKind.FEED: FeedLooker(),
        SourceKind.SITEMAP: SitemapLooker(pages, clock),
    }
    if provider is not None:
        lookers[SourceKind.SEARCH] = SearchLooker(provider, pages, clock)
    polite = Manners(**({"pause_s": 0.0, "page_timeout_s": 5.0} | manners))
    looker = WebLooker(lookers, rules or AddressRules(allow_loopback=True), polite, seconds)
    return asyncio.run(looker.look(at, wanted, known or {}))


def remembered(found: Look) -> dict[str, PageMemory]:
    """What a look leaves to the next one."""
    return {page.url: page for page in found.pages}
