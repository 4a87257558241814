"""Prices from feeds: each feed is read once for all its links, and its row for a link's address is the offer."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from thaman_contracts.events.optimizer import OfferEvidence, OfferFitness, OfferSource
from thaman_kit.clock import Clock
from thaman_kit.logging import get_logger
from thaman_optimizer.adapters.web.addresses import AddressRules
from thaman_optimizer.adapters.web.feed_fetching import fetch_feed
from thaman_optimizer.adapters.web.fetching import Page
from thaman_optimizer.adapters.web.offers import LATE, counted, not_in_time, not_read, offer_of
from thaman_optimizer.adapters.web.session import Manners, Session, conditions_of, visit
from thaman_optimizer.domain.feeds import FEED_BP, Feed, FeedRow, FeedUnreadable, parse_feed
from thaman_optimizer.domain.reading import Reading, cannot_tell
from thaman_optimizer.errors import PageError
from thaman_optimizer.ports import Known, Link, Read

log = get_logger(__name__)

_READER = "feed-1"
"""In what is remembered; raised with every change that may read a feed differently. The page reader's is a number, so
that neither takes what the other remembered."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a feed says of one address; ``observed_at`` is the row's own time."""

    reading: Reading
    observed_at: datetime | None = None
    known: Known | None = None


class FeedReader:
    """Answers links whose ``feed`` is set; the pages themselves are not asked for."""

    def __init__(self, rules: AddressRules, manners: Manners, clock: Clock) -> None:
        self._rules = rules
        self._manners = manners
        self._clock = clock

    async def read(self, links: Sequence[Link], vat_bp: int) -> list[Read]:
        """Read every feed once, and answer each link from its own."""
        by_feed: dict[str, list[Link]] = defaultdict(list)
        for link in links:
            if link.feed is not None:
                by_feed[link.feed].append(link)
        async with visit(self._rules, self._manners) as session:
            tasks = {feed: asyncio.create_task(_read(session, feed, group)) for feed, group in by_feed.items()}
            late = await not_in_time(tasks.values(), self._manners.run_timeout_s)
        return counted(
            [
                self._answer(link, _Found(LATE) if task in late else task.result()[link.url], vat_bp)
                for feed, task in tasks.items()
                for link in by_feed[feed]
            ]
        )

    def _answer(self, link: Link, found: _Found, vat_bp: int) -> Read:
        now = self._clock.now()
        # A time to come would keep an offer fresh for ever.
        own_time = found.observed_at if found.observed_at is not None and found.observed_at <= now else None
        digest = None if found.known is None else found.known.digest
        return Read(offer_of(link, found.reading, vat_bp, now, digest, own_time), found.known)


async def _read(session: Session, feed: str, links: Sequence[Link]) -> Mapping[str, _Found]:
    """What a feed says of each of its links' addresses."""
    urls = {link.url for link in links}
    try:
        return await _read_feed(session, feed, links)
    except PageError as error:
        return dict.fromkeys(urls, _Found(not_read(error)))
    except FeedUnreadable as error:
        return dict.fromkeys(urls, _Found(cannot_tell(f"the feed cannot be read: {error}"[:300])))
    except Exception as error:
        # Feeds are other people's; whatever one of them breaks must not cost the other links or the run.
        log.exception("feed_broke_the_reader", feed=feed[:200])
        return dict.fromkeys(urls, _Found(cannot_tell(f"the feed could not be read ({type(error).__name__})")))


async def _read_feed(session: Session, feed: str, links: Sequence[Link]) -> Mapping[str, _Found]:
    known = {link.url: link.known for link in links if link.known is not None and _is_of(feed, link.known)}
    conditions = _conditions([known.get(link.url) for link in links])
    page = await fetch_feed(session, feed, conditions)
    if page.status == httpx.codes.NOT_MODIFIED:
        if not conditions:
            raise FeedUnreadable("it answers that it did not change, which it was not asked")
        return {url: _as_before(one) for url, one in known.items()}
    # Parsing a large feed takes a while; the loop has leases to keep.
    urls = {link.url for link in links}
    return _by_url(feed, page, await asyncio.to_thread(parse_feed, page.body, page.declared, urls), urls)


def _is_of(feed: str, known: Known) -> bool:
    return known.reading.get("reader") == _READER and known.reading.get("feed") == feed


def _conditions(known: Sequence[Known | None]) -> dict[str, str]:
    """Whether the feed may be left unsent: all its links are known from one and the same sending."""
    first = known[0]
    if first is None or first.etag is None or any(one is None or one.etag != first.etag for one in known):
        return {}
    return conditions_of(first.etag, first.last_modified)


def _as_before(known: Known) -> _Found:
    written = known.reading.get("observed_at")
    return _Found(Reading.of(known.reading), None if written is None else datetime.fromisoformat(written), known)


def _by_url(feed: str, page: Page, parsed: Feed, urls: set[str]) -> dict[str, _Found]:
    rows: dict[str, list[FeedRow]] = defaultdict(list)
    for row in parsed.rows:
        rows[row.url].append(row)
    bad = {one.url: one.why for one in reversed(parsed.skipped) if one.url is not None}
    found = {}
    for url in urls:
        reading = _reading(rows[url]) if url in rows else _absent(bad.get(url))
        times = [row.observed_at for row in rows.get(url, ()) if row.observed_at is not None]
        # Of several rows the oldest: no price may seem fresher than it is.
        observed_at = min(times, default=None)
        found[url] = _Found(reading, observed_at, _remembered(feed, page, reading, observed_at))
    return found


def _remembered(feed: str, page: Page, reading: Reading, observed_at: datetime | None) -> Known:
    document: dict[str, Any] = {
        **reading.document(),
        "reader": _READER,
        "feed": feed,
        "observed_at": None if observed_at is None else observed_at.isoformat(),
    }
    return Known(page.etag, page.last_modified, document, page.digest)


def _reading(rows: Sequence[FeedRow]) -> Reading:
    """The answer from the rows of one address, which agree on the price, or else would not be here."""
    row = rows[0]
    evidence = OfferEvidence(sources=(OfferSource.FEED,), **row.said)
    if row.unpriced is not None or row.price is None:
        fitness = OfferFitness.UNREADABLE if row.wrote_price else OfferFitness.NO_PRICE
        return Reading(fitness, detail=row.unpriced, evidence=evidence)
    stock = {one.in_stock for one in rows}
    in_stock = stock.pop() if len(stock) == 1 else None
    return Reading(
        OfferFitness.OUT_OF_STOCK if in_stock is False else OfferFitness.USABLE,
        price=row.price,
        currency=row.currency,
        in_stock=in_stock,
        with_vat=row.with_vat is not False,
        confidence_bp=FEED_BP,
        evidence=evidence,
    )


def _absent(why: str | None) -> Reading:
    """The answer for an address without a row. The feed was read, so it is not that it cannot be: it has no price."""
    if why is not None:
        return cannot_tell(f"the feed's row for this address was left out: {why}"[:300])
    return Reading(OfferFitness.NO_PRICE, detail="the feed was read and has no row for this address any more")
