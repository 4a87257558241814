"""The Scout's eyes: reads rivals' pages, many sites at once, each site gently."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from thaman_kit.clock import Clock
from thaman_kit.logging import get_logger
from thaman_optimizer.adapters.web.addresses import AddressRules
from thaman_optimizer.adapters.web.offers import LATE, counted, not_in_time, not_read, offer_of
from thaman_optimizer.adapters.web.session import Manners, Session, conditions_of, visit
from thaman_optimizer.domain.reading import Reading, cannot_tell, read_page
from thaman_optimizer.errors import PageError
from thaman_optimizer.ports import Known, Link, Read

__all__ = ["Manners", "WebPageReader"]

log = get_logger(__name__)


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
        async with visit(self._rules, self._manners) as session:
            tasks = {url: asyncio.create_task(_read(session, url, group[0].known)) for url, group in by_url.items()}
            late = await not_in_time(tasks.values(), self._manners.run_timeout_s)
        return counted(
            [
                self._answer(link, _LATE if task in late else task.result(), vat_bp)
                for url, task in tasks.items()
                for link in by_url[url]
            ]
        )

    def _answer(self, link: Link, found: "_Found", vat_bp: int) -> Read:
        digest = found.page.digest if found.page is not None else None
        return Read(offer_of(link, found.reading, vat_bp, self._clock.now(), digest), found.page)


@dataclass(frozen=True, slots=True)
class _Found:
    reading: Reading
    page: Known | None = None


_LATE = _Found(LATE)


async def _read(session: Session, url: str, known: Known | None) -> _Found:
    """What one page says."""
    if known is not None and not Reading.is_current(known.reading):
        known = None
    try:
        return await _read_page(session, url, known)
    except PageError as error:
        return _Found(not_read(error))
    except Exception as error:
        # Pages are hostile; whatever one of them breaks must not cost the other pages or the run.
        log.exception("page_broke_the_reader", url=url[:200])
        return _Found(cannot_tell(f"it could not be read ({type(error).__name__})"))


async def _read_page(session: Session, url: str, known: Known | None) -> _Found:
    page = await session.fetch(url, None if known is None else conditions_of(known.etag, known.last_modified))
    if page.status == httpx.codes.NOT_MODIFIED and known is not None:
        return _Found(Reading.of(known.reading), known)
    # Parsing a large page takes a while; the loop has leases to keep.
    reading = await asyncio.to_thread(read_page, page.text)
    return _Found(reading, Known(page.etag, page.last_modified, reading.document(), page.digest))
