"""Fetching from a real nats-server: at once, calmly, and by one replica at a time."""

import asyncio
import time
from typing import Any

import pytest
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeout

from thaman_contracts.subjects import durable_of, partition_of
from thaman_kit.embedded import EmbeddedNats
from thaman_kit.nats import api, connect, disconnect
from thaman_kit.provisioning import provision
from thaman_kit.pull import Pull
from thaman_kit.testing_bus import fast_bus, until

PARTITION = partition_of("101")
DURABLE = durable_of("scheduler", "onboarding", PARTITION)
ACK_WAIT_S = 40.0
SUBJECT = "evt.onboarding.store.101.StorePaused"


@pytest.fixture
async def connections(own_nats: EmbeddedNats) -> Any:
    bus = fast_bus(own_nats, ack_wait_s=ACK_WAIT_S)
    await provision(bus)
    pair = [await connect(bus, name) for name in ("first", "second")]
    yield pair
    for connection in pair:
        await disconnect(connection)


async def puller(connection: Any, batch: int = 100, ack_wait_s: float = ACK_WAIT_S) -> Pull:
    original = await connection.jetstream().pull_subscribe_bind(durable=DURABLE, stream="ONBOARDING")
    return Pull(original, batch, ack_wait_s)


async def publish(connection: Any, *numbers: int) -> None:
    for number in numbers:
        await connection.jetstream().publish(SUBJECT, str(number).encode())


async def fetch(pull: Pull, batch: int = 100) -> list[int]:
    async with asyncio.timeout(20):
        while True:
            try:
                messages = await pull.fetch(batch)
            except NatsError:
                continue
            for message in messages:
                await message.ack()
            return [int(message.data) for message in messages]


async def test_what_is_there_comes_at_once_and_in_order(connections: Any) -> None:
    pull = await puller(connections[0])
    await publish(connections[0], *range(30))
    begin = time.monotonic()
    got = await fetch(pull)
    while len(got) < 30:
        got += await fetch(pull)
    assert got == list(range(30))
    assert time.monotonic() - begin < 0.5


async def test_it_waits_for_a_first_message(connections: Any) -> None:
    pull = await puller(connections[0])
    waiting = asyncio.create_task(fetch(pull))
    await publish(connections[1], 1)
    assert await waiting == [1]


async def test_a_batch_is_never_exceeded(connections: Any) -> None:
    pull = await puller(connections[0], batch=4)
    await publish(connections[0], *range(10))
    sizes, got = [], []
    while len(got) < 10:
        portion = await fetch(pull, 4)
        sizes.append(len(portion))
        got += portion
    assert got == list(range(10)) and max(sizes) <= 4


async def test_faststream_s_wish_to_fill_a_batch_up_is_refused(connections: Any) -> None:
    pull = await puller(connections[0])
    with pytest.raises(NatsTimeout):
        await pull.fetch(99)


async def test_only_one_replica_is_fed_until_it_leaves(connections: Any) -> None:
    first, second = [await puller(connection) for connection in connections]
    await publish(connections[0], 1)
    assert await fetch(first) == [1]
    waiting = asyncio.create_task(fetch(second))
    for number in range(2, 12):
        await publish(connections[0], number)
        assert await fetch(first) == [number]
    assert not waiting.done()
    begin = time.monotonic()
    await first.unsubscribe()
    assert await _pinned(connections[1]) is None
    await publish(connections[1], 12)
    assert await waiting == [12]
    assert time.monotonic() - begin < ACK_WAIT_S / 4, "it gave its pin back"


async def _pinned(connection: Any) -> str | None:
    info = await api(connection, f"CONSUMER.INFO.ONBOARDING.{DURABLE}")
    (group,) = info["priority_groups"]
    return group.get("pinned_client_id")


async def test_the_pin_passes_on_when_a_replica_falls_silent(connections: Any, own_nats: EmbeddedNats) -> None:
    await provision(fast_bus(own_nats, ack_wait_s=1.0))
    first, second = [await puller(connection, ack_wait_s=1.0) for connection in connections]
    await publish(connections[0], 1)
    assert await fetch(first) == [1]
    await connections[0].close()
    await publish(connections[1], 2)
    assert await fetch(second) == [2]


async def test_leaving_gives_back_what_had_arrived(connections: Any) -> None:
    first, second = [await puller(connection) for connection in connections]
    await publish(connections[0], *range(3))
    await first._ask()
    await until(lambda: first.pending_msgs == 3)
    begin = time.monotonic()
    await first.unsubscribe()
    got: list[int] = []
    while len(got) < 3:
        got += await fetch(second)
    assert sorted(got) == [0, 1, 2]
    assert time.monotonic() - begin < ACK_WAIT_S, "before the acknowledgement time is over"


async def test_a_missing_consumer_is_asked_for_once_a_second(connections: Any) -> None:
    pull = await puller(connections[0])
    await api(connections[1], f"CONSUMER.DELETE.ONBOARDING.{DURABLE}")
    before, begin = connections[0].stats["out_msgs"], time.monotonic()
    while time.monotonic() - begin < 2.5:
        with pytest.raises(NatsTimeout):
            await pull.fetch(100)
    assert connections[0].stats["out_msgs"] - before <= 6
