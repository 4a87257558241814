"""The worker process: consumers, and the loop that looks at the clock."""

import time

from thaman_kit import metrics
from thaman_kit.consumers import Consumers
from thaman_kit.health import Health
from thaman_kit.logging import get_logger
from thaman_kit.periodic import Periodic
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


class Ticks:
    """Ticks, and whether they go on: for the worker's readiness."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._every = container.settings.scheduler_tick_seconds
        self._looked_at = time.monotonic()
        self._trouble: str | None = None
        self._started = False

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

    def tick(self) -> None:
        """Look at the clock once and fill the slots that are due."""
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

    def failed(self, error: Exception) -> None:
        """Keep why a tick failed until another one succeeds."""
        FAILURES.inc()
        self._trouble = f"the last tick failed: {type(error).__name__}: {error}"


def run(settings: SchedulerSettings) -> None:
    """Run the worker until told to stop."""
    container = build(settings)
    ticks = Ticks(container)
    loop = Periodic("tick", ticks.tick, settings.scheduler_tick_seconds, ticks.failed)
    consumers = Consumers(
        container.application, container.router, consumer=CONSUMER, upstreams=UPSTREAMS, settings=container.bus
    )
    health = Health({"database": container.check_database, "ticks": ticks.check, "consumers": consumers.check})
    run_worker(settings, {"ticks": loop.run, "consumers": consumers.run}, health, closing=[container.close])
