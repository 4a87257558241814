"""Feeds of rivals' offers that a merchant was given or keeps: CSV or JSON, one row an offer of one address.

A row that cannot be understood is left out and named, the others go on. Nothing is guessed: a price that may be two is
none, and so is one of two rows that say different things of one address. ``docs/guides/sources.md`` has the format.
"""

from thaman_optimizer.domain.feeds.parse import parse_feed
from thaman_optimizer.domain.feeds.rows import Feed, FeedRow, FeedUnreadable, Skipped
from thaman_optimizer.domain.feeds.trust import FEED_BP, MAX_FEED_BYTES

__all__ = ["FEED_BP", "MAX_FEED_BYTES", "Feed", "FeedRow", "FeedUnreadable", "Skipped", "parse_feed"]
