"""Reading and writing, put together for the processes of this service.

- ``router``: handlers of other services' events, for the worker's consumers.
- ``job_runners(container)``: the queues ``observe`` and ``write``, for the worker.
- ``api_router``: ``GET /stores/{id}/prices``, on an application whose ``state.container`` is the container.

Product and order webhooks go to :class:`~thaman_onboarding.observation.webhooks.WebhookReader`. Importing this module
registers every stored event of reading and writing.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from thaman_kit.application import EventSourcedApplication
from thaman_kit.clock import Clock
from thaman_kit.jobs import JobRunner, RetryPolicy
from thaman_onboarding.adapters.rate_budget import RateBudget
from thaman_onboarding.adapters.salla_api import SallaApi, Tokens
from thaman_onboarding.adapters.write_store import WRITE
from thaman_onboarding.domain import licences  # noqa: F401 - registers its stored events
from thaman_onboarding.domain.settling import WritePolicy
from thaman_onboarding.observation.jobs import ObserveJob
from thaman_onboarding.observation.webhooks import OBSERVE
from thaman_onboarding.prices_api import router as api_router
from thaman_onboarding.settings import Settings
from thaman_onboarding.writer.jobs import WriteJob
from thaman_onboarding.writer_consumers import router

__all__ = ["Parts", "api_router", "job_runners", "observing", "router", "salla_api", "writing"]

LEASE_SECONDS = 60.0
"""Longer than any stretch of work between two heartbeats, short enough that a dead worker is soon replaced."""

OBSERVE_RETRY = RetryPolicy(attempts=20, base_seconds=1.0)
WRITE_RETRY = RetryPolicy(attempts=50)
"""The writer expects Salla's failures and waits for their end; what reaches the runner is a failure of our own."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What reading and writing are built from. ``tokens`` gives access tokens to coroutines."""

    app: EventSourcedApplication
    clock: Clock
    tokens: Tokens
    salla_api_url: str
    timeout_seconds: float = 20.0
    concurrency: int = 8
    policy: WritePolicy = field(default_factory=WritePolicy)
    lease_seconds: float = LEASE_SECONDS


def salla_api(parts: Parts, budget: RateBudget) -> SallaApi:
    """A client of the Merchant API with connections of its own."""
    return SallaApi.connect(
        parts.salla_api_url,
        parts.tokens,
        budget,
        timeout_seconds=parts.timeout_seconds,
        connections=2 * parts.concurrency,
    )


class SallaRunner(JobRunner):
    """A runner that closes its client when it ends."""

    api: SallaApi | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Run jobs until ``stop``."""
        try:
            await super().run(stop)
        finally:
            if self.api is not None:
                await self.api.close()


class Container(Protocol):
    """The part of the service's container that is needed here."""

    @property
    def app(self) -> EventSourcedApplication:
        """The event store and its database."""
        ...

    @property
    def clock(self) -> Clock:
        """The time that events carry."""
        ...

    @property
    def tokens(self) -> Tokens:
        """Access tokens for coroutines."""
        ...

    @property
    def settings(self) -> Settings:
        """How the service is configured."""
        ...


def job_runners(container: Container) -> list[JobRunner]:
    """The runners of both queues, from the service's container."""
    settings = container.settings
    parts = Parts(
        container.app,
        container.clock,
        container.tokens,
        settings.salla_api_url,
        timeout_seconds=settings.salla_timeout_seconds,
        concurrency=settings.job_concurrency,
    )
    # Both queues steer by one budget of each store.
    budget = RateBudget()
    runners: list[JobRunner] = []
    for make in (observing, writing):
        api = salla_api(parts, budget)
        runner = make(parts, api)
        runner.api = api
        runners.append(runner)
    return runners


def observing(parts: Parts, api: SallaApi) -> SallaRunner:
    """The runner of everything that reads."""
    return SallaRunner(
        parts.app,
        OBSERVE,
        ObserveJob(parts.app, api, parts.clock),
        concurrency=parts.concurrency,
        lease_seconds=parts.lease_seconds,
        retry=OBSERVE_RETRY,
    )


def writing(parts: Parts, api: SallaApi) -> SallaRunner:
    """The runner of decided prices; it looks for work more often, for a decision is worth most at once."""
    return SallaRunner(
        parts.app,
        WRITE,
        WriteJob(parts.app, api, parts.clock, parts.policy),
        concurrency=parts.concurrency,
        lease_seconds=parts.lease_seconds,
        poll_seconds=0.2,
        retry=WRITE_RETRY,
    )
