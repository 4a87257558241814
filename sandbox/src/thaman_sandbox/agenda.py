"""Work that is due later: on the virtual clock (webhook retries) or on the real one (queued bulk changes).

Jobs are part of the state, so a restart resumes them. Jobs of one lane run in the order (due, id).
"""

import asyncio
import heapq
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Literal

from thaman_sandbox.clock import Clock
from thaman_sandbox.models import Job
from thaman_sandbox.state import State

Lane = Literal["virtual", "real"]
Handler = Callable[[int], Awaitable[None] | None]
"""Does the job for the thing it refers to; may be a coroutine function."""

logger = logging.getLogger(__name__)


class Agenda:
    """Keeps jobs and runs each when its time has come."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        self._handlers: dict[str, Handler] = {}
        self._lanes: dict[Lane, list[tuple[float, int]]] = {"virtual": [], "real": []}
        self._wake = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        for job in state.jobs.values():
            heapq.heappush(self._lanes[job.lane], (job.due, job.id))
        clock.on_move(self._wake.set)

    def handle(self, kind: str, handler: Handler) -> None:
        """Say who does jobs of ``kind``."""
        self._handlers[kind] = handler

    def time_of(self, lane: Lane) -> float:
        """The lane's present Unix time."""
        return self._clock.timestamp() if lane == "virtual" else time.time()

    def add(self, kind: str, reference: int, *, lane: Lane, due: float) -> None:
        """Put a job on the agenda."""
        job = Job(self._state.next_id(), lane, due, kind, reference)
        self._state.add_job(job)
        heapq.heappush(self._lanes[lane], (due, job.id))
        self._wake.set()

    async def run(self) -> None:
        """Do jobs until cancelled."""
        while True:
            self._wake.clear()
            wait = self._do_due()
            try:
                # Not wait_for, which can swallow the cancellation that is to end this loop.
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def stop(self) -> None:
        """Cancel what is being done; it stays on the agenda."""
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _do_due(self) -> float | None:
        """Start all that is due; return the seconds until something else is, ``None`` if nothing is to come."""
        waits: list[float] = []
        for lane, heap in self._lanes.items():
            while heap and heap[0][0] <= self.time_of(lane):
                self._start(self._state.jobs[heapq.heappop(heap)[1]])
            if heap and not (lane == "virtual" and self._clock.frozen):
                waits.append(max(heap[0][0] - self.time_of(lane), 0.001))
        return min(waits, default=None)

    def _start(self, job: Job) -> None:
        try:
            result = self._handlers[job.kind](job.reference)
        except Exception:
            self._failed(job)
            return
        if result is None:
            self._finish(job)
            return
        task = asyncio.ensure_future(self._await(job, result))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _await(self, job: Job, result: Awaitable[None]) -> None:
        try:
            await result
        except Exception:
            self._failed(job)
            return
        self._finish(job)

    def _failed(self, job: Job) -> None:
        logger.exception("job %s of kind %s failed; it is not tried again", job.id, job.kind)
        self._finish(job)

    def _finish(self, job: Job) -> None:
        self._state.jobs.pop(job.id, None)
        self._state.forget("job", str(job.id))
        self._state.flush()
