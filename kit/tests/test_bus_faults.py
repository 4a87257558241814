"""Servers die, consumers vanish, messages come twice: effects happen once, and everything drains by itself."""

import asyncio
import json
import os
import signal
import threading
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from nats.errors import Error as NatsError

from thaman_contracts.subjects import durable_of, partition_of
from thaman_kit import bus_metrics
from thaman_kit.advisories import Advisory, recent_advisories
from thaman_kit.application import EventSourcedApplication
from thaman_kit.dead_letters import list_letters, retry
from thaman_kit.embedded import EmbeddedPostgres
from thaman_kit.nats import api, connect, disconnect
from thaman_kit.provisioning import provision
from thaman_kit.pull import Pull
from thaman_kit.testing import role_url
from thaman_kit.testing_bus import running, until

PARTITION = partition_of("101")
DURABLE = durable_of("scheduler", "onboarding", PARTITION)


@pytest.fixture
async def connection(world: Any) -> Any:
    connection = await connect(world.bus, "test")
    yield connection
    await disconnect(connection)


async def puller_of(connection: Any) -> Pull:
    original = await connection.jetstream().pull_subscribe_bind(durable=DURABLE, stream="ONBOARDING")
    return Pull(original, batch_size=100, ack_wait_s=15.0)


async def consumer_info(connection: Any) -> dict[str, Any]:
    return await api(connection, f"CONSUMER.INFO.ONBOARDING.{DURABLE}")


async def test_two_replicas_share_a_partition_without_repeating_or_skipping(world: Any) -> None:
    await provision(world.bus)
    async with running(world.relay(), world.consumers(), world.consumers()):
        for start in range(0, 300, 10):
            await asyncio.to_thread(world.tell, "101", *range(start, start + 10))
        await until(lambda: len(world.heard()) == 300)
    assert world.heard("101") == list(range(300))


async def test_what_a_dead_replica_had_in_hand_is_taken_over(world: Any, connection: Any) -> None:
    """A puller takes messages and never answers, as a killed process does."""
    await provision(world.bus)
    async with running(world.relay()):
        world.tell("101", *range(5))
        dead = await puller_of(connection)
        taken: list[Any] = []
        while len(taken) < 5:
            with suppress(NatsError):
                taken += await dead.fetch(100)
        async with running(world.consumers()):
            world.tell("101", *range(5, 8))
            await until(lambda: len(world.heard()) == 8)
    assert world.heard() == list(range(8))


async def test_a_slow_batch_is_not_given_to_somebody_else(world: Any, connection: Any) -> None:
    """The handler takes longer than the acknowledgement time; in_progress keeps the batch from the other replica."""
    world.bus = replace(world.bus, ack_wait_s=1.0)
    handle = world.hear

    def slow(event: Any, envelope: Any, unit: Any) -> None:
        threading.Event().wait(2.5)
        handle(event, envelope, unit)

    world.router._handlers = [(world.router._handlers[0][0], slow)]
    await provision(world.bus)
    async with running(world.relay(), world.consumers(), world.consumers()):
        world.tell("101", 1)
        await until(lambda: world.heard() == [1])
    info = await consumer_info(connection)
    assert info["num_redelivered"] == 0 and info["delivered"]["consumer_seq"] == 1


async def test_poison_is_announced_and_its_store_can_be_retried(world: Any, connection: Any) -> None:
    world.poison = {2}
    await provision(world.bus)
    async with running(world.relay(), world.consumers()):
        world.tell("101", 1, 2, 3)
        world.tell("102", 100)
        await until(lambda: len(list_letters(world.sink)) == 2)
        await until(lambda: len(world.heard()) == 2)
        js = connection.jetstream()
        async with asyncio.timeout(10):
            announced = await _last_of(js, "DLQ", "dlq.scheduler.onboarding")
        assert announced.headers["Thaman-Reason"] == "ValueError: cannot swallow 2"
        assert announced.headers["ce-subject"] == "101"
        assert json.loads(announced.data)["fence"] == 2
        await until(lambda: _gauge(bus_metrics.STORES_PARKED, "scheduler") == 1.0)
        world.poison = set()
        assert (
            await asyncio.to_thread(retry, world.sink, world.router, upstream=f"onboarding:{PARTITION}", store_id="101")
            == 2
        )
        world.tell("101", 4)
        await until(lambda: world.heard("101") == [1, 2, 3, 4])
        await until(lambda: _gauge(bus_metrics.STORES_PARKED, "scheduler") == 0.0)
    assert (await js.stream_info("DLQ")).state.messages == 1


