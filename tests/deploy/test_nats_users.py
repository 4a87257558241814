"""deploy/nats: the real server accepts the file, and each user can do its work and nothing else."""

import asyncio
import importlib.util
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType

import nats
import pytest
from nats.aio.client import Client
from nats.js.api import ConsumerConfig, DeliverPolicy
from tests.support.deployed_nats import USERS, deployed_nats, password_of

from thaman_contracts.subjects import SERVICES, durable_of, stream_of
from thaman_kit.provisioning import READERS

ROOT = Path(__file__).parents[2]


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_users", ROOT / "deploy/nats/generate_users.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_users_follow_the_topology() -> None:
    generator = _generator()
    assert generator.main(["--check"]) == 0, "run: python deploy/nats/generate_users.py"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The deployed configuration on the real nats-server, provisioned."""
    with deployed_nats(tmp_path_factory.mktemp("nats")) as url:
        yield url


class Caller:
    """One user's connection that remembers what it was refused."""

    def __init__(self, client: Client, refusals: list[str]) -> None:
        self.client = client
        self.refusals = refusals

    async def allowed(self, subject: str) -> bool:
        """Whether the server lets this user send to ``subject``.

        A refusal comes in its own time, but in order: once something surely forbidden is refused, so was what came
        before it.
        """
        sentinel = f"surely.forbidden.{len(self.refusals)}"
        await self.client.publish(subject, b"")
        await self.client.publish(sentinel, b"")
        async with asyncio.timeout(5):
            while not self._was_refused(sentinel):  # noqa: ASYNC110 - the client tells through a callback
                await asyncio.sleep(0.005)
        return not self._was_refused(subject)

    def _was_refused(self, subject: str) -> bool:
        return any(f'"{subject.lower()}"' in refusal for refusal in self.refusals)


@pytest.fixture
async def callers(server: str) -> AsyncIterator[dict[str, Caller]]:
    """A connection of every user but the provisioner."""
    found = {user: await _caller(server, user) for user in USERS[1:]}
    yield found
    for caller in found.values():
        await caller.client.close()


async def _caller(server: str, user: str) -> Caller:
    refusals: list[str] = []

    async def refused(error: Exception) -> None:
        refusals.append(str(error).lower())

    client = await nats.connect(
        server,
        user=user,
        password=password_of(user),
        error_cb=refused,
        inbox_prefix=f"_INBOX.{user}".encode(),
    )
    return Caller(client, refusals)


async def test_only_the_owner_publishes_a_services_events(callers: dict[str, Caller]) -> None:
    for service in SERVICES:
        subject = f"evt.{service}.store.1305146709.Tested"
        may = {user for user, caller in callers.items() if await caller.allowed(subject)}
        assert may == {service}


async def test_only_the_reader_pulls_its_durable(callers: dict[str, Caller]) -> None:
    for reader, upstreams in READERS.items():
        for upstream in upstreams:
            durable = durable_of(reader, upstream, 3)
            for call in (
                f"$JS.API.CONSUMER.MSG.NEXT.{stream_of(upstream)}.{durable}",
                f"$JS.ACK.{stream_of(upstream)}.{durable}.1.1.1.1.0",
            ):
                may = {user for user, caller in callers.items() if await caller.allowed(call)}
                assert may == {reader}, call


@pytest.mark.parametrize(
    "subject",
    [
        "$JS.API.STREAM.DELETE.ONBOARDING",
        "$JS.API.STREAM.PURGE.OPTIMIZER",
        "$JS.API.CONSUMER.DELETE.ONBOARDING.somebody",
        "$JS.API.STREAM.MSG.DELETE.AUDIT",
        "$SYS.REQ.SERVER.PING",
        "anything.else",
    ],
)
async def test_nobody_may(callers: dict[str, Caller], subject: str) -> None:
    assert {user for user, caller in callers.items() if await caller.allowed(subject)} == set()


async def test_a_subscriber_reads_through_a_consumer_of_its_own(callers: dict[str, Caller]) -> None:
    subject = "evt.optimizer.store.1305146709.Tested"
    await callers["optimizer"].client.jetstream().publish(subject, b"{}")
    reader = callers["subscriber"].client.jetstream()
    config = ConsumerConfig(
        name="somebodys-reader",
        filter_subject="evt.optimizer.*.store.1305146709.>",
        deliver_policy=DeliverPolicy.LAST,
        inactive_threshold=60.0,
    )
    await reader.add_consumer("OPTIMIZER", config)
    subscription = await reader.pull_subscribe_bind("somebodys-reader", "OPTIMIZER")
    (message,) = await subscription.fetch(1, timeout=5)
    await message.ack_sync()
    assert message.data == b"{}"
    assert callers["subscriber"].refusals == []


async def test_a_subscriber_cannot_remake_a_services_consumer(callers: dict[str, Caller], server: str) -> None:
    durable = durable_of("audit", "optimizer", 3)
    call = f"$JS.API.CONSUMER.CREATE.OPTIMIZER.{durable}.evt.optimizer.3.store.>"
    assert not await callers["subscriber"].allowed(call)
    before = await callers["audit"].client.jetstream().consumer_info("OPTIMIZER", durable)
    for naming in ({"name": durable}, {"durable_name": durable}, {"name": durable, "durable_name": durable}):
        config = naming | {"filter_subject": "evt.optimizer.7.store.>", "ack_policy": "none", "deliver_policy": "last"}
        request = json.dumps({"stream_name": "OPTIMIZER", "config": config}).encode()
        await callers["subscriber"].client.request("$JS.API.CONSUMER.CREATE.OPTIMIZER", request, timeout=5)
    after = await callers["audit"].client.jetstream().consumer_info("OPTIMIZER", durable)
    assert (after.config, after.created) == (before.config, before.created)
