"""A feed over HTTP. The merchant was given its address, so robots.txt is not asked; all else holds as for pages."""

from collections.abc import Mapping

from thaman_optimizer.adapters.web.fetching import Page
from thaman_optimizer.adapters.web.session import Session, Terms
from thaman_optimizer.domain.addresses import is_web_address
from thaman_optimizer.domain.feeds import MAX_FEED_BYTES
from thaman_optimizer.errors import PageRefused

FEED_S = 60.0
"""Most time for one feed, in seconds."""

_TERMS = Terms(
    most_bytes=MAX_FEED_BYTES,
    timeout_s=FEED_S,
    robots=False,
    accept="text/csv,application/json;q=0.9,application/x-ndjson;q=0.9,*/*;q=0.1",
)


async def fetch_feed(session: Session, url: str, conditions: Mapping[str, str] | None = None) -> Page:
    """The feed at an address, or the answer that it is as it was.

    Raises:
        PageError: it could not be had.
    """
    if not is_web_address(url):
        raise PageRefused("the feed's address is not a plain http or https address")
    return await session.fetch(url, conditions, _TERMS)
