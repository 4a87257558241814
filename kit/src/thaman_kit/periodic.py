"""Work that is done again and again for as long as a process lives."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from thaman_kit.inbox import is_outage
from thaman_kit.logging import get_logger

log = get_logger(__name__)


class Periodic:
    """Does ``work`` in a thread, waits ``pause_s`` seconds, and begins again. What failed is done again with the next
    round, so ``work`` must bear that.

    ``failed`` hears of every error first. A database that is away is a line of the log; all else is a fault, and its
    traceback is kept. ``name`` is what the log calls it.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], object],
        pause_s: float,
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        self._name = name
        self._work = work
        self._pause_s = pause_s
        self._failed = failed

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; a round that has begun is ended."""
        while not stop.is_set():
            try:
                await asyncio.to_thread(self._work)
            except Exception as error:
                self._tell(error)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._pause_s)

    def _tell(self, error: Exception) -> None:
        if self._failed is not None:
            self._failed(error)
        if is_outage(error):
            log.warning("round_repeated", work=self._name, reason=f"{type(error).__name__}: {error}")
        else:
            log.exception("round_failed", work=self._name)
