"""Ends a process whose event loop stands still.

A blocked loop answers no health check and handles no signal, so nothing inside it can help; a thread watches it.
"""

import asyncio
import faulthandler
import os
import threading
from types import TracebackType
from typing import Self

from thaman_kit.logging import get_logger

TICK = 1.0
log = get_logger(__name__)


class StallGuard:
    """Within the block, ``loop`` must turn at least once in ``limit`` seconds, else the process exits with ``code``."""

    def __init__(self, loop: asyncio.AbstractEventLoop, limit: float, code: int) -> None:
        self._loop = loop
        self._limit = limit
        self._code = code
        self._turned = threading.Event()
        self._done = threading.Event()
        self._handle: asyncio.TimerHandle | None = None
        self._thread = threading.Thread(target=self._watch, name="stall-guard", daemon=True)

    def __enter__(self) -> Self:
        """Begin to watch."""
        self._beat()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Watch no more."""
        self._done.set()
        if self._handle is not None:
            self._handle.cancel()

    def _beat(self) -> None:
        self._turned.set()
        self._handle = self._loop.call_later(self._tick, self._beat)

    def _watch(self) -> None:
        # Ticks are counted instead of reading a clock: while the whole machine sleeps, this thread does too.
        missed = 0
        while not self._done.wait(self._tick):
            missed = 0 if self._turned.is_set() else missed + 1
            self._turned.clear()
            if missed * self._tick >= self._limit:
                faulthandler.dump_traceback(all_threads=True)
                log.critical("event_loop_stalled", seconds=self._limit)
                os._exit(self._code)

    @property
    def _tick(self) -> float:
        return min(TICK, self._limit / 4)
