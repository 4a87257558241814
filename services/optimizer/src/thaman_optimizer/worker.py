"""The worker process: consumers, pricing runs, looks for listings, and the expiry of unanswered proposals."""

import asyncio

from thaman_kit import metrics
from thaman_kit.consumers import Consumers
from thaman_kit.health import Health
from thaman_kit.jobs import Job, JobRunner
from thaman_kit.logging import log_context
from thaman_kit.periodic import Periodic
from thaman_kit.process import run_worker
from thaman_optimizer.bootstrap import Container, build
from thaman_optimizer.consumers import CONSUMER, RUN_QUEUE, UPSTREAMS, router
from thaman_optimizer.listings import LOOK_QUEUE
from thaman_optimizer.settings import OptimizerSettings

RUN_SECONDS = metrics.histogram("optimizer_run_seconds", "Duration of a pricing run's job.")
EXPIRED = metrics.counter("optimizer_proposals_expired", "Proposals that lapsed because nobody answered in time.")


def run_runner(container: Container, queue: str = RUN_QUEUE) -> JobRunner:
    """The runner of pricing runs: of all, which may be passed on, or of those that were passed on."""

    async def handle(job: Job) -> None:
        if queue == RUN_QUEUE:
            await asyncio.to_thread(container.crew_door.pass_on, job)
        with log_context(store_id=job.store_id, run_id=job.key), RUN_SECONDS.time():
            await container.runs.handle(job)
        if queue != RUN_QUEUE:
            await asyncio.to_thread(container.crew_door.take_back, job)

    settings = container.settings
    return JobRunner(
        container.application,
        queue,
        handle,
        concurrency=settings.optimizer_runs_at_once,
        lease_seconds=settings.optimizer_lease_seconds,
    )


def look_runner(container: Container) -> JobRunner:
    """The runner of looks into sources of listings. They take minutes and nobody waits for them, so they get a place of
    their own and never stand in the way of runs."""

    async def handle(job: Job) -> None:
        with log_context(store_id=job.store_id, look_id=job.key):
            await container.looking.handle(job)

    settings = container.settings
    return JobRunner(
        container.application,
        LOOK_QUEUE,
        handle,
        concurrency=settings.optimizer_looks_at_once,
        lease_seconds=settings.optimizer_lease_seconds,
    )


def run(settings: OptimizerSettings) -> None:
    """Run the worker until told to stop."""
    container = build(settings)
    consumers = Consumers(container.application, router, consumer=CONSUMER, upstreams=UPSTREAMS, settings=container.bus)
    health = Health({"database": container.check_database, "consumers": consumers.check})
    parts = {
        "consumers": consumers.run,
        "runs": run_runner(container).run,
        "looks": look_runner(container).run,
        "look_loop": Periodic("due_looks", container.looking.enqueue_due, settings.optimizer_look_check_seconds).run,
        "expiry": Periodic(
            "expiry", lambda: EXPIRED.inc(container.optimizer.expire_due()), settings.optimizer_expiry_seconds
        ).run,
    }
    run_worker(settings, parts, health, closing=[container.close])
