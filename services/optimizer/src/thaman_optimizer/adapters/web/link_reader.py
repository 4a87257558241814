"""Prices of links, each from where it has one: its feed, or else its page."""

import asyncio
from collections.abc import Sequence

from thaman_kit.clock import Clock
from thaman_optimizer.adapters.web.addresses import AddressRules
from thaman_optimizer.adapters.web.feed_reader import FeedReader
from thaman_optimizer.adapters.web.page_reader import WebPageReader
from thaman_optimizer.adapters.web.session import Manners
from thaman_optimizer.ports import Link, PageReader, Read


class LinkReader:
    """Sends links with a feed to one reader and the others to another, both at once."""

    def __init__(self, pages: PageReader, feeds: PageReader) -> None:
        self._pages = pages
        self._feeds = feeds

    @classmethod
    def over_the_web(cls, rules: AddressRules, manners: Manners, clock: Clock) -> "LinkReader":
        """One that reads real pages and feeds."""
        return cls(WebPageReader(rules, manners, clock), FeedReader(rules, manners, clock))

    async def read(self, links: Sequence[Link], vat_bp: int) -> list[Read]:
        """Read all of them."""
        by_page = [link for link in links if link.feed is None]
        by_feed = [link for link in links if link.feed is not None]
        read = [
            reader.read(group, vat_bp) for reader, group in ((self._pages, by_page), (self._feeds, by_feed)) if group
        ]
        return [one for answers in await asyncio.gather(*read) for one in answers]
