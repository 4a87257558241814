"""The process that consumes events, runs jobs and keeps house."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

from thaman_kit.consumers import Consumers
from thaman_kit.health import Health
from thaman_kit.jobs import Job, JobRunner, RetryPolicy
from thaman_kit.nats import BusSettings
from thaman_kit.periodic import Periodic
from thaman_kit.process import load_settings, run_worker
from thaman_onboarding import wiring
from thaman_onboarding.application.housekeeping import EVERY_SECONDS, Housekeeping
from thaman_onboarding.application.installs import INSTALL_QUEUE, REGISTER_QUEUE
from thaman_onboarding.application.renewal import REFRESH_QUEUE, Renewal
from thaman_onboarding.application.webhooks import WEBHOOKS_QUEUE
from thaman_onboarding.bootstrap import Container, build_container
from thaman_onboarding.consumers import UPSTREAMS, router
from thaman_onboarding.settings import Settings

PATIENT = RetryPolicy(attempts=20, base_seconds=1.0, cap_seconds=300.0)


def in_thread(handler: Callable[[Job], None]) -> Callable[[Job], Awaitable[None]]:
    """A blocking job handler as a coroutine."""

    async def run(job: Job) -> None:
        await asyncio.to_thread(handler, job)

    return run


def job_runners(container: Container) -> list[JobRunner]:
    """The runners of all queues, those of reading and writing included."""
    concurrency = container.settings.job_concurrency
    renewal = Renewal(container.renewals, container.stores.rows)
    own: dict[str, Callable[[Job], None]] = {
        INSTALL_QUEUE: container.installer.run_job,
        REGISTER_QUEUE: container.registration.run_job,
        REFRESH_QUEUE: renewal.run_job,
        WEBHOOKS_QUEUE: container.webhook_processor.run_job,
    }
    runners = [
        JobRunner(container.app, queue, in_thread(handler), concurrency=concurrency, retry=PATIENT)
        for queue, handler in own.items()
    ]
    return [*runners, *wiring.job_runners(container)]


def housekeeping(container: Container) -> Periodic:
    """The housekeeping of a container, for ever."""
    keep_days = container.settings.webhook_keep_days
    house = Housekeeping(
        container.installer, container.forgetting, container.logins, container.webhook_inbox, keep_days
    )
    return Periodic("housekeeping", house.round, EVERY_SECONDS)


def main() -> NoReturn:
    """Work until told to stop."""
    settings = load_settings(Settings)
    container = build_container(settings)
    consumers = Consumers(
        container.app, router, consumer="onboarding", upstreams=UPSTREAMS, settings=BusSettings.of(settings)
    )
    runners = job_runners(container)
    parts = {f"jobs-{runner.queue}": runner.run for runner in runners}
    parts |= {"consumers": consumers.run, "housekeeping": housekeeping(container).run}
    health = Health({"database": container.check_database, "consumers": consumers.check})
    run_worker(settings, parts, health, closing=[container.close])
