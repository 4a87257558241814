"""Another system follows the events with the npm client, knowing only the AsyncAPI document and the guide."""

import asyncio
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from tests.support.deployed_nats import bus_of, deployed_nats, password_of

from thaman_contracts.events import EventData
from thaman_contracts.examples import example_of
from thaman_kit.application import EventSourcedApplication
from thaman_kit.relay import Relay
from thaman_kit.testing import database_url, migrated, postgres_server  # noqa: F401
from thaman_kit.testing_bus import running
from thaman_kit.testing_node import require_node, run_node
from thaman_optimizer.publication import PUBLICATION, STORED

ROOT = Path(__file__).parents[2]
STORE = "1305146709"


def store_everything(application: EventSourcedApplication, store_id: str) -> None:
    """One stored event of every class the optimizer publishes."""
    unit = application.unit_of_work()
    for stored in STORED:
        (contract,) = [base for base in stored.__bases__ if issubclass(base, EventData)]
        data = example_of(contract).model_dump() | {"store_id": store_id}
        unit.record(stored.model_validate(data | {"originator_id": uuid4(), "originator_version": 1}))
    unit.commit()


@pytest.fixture(scope="module")
def nats_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """NATS as deployed: the relay and the subscriber have only their own permissions."""
    with deployed_nats(tmp_path_factory.mktemp("nats")) as url:
        yield url


@pytest.mark.npm
async def test_the_npm_client_follows_one_store(database_url: str, nats_url: str) -> None:  # noqa: F811
    require_node(ROOT / "tests/npm")
    url = migrated(database_url, ["optimizer"])["optimizer"]
    application = EventSourcedApplication.connect("optimizer", url)
    for store_id in ("2", STORE, "3"):
        await asyncio.to_thread(store_everything, application, store_id)
    follow = partial(
        run_node,
        ROOT / "tests/npm",
        "follow.mjs",
        str(ROOT / "contracts/asyncapi.json"),
        "optimizer",
        STORE,
        str(len(STORED)),
        NATS_URL=nats_url.removeprefix("nats://"),
        NATS_USER="subscriber",
        NATS_PASSWORD=password_of("subscriber"),
    )
    try:
        async with running(Relay(application, PUBLICATION, bus_of(nats_url, "optimizer"), database_url=url)):
            output = await asyncio.to_thread(follow)
    finally:
        application.close()
    followed = [json.loads(line) for line in output.splitlines()]
    assert [event["type"].split(".")[2] for event in followed] == [stored.__name__ for stored in STORED]
    assert {event["event"]["store_id"] for event in followed} == {STORE}
