"""Durable jobs: work that talks to the outside and so cannot live in a consumer's transaction.

A consumer enqueues a job in the transaction of its tracking row; a :class:`JobRunner` claims it with a lease, does
the work, and completes it in the transaction of the work's effect. A worker that dies loses its lease and the job
runs again, so handlers must be safe to repeat. Jobs of one queue and store never run at the same time.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg

from thaman_kit.database import Database, load_queries
from thaman_kit.errors import JobLost

if TYPE_CHECKING:
    from thaman_kit.application import EventSourcedApplication

logger = logging.getLogger(__name__)

_sql = partial(load_queries, "thaman_kit", "sql/jobs.sql")


@dataclass(slots=True)
class Job:
    """A claimed job. ``lease`` is what makes it ours; ``attempts`` counts this one too."""

    id: int
    queue: str
    key: str
    store_id: str
    payload: dict[str, Any]
    attempts: int
    run_at: datetime
    lease: UUID
    completed: bool = field(default=False, compare=False)


class RetryLater(Exception):
    """Raised by a handler: do this job again after ``delay`` seconds.

    ``forgive`` leaves the attempt uncounted, for waits that are nobody's fault, such as a rate limit.
    """

    def __init__(self, delay: float, reason: str, *, forgive: bool = True) -> None:
        super().__init__(reason)
        self.delay = delay
        self.forgive = forgive


class GiveUp(Exception):
    """Raised by a handler: no later attempt can help; keep the job with this reason."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with full jitter; after ``attempts`` the job is given up."""

    attempts: int = 10
    base_seconds: float = 0.5
    cap_seconds: float = 300.0

    def delay(self, attempt: int) -> float:
        """Seconds to wait after the ``attempt``-th failure."""
        ceiling = min(self.cap_seconds, self.base_seconds * 2.0 ** min(attempt, 30))
        return random.uniform(ceiling / 2, ceiling)  # noqa: S311 - jitter, not a secret


