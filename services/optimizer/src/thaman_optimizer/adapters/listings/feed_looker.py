"""Looks into a feed: every row that can be read is a listing."""

import asyncio
from collections.abc import Mapping, Sequence

import httpx

from thaman_contracts.events.listings import ListingSource
from thaman_optimizer.adapters.listings.findings import MOST_NAME, Findings, GivenUp
from thaman_optimizer.adapters.web.feed_fetching import fetch_feed
from thaman_optimizer.adapters.web.session import Session
from thaman_optimizer.domain.addresses import shop_of
from thaman_optimizer.domain.feeds import FeedRow, FeedUnreadable, parse_feed
from thaman_optimizer.errors import PageError
from thaman_optimizer.listing_ports import Listing, PageMemory, Wanted


class FeedLooker:
    """Reads the whole feed at every look; it has no pages to remember."""

    async def look(
        self,
        source: ListingSource,
        wanted: Sequence[Wanted],
        known: Mapping[str, PageMemory],
        session: Session,
        found: Findings,
    ) -> None:
        """Put the feed's rows into ``found``.

        Raises:
            GivenUp: there is no feed, or none that can be read.
        """
        if source.url is None:
            raise GivenUp("the source has no address of a feed")
        try:
            page = await fetch_feed(session, source.url)
            if page.status != httpx.codes.OK:
                raise GivenUp(f"the feed answers {page.status}")
            feed = await asyncio.to_thread(parse_feed, page.body, page.declared)
        except PageError as error:
            raise GivenUp(f"the feed could not be fetched: {error}") from error
        except FeedUnreadable as error:
            raise GivenUp(f"the feed cannot be read: {error}") from error
        for row in feed.skipped:
            found.skip(row.why)
        found.listings += (_listing(row, source) for row in feed.rows)
        if feed.skipped and not feed.rows:
            raise GivenUp(f"none of the feed's rows can be read; the first: {feed.skipped[0].why}")
        if feed.beyond:
            found.cut(f"the feed's last {feed.beyond} rows are too many and were not looked at")


def _listing(row: FeedRow, source: ListingSource) -> Listing:
    competitor = row.competitor or source.competitor or shop_of(row.url)
    return Listing(competitor[:MOST_NAME], row.url, row.title, row.brand, row.gtin, row.model, row.digest)
