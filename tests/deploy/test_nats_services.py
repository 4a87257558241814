"""A relay and consumers do their whole work with just the permissions that deployments give them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from tests.support.deployed_nats import bus_of, deployed_nats

from thaman_contracts.envelope import Envelope
from thaman_contracts.events import optimizer
from thaman_contracts.examples import example_of
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.consumers import Consumers
from thaman_kit.errors import BusError
from thaman_kit.provisioning import READERS
from thaman_kit.relay import Relay
from thaman_kit.routing import Router
from thaman_kit.testing import database_url, migrated, postgres_server  # noqa: F401
from thaman_kit.testing_bus import running, until
from thaman_optimizer.domain.events import RunRequested
from thaman_optimizer.publication import PUBLICATION

RECEIVERS = ("scheduler", "dashboard")
"""One that publishes, too, and one that only reads."""


@pytest.fixture
def nats_url(tmp_path: Path) -> Iterator[str]:
    """NATS as deployed."""
    with deployed_nats(tmp_path) as url:
        yield url


async def test_events_flow_with_least_privilege(database_url: str, nats_url: str) -> None:  # noqa: F811
    urls = migrated(database_url, ["optimizer", *RECEIVERS])
    sender = EventSourcedApplication.connect("optimizer", urls["optimizer"])
    receivers = {name: EventSourcedApplication.connect(name, urls[name]) for name in RECEIVERS}
    seen: dict[str, list[str]] = {name: [] for name in RECEIVERS}

    stores = [str(number) for number in range(100, 140)]
    await asyncio.to_thread(_request_runs, sender, stores)
    relay = Relay(sender, PUBLICATION, bus_of(nats_url, "optimizer"), database_url=urls["optimizer"])
    consumers = [
        Consumers(
            application,
            remembering(seen[name]),
            consumer=name,
            upstreams=READERS[name],
            settings=bus_of(nats_url, name),
        )
        for name, application in receivers.items()
    ]
    async with running(relay, *consumers):
        await until(lambda: all(len(one) == len(stores) for one in seen.values()), what="every event was consumed")
        await until(lambda: all(is_ready(part) for part in (relay, *consumers)), what="every part is ready")
    for application in (sender, *receivers.values()):
        application.close()
    assert {name: sorted(one) for name, one in seen.items()} == dict.fromkeys(RECEIVERS, stores)


def is_ready(part: Relay | Consumers) -> bool:
    """Whether it says so; of many feeds some may bring events before the last one is followed."""
    try:
        part.check()
    except BusError:
        return False
    return True


def remembering(seen: list[str]) -> Router:
    """Handlers that note whose events came."""
    router = Router()

    @router.on(optimizer.RunRequested)
    def remember(event: optimizer.RunRequested, envelope: Envelope, uow: UnitOfWork) -> None:
        seen.append(event.store_id)

    return router


def _request_runs(application: EventSourcedApplication, stores: list[str]) -> None:
    unit = application.unit_of_work()
    data = example_of(optimizer.RunRequested).model_dump()
    for store_id in stores:
        origin = {"store_id": store_id, "originator_id": uuid4(), "originator_version": 1}
        unit.record(RunRequested.model_validate(data | origin))
    unit.commit()