class JobQueue:
    """The claims of one service's jobs; blocking, to be called from threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, queue: str, limit: int, lease_seconds: float) -> list[Job]:
        """Lease up to ``limit`` due jobs, each of another store."""
        self._database.execute(_sql()["expire_leases"], {"queue": queue})
        parameters = {"queue": queue, "limit": limit, "lease_seconds": lease_seconds}
        try:
            return [Job(**row) for row in self._database.fetch_all(_sql()["claim"], parameters)]
        except psycopg.errors.UniqueViolation:
            return []  # another worker took a job of the same store in this instant; the next claim sees it

    def extend(self, leases: Sequence[UUID], lease_seconds: float) -> set[UUID]:
        """Heartbeat; returns the leases that are still ours."""
        parameters = {"leases": list(leases), "lease_seconds": lease_seconds}
        return {row["lease"] for row in self._database.fetch_all(_sql()["extend_leases"], parameters)}

    def complete(self, job: Job) -> bool:
        """Finish a job whose work had no transaction of its own."""
        return bool(self._database.fetch_all(_sql()["complete"], {"id": job.id, "lease": job.lease}))

    def retry(self, job: Job, delay: float, error: str, *, forgive: bool = False) -> None:
        """Put a job back for later."""
        parameters = {
            "id": job.id,
            "lease": job.lease,
            "delay_seconds": delay,
            "error": error[:2_000],
            "forgive": int(forgive),
        }
        self._database.fetch_all(_sql()["retry"], parameters)

    def bury(self, job: Job, error: str) -> None:
        """Give a job up; it stays with its reason."""
        self._database.fetch_all(_sql()["bury"], {"id": job.id, "lease": job.lease, "error": error[:2_000]})

    def seconds_to_next(self, queue: str) -> float | None:
        """How long until a waiting job is due; ``None`` when none waits."""
        row = self._database.fetch_one(_sql()["next_due"], {"queue": queue})
        return None if row is None else row["seconds"]

    def counts(self) -> list[dict[str, Any]]:
        """Jobs that are not done, by queue and state."""
        return self._database.fetch_all(_sql()["counts"])

    def dead(self, limit: int = 100) -> list[dict[str, Any]]:
        """Jobs that were given up, oldest first."""
        return self._database.fetch_all(_sql()["dead"], {"limit": limit})

    def revive(self, job_id: int) -> bool:
        """Let a dead job run again."""
        return bool(self._database.fetch_all(_sql()["revive"], {"id": job_id}))

    def discard(self, job_id: int, reason: str) -> bool:
        """Drop a dead job; its row stays."""
        return bool(self._database.fetch_all(_sql()["discard"], {"id": job_id, "reason": reason}))


class JobRunner:
    """Runs one queue's jobs in this process until told to stop.

    Args:
        handler: does the work; returning completes the job unless a unit of work did.
        concurrency: how many stores' jobs run at the same time here.
        lease_seconds: how long a dead worker keeps a job from the others; heartbeats come three times as often.
        poll_seconds: how long an idle queue is left alone at most.
    """

    def __init__(
        self,
        application: "EventSourcedApplication",
        queue: str,
        handler: Callable[[Job], Awaitable[None]],
        *,
        concurrency: int = 4,
        lease_seconds: float = 60.0,
        poll_seconds: float = 0.5,
        retry: RetryPolicy | None = None,
    ) -> None:
        self.queue = queue
        self._jobs = JobQueue(application.database)
        self._handler = handler
        self._concurrency = concurrency
        self._lease_seconds = lease_seconds
        self._poll_seconds = poll_seconds
        self._retry = retry or RetryPolicy()
        self._running: dict[asyncio.Task[None], Job] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Claim and run jobs until ``stop``; then finish those in hand and give their leases back."""
        heartbeat = asyncio.create_task(self._heartbeat(), name=f"heartbeat-{self.queue}")
        try:
            while not stop.is_set():
                claimed = await self._claim()
                await self._wait(stop, self._poll_seconds if not claimed else 0.0)
        finally:
            if self._running:
                await asyncio.wait(self._running, timeout=self._lease_seconds)
            heartbeat.cancel()

    async def _claim(self) -> int:
        free = self._concurrency - len(self._running)
        if free <= 0:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED, timeout=self._poll_seconds)
            return 1
        try:
            jobs = await asyncio.to_thread(self._jobs.claim, self.queue, free, self._lease_seconds)
        except psycopg.Error as error:
            logger.warning("queue %s cannot be read now: %s", self.queue, error)
            return 0
        for job in jobs:
            task = asyncio.create_task(self._run(job), name=f"{self.queue}-{job.key}")
            self._running[task] = job
            task.add_done_callback(self._running.pop)
        return len(jobs)

    async def _wait(self, stop: asyncio.Event, seconds: float) -> None:
        """Idle until something is likely to be claimable: time, a finished job, or the stop."""
        if seconds <= 0:
            return
        waiter = asyncio.create_task(stop.wait())
        await asyncio.wait({waiter, *self._running}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        waiter.cancel()

    async def _run(self, job: Job) -> None:
        try:
            await self._handler(job)
            if not job.completed:
                await asyncio.to_thread(self._jobs.complete, job)
        except RetryLater as error:
            await self._settle(self._jobs.retry, job, error.delay, str(error), forgive=error.forgive)
        except GiveUp as error:
            logger.error("job %s %s is given up: %s", job.queue, job.key, error)
            await self._settle(self._jobs.bury, job, str(error))
        except JobLost:
            logger.warning("job %s %s passed to another worker", job.queue, job.key)
        except Exception as error:
            await self._failed(job, error)

    async def _failed(self, job: Job, error: Exception) -> None:
        reason = f"{type(error).__name__}: {error}"
        if job.attempts >= self._retry.attempts:
            logger.exception("job %s %s failed %d times and is given up", job.queue, job.key, job.attempts)
            await self._settle(self._jobs.bury, job, reason)
        else:
            logger.warning("job %s %s failed (attempt %d): %s", job.queue, job.key, job.attempts, reason)
            await self._settle(self._jobs.retry, job, self._retry.delay(job.attempts), reason)

    async def _settle(self, settle: Callable[..., None], *args: Any, **kwargs: Any) -> None:
        """Record a failure; if even that fails the lease runs out and the job is tried again."""
        try:
            await asyncio.to_thread(settle, *args, **kwargs)
        except psycopg.Error as error:
            logger.warning("queue %s cannot be written now: %s", self.queue, error)

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(self._lease_seconds / 3)
            jobs = list(self._running.values())
            if not jobs:
                continue
            try:
                await asyncio.to_thread(self._jobs.extend, [job.lease for job in jobs], self._lease_seconds)
            except psycopg.Error as error:
                logger.warning("leases of queue %s cannot be extended now: %s", self.queue, error)