async def _last_of(js: Any, stream: str, subject: str) -> Any:
    while True:
        try:
            return await js.get_last_msg(stream, subject)
        except NatsError:
            await asyncio.sleep(0.05)


def _gauge(metric: Any, *labels: str) -> float:
    return metric.labels(*labels)._value.get()


@pytest.mark.own_servers
async def test_nats_is_killed_and_comes_back(world: Any, own_nats: Any) -> None:
    await provision(world.bus)
    async with running(world.relay(), world.consumers()):
        for round_ in range(3):
            world.tell("101", *range(round_ * 10, round_ * 10 + 5))
            own_nats.restart(kill=True)
            world.tell("101", *range(round_ * 10 + 5, round_ * 10 + 10))
            await until(lambda n=round_: len(world.heard()) == n * 10 + 10, within=30)
    assert world.heard() == list(range(30))


@pytest.mark.own_servers
async def test_who_is_stopped_while_nats_is_away_leaves_no_connection(world: Any, own_nats: Any) -> None:
    await provision(world.bus)
    before = asyncio.all_tasks()
    consumers, relay = world.consumers(), world.relay()
    async with running(relay, consumers):
        world.tell("101", 1)
        await until(lambda: world.heard() == [1])
        client = await consumers.broker.connect()
        own_nats.kill()
        await until(lambda: client.is_reconnecting)
    assert client.is_closed
    assert asyncio.all_tasks() == before


@pytest.mark.own_servers
async def test_nats_hangs_and_wakes_up(world: Any, own_nats: Any) -> None:
    await provision(world.bus)
    async with running(world.relay(), world.consumers()):
        world.tell("101", 1)
        await until(lambda: world.heard() == [1])
        own_nats.pause()
        world.tell("101", 2)
        own_nats.resume()
        await until(lambda: world.heard() == [1, 2])


async def test_postgres_is_restarted_under_load(world: Any, own_postgres: EmbeddedPostgres, prepare: Any) -> None:
    url = await asyncio.to_thread(own_postgres.create_database, "restarted")
    await asyncio.to_thread(prepare.database, url)
    source_url = role_url(url, "onboarding")
    source = EventSourcedApplication.connect("onboarding", source_url)
    sink = EventSourcedApplication.connect("scheduler", role_url(url, "scheduler"))
    mine = prepare.World(source, sink, world.bus, source_url)
    try:
        await provision(mine.bus)
        async with running(mine.relay(), mine.consumers()):
            mine.tell("101", *range(20))
            await until(lambda: len(mine.heard()) > 0)
            await asyncio.to_thread(own_postgres.restart, immediate=True)
            await until(lambda: _tells(mine, 20), within=30)
            await until(lambda: len(mine.heard()) == 21, within=30)
        assert mine.heard() == list(range(21))
        assert list_letters(mine.sink) == []
    finally:
        source.close()
        sink.close()


def _tells(world: Any, number: int) -> bool:
    world.tell("101", number)
    return True


async def test_a_deleted_consumer_is_made_anew(world: Any, connection: Any) -> None:
    await provision(world.bus)
    async with running(world.relay(), world.consumers()):
        world.tell("101", 1)
        await until(lambda: world.heard() == [1])
        await api(connection, f"CONSUMER.DELETE.ONBOARDING.{DURABLE}")
        world.tell("101", 2)
        await until(lambda: world.heard() == [1, 2])
    assert (await consumer_info(connection))["config"]["ack_wait"] == 2_000_000_000


