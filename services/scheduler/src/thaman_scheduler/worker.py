"""The worker process: consumers, and the loop that looks at the clock."""

import asyncio
import time
from contextlib import suppress

from thaman_kit import metrics
from thaman_kit.consumers import Consumers
from thaman_kit.health import Health
from thaman_kit.inbox import is_outage
from thaman_kit.logging import get_logger
from thaman_kit.process import run_worker
from thaman_scheduler.bootstrap import Container, build
from thaman_scheduler.consumers import CONSUMER, UPSTREAMS
from thaman_scheduler.settings import SchedulerSettings

log = get_logger(__name__)

FILLED = metrics.counter("scheduler_slots_filled", "Slots filled, by job.", ["job"])
TICK_SECONDS = metrics.histogram("scheduler_tick_seconds", "Duration of a tick.")
OVERDUE = metrics.gauge("scheduler_overdue_rows", "Jobs that should have fired and did not yet.")
OVERDUE_SECONDS = metrics.gauge("scheduler_overdue_seconds", "How long the oldest of them has waited.")
FAILURES = metrics.counter("scheduler_tick_failures", "Ticks that failed and were repeated.")

SILENCE_S = 30.0


class TickLoop:
    """Ticks for ever; a failed tick is repeated with the next one."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._every = container.settings.scheduler_tick_seconds
        self._looked_at = time.monotonic()
        self._trouble: str | None = None
        self._started = False

    async def run(self, stop: asyncio.Event) -> None:
        """Tick until ``stop`` is set."""
        while not stop.is_set():
            try:
                await asyncio.to_thread(self._tick)
            except Exception as error:
                if not is_outage(error):
                    log.exception("tick_failed")
                self._failed(error)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._every)

    def check(self) -> None:
        """For readiness.

        Raises:
            RuntimeError: the last tick failed, or there was none for too long.
        """
        if self._trouble is not None:
            raise RuntimeError(self._trouble)
        silence = time.monotonic() - self._looked_at
        if silence > self._every * 2 + SILENCE_S:
            raise RuntimeError(f"the clock was not looked at for {silence:.0f} s")

    def _tick(self) -> None:
        if not self._started:
            self._container.scheduler.ensure_started()
            self._started = True
        with TICK_SECONDS.time():
            done = self._container.ticker.tick()
        for job, count in done.filled.items():
            FILLED.labels(job.value).inc(count)
        if done.filled:
            log.info("slots_filled", saves=done.saves, **{job.value: count for job, count in done.filled.items()})
        waiting, oldest = self._container.tables.overdue(self._container.clock.now())
        OVERDUE.set(waiting)
        OVERDUE_SECONDS.set(oldest)
        self._looked_at, self._trouble = time.monotonic(), None

    def _failed(self, error: Exception) -> None:
        FAILURES.inc()
        self._trouble = f"the last tick failed: {type(error).__name__}: {error}"
        log.warning("tick_repeated", reason=self._trouble)


def run(settings: SchedulerSettings) -> None:
    """Run the worker until told to stop."""
    container = build(settings)
    ticks = TickLoop(container)
    consumers = Consumers(
        container.application, container.router, consumer=CONSUMER, upstreams=UPSTREAMS, settings=container.bus
    )
    health = Health({"database": container.check_database, "ticks": ticks.check, "consumers": consumers.check})
    run_worker(settings, {"ticks": ticks.run, "consumers": consumers.run}, health, closing=[container.close])
