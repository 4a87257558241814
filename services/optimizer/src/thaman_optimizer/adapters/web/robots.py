"""What a site allows robots to read (RFC 9309)."""

from dataclasses import dataclass
from urllib.robotparser import RobotFileParser

from thaman_optimizer.adapters.web.fetching import AGENT

MAX_DELAY_S = 5.0
"""A longer Crawl-delay is shortened to this; runs have a deadline, and a page is read a few times a day at most."""


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one site for us."""

    parser: RobotFileParser | None
    everything: bool

    def allows(self, url: str) -> bool:
        """Whether we may read ``url``."""
        return self.everything if self.parser is None else self.parser.can_fetch(AGENT, url)

    @property
    def sitemaps(self) -> tuple[str, ...]:
        """The addresses that the site gives as its sitemaps'."""
        return tuple(self.parser.site_maps() or ()) if self.parser is not None else ()

    @property
    def delay_s(self) -> float:
        """The pause the site asks for between two requests, in seconds."""
        asked = self.parser.crawl_delay(AGENT) if self.parser is not None else None
        return min(float(asked or 0), MAX_DELAY_S)


ALLOW_ALL = Robots(None, everything=True)
ALLOW_NONE = Robots(None, everything=False)


def robots_of(status: int | None, text: str) -> Robots:
    """The rules from the answer to ``/robots.txt``.

    No such file (4xx) allows everything; no answer (``None``) or a server's error allows nothing.
    """
    if status is None or status >= 500:
        return ALLOW_NONE
    if status != 200:
        return ALLOW_ALL
    parser = RobotFileParser()
    parser.parse(text.splitlines())
    return Robots(parser, everything=False)