async def test_a_deleted_consumer_causes_no_storm_of_requests(world: Any, connection: Any) -> None:
    """Nobody may heal here: the pull loop has to stay calm, and readiness has to say why."""
    await provision(world.bus)
    world.bus = replace(world.bus, may_provision=False)
    consumers = world.consumers()
    async with running(consumers):
        await until(lambda: _complaint(consumers) is None)
        await api(connection, f"CONSUMER.DELETE.ONBOARDING.{DURABLE}")
        await until(lambda: f"{DURABLE} does not exist" in (_complaint(consumers) or ""))
        client = await consumers.broker.connect()
        before, begin = client.stats["out_msgs"], time.monotonic()
        await until(lambda: time.monotonic() - begin > 2)
        assert client.stats["out_msgs"] - before < 150


def _complaint(part: Any) -> str | None:
    try:
        part.check()
    except Exception as error:
        return str(error)
    return None


async def test_a_consumer_that_was_changed_by_hand_is_put_right(world: Any, connection: Any) -> None:
    await provision(world.bus)
    info = await consumer_info(connection)
    changed = info["config"] | {"max_ack_pending": 7, "ack_wait": 1_000_000_000}
    subject = f"CONSUMER.CREATE.ONBOARDING.{DURABLE}.{changed['filter_subject']}"
    await api(connection, subject, {"stream_name": "ONBOARDING", "config": changed, "action": ""})
    assert (await consumer_info(connection))["config"]["max_ack_pending"] == 7
    async with running(world.consumers()):
        async with asyncio.timeout(10):
            while (await consumer_info(connection))["config"]["max_ack_pending"] != world.bus.batch_size:  # noqa: ASYNC110 - the condition is in NATS
                await asyncio.sleep(0.05)


async def test_deletions_and_given_up_deliveries_are_on_record(world: Any, connection: Any) -> None:
    await provision(world.bus)
    async with running(world.relay()):
        world.tell("101", 1)
        await until(world.relay_is_through)
    (message,) = await (await puller_of(connection)).fetch(100)
    await message.term()
    (terminated,) = await _advisories(connection, 1)
    await api(connection, f"CONSUMER.DELETE.ONBOARDING.{DURABLE}")
    deleted, _ = await _advisories(connection, 2)
    assert (terminated.kind, terminated.stream, terminated.consumer) == ("terminated", "ONBOARDING", DURABLE)
    assert terminated.event is not None and terminated.event.store_id == "101"
    assert (deleted.kind, deleted.consumer, deleted.event) == ("consumer_action", DURABLE, None)


async def _advisories(connection: Any, count: int) -> list[Advisory]:
    async with asyncio.timeout(10):
        while len(advisories := await recent_advisories(connection)) < count:  # noqa: ASYNC110 - the condition is in NATS
            await asyncio.sleep(0.05)
    return advisories


async def test_shutting_down_gives_back_what_is_not_handled(world: Any, connection: Any) -> None:
    await provision(world.bus)
    async with running(world.relay()):
        async with running(world.consumers()):
            world.tell("101", *range(50))
            await until(lambda: len(world.heard()) > 0)
        begin = time.monotonic()
        async with running(world.consumers()):
            await until(lambda: len(world.heard()) == 50)
        assert time.monotonic() - begin < world.bus.ack_wait_s + 5
    assert world.heard() == list(range(50))


async def test_a_process_that_is_killed_in_the_middle_repeats_nothing(world: Any, worker: Any) -> None:
    """A real process with real consumers gets SIGKILL again and again while it works."""
    world.bus = replace(world.bus, batch_size=10, ack_wait_s=2.0)  # as the worker, which would change it otherwise
    await provision(world.bus)
    total = 400
    async with running(world.relay()):
        for start in range(0, total, 50):
            world.tell("101", *range(start, start + 50))
        for seen in (1, 100, 200):
            with worker(world) as process:
                await until(lambda n=seen: len(world.heard()) >= n)
                os.kill(process.pid, signal.SIGKILL)
        async with running(world.consumers()):
            await until(lambda: len(world.heard()) == total, within=40)
    assert world.heard() == list(range(total))
