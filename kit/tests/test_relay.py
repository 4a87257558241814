"""The relay: one writer, the right place after whatever happened, everything rebuilt from the log."""

import asyncio
import time
from typing import Any

import psycopg
import pytest

from thaman_contracts.envelope import from_headers
from thaman_contracts.subjects import PARTITIONS, partition_of, published_pattern
from thaman_kit.dead_letters import list_letters
from thaman_kit.errors import BusError, LogMismatch, NotProvisioned, StreamMoved
from thaman_kit.nats import api, connect, disconnect
from thaman_kit.provisioning import ensure_stream, provision
from thaman_kit.relay import Relay
from thaman_kit.stream_writer import Place, StreamWriter
from thaman_kit.testing_bus import running, until

STREAM = "ONBOARDING"


@pytest.fixture
async def connection(world: Any) -> Any:
    connection = await connect(world.bus, "test")
    await ensure_stream(connection, "onboarding", world.bus)
    yield connection
    await disconnect(connection)


@pytest.fixture
def writer(world: Any, connection: Any) -> StreamWriter:
    return StreamWriter(world.source, world.publication, connection)


async def step(writer: StreamWriter, place: Place) -> None:
    await writer.publish(place, await asyncio.to_thread(writer.read, place))


async def published(connection: Any) -> list[tuple[int, int, str]]:
    """(position, previous, store) of everything in the stream."""
    state = (await api(connection, f"STREAM.INFO.{STREAM}"))["state"]
    js = connection.jetstream()
    envelopes = [
        from_headers((await js.get_msg(STREAM, seq)).headers)
        for seq in range(state["first_seq"], state["last_seq"] + 1)
    ]
    return [(envelope.position, envelope.previous, envelope.store_id) for envelope in envelopes]


async def test_each_message_names_the_place_before_it_in_its_partition(
    world: Any, connection: Any, writer: StreamWriter
) -> None:
    same = next(str(n) for n in range(102, 999) if partition_of(str(n)) == partition_of("101"))
    other = next(str(n) for n in range(102, 999) if partition_of(str(n)) != partition_of("101"))
    for store_id in ("101", other, same, "101", other):
        world.tell(store_id, 1)
    await step(writer, (await writer.locate())[0])
    assert await published(connection) == [
        (1, 0, "101"),
        (2, 0, other),
        (3, 1, same),
        (4, 3, "101"),
        (5, 2, other),
    ]


async def test_the_place_is_read_back_from_the_stream(world: Any, writer: StreamWriter) -> None:
    for number in range(20):
        world.tell(str(number), number)
    place, _ = await writer.locate()
    await step(writer, place)
    again, is_incomplete = await writer.locate()
    assert (again.position, again.sequence, again.last_of) == (20, 20, place.last_of)
    assert not is_incomplete
    writer.verify(again)


async def test_a_relay_that_was_stopped_in_mid_flight_stores_nothing_afterwards(
    world: Any, connection: Any, writer: StreamWriter
) -> None:
    """As with SIGSTOP: it has read its page and its place, another one takes over, then it wakes up."""
    # Message ids alone would also refuse the sleeper, but only while the server remembers them.
    config = (await api(connection, f"STREAM.INFO.{STREAM}"))["config"]
    await api(connection, f"STREAM.UPDATE.{STREAM}", config | {"duplicate_window": 100_000_000})
    world.tell("101", 1, 2, 3)
    sleeper, awake = writer, StreamWriter(world.source, world.publication, connection)
    stale, _ = await sleeper.locate()
    page = await asyncio.to_thread(sleeper.read, stale)
    await step(awake, (await awake.locate())[0])
    world.tell("101", 4)
    forgotten = time.monotonic() + 0.5
    await until(lambda: time.monotonic() > forgotten)
    with pytest.raises(StreamMoved, match="wrong last sequence"):
        await sleeper.publish(stale, page)
    place, _ = await sleeper.locate()
    await step(sleeper, place)
    assert [position for position, _, _ in await published(connection)] == [1, 2, 3, 4]


async def test_two_relays_without_any_lock_never_repeat_or_skip(world: Any, connection: Any) -> None:
    writers = [StreamWriter(world.source, world.publication, connection, page_size=3) for _ in range(2)]
    for number in range(60):
        world.tell(str(number % 7), number)

    async def relay(writer: StreamWriter) -> int:
        moved = 0
        place, _ = await writer.locate()
        while place.position < 60:
            try:
                await step(writer, place)
            except (StreamMoved, BusError):
                moved += 1
                place = await relocate(writer)
        return moved

    async def relocate(writer: StreamWriter) -> Place:
        while True:
            try:
                return (await writer.locate())[0]
            except StreamMoved:
                continue

    moved = await asyncio.gather(*(relay(writer) for writer in writers))
    assert sum(moved) > 0, "they met"
    assert [position for position, _, _ in await published(connection)] == list(range(1, 61))


async def test_a_standby_takes_over(world: Any) -> None:
    first, second = world.relay(), world.relay()
    async with running(world.consumers()), running(second):
        async with running(first):
            world.tell("101", 1)
            await until(lambda: world.heard() == [1])
        world.tell("101", 2)
        await until(lambda: world.heard() == [1, 2])
        second.check()


async def test_a_leader_that_loses_its_database_session_goes_on(world: Any, world_url: str) -> None:
    async with running(world.relay(), world.consumers()):
        world.tell("101", 1)
        await until(lambda: world.heard() == [1])
        with psycopg.connect(world_url, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await until(lambda: _tells(world, 2))
        await until(lambda: world.heard() == [1, 2])


def _tells(world: Any, number: int) -> bool:
    world.tell("101", number)
    return True


async def test_a_deleted_stream_is_rebuilt_and_no_effect_repeats(world: Any, connection: Any) -> None:
    async with running(world.relay(), world.consumers()):
        world.tell("101", *range(10))
        await until(lambda: len(world.heard()) == 10)
        await api(connection, f"STREAM.DELETE.{STREAM}")
        world.tell("101", 10)
        world.tell("102", 11)
        await until(lambda: len(world.heard()) == 12, within=30)
        await until(world.relay_is_through)
    assert len(await published(connection)) == 12
    assert sorted(world.heard()) == list(range(12))
    assert list_letters(world.sink) == []


@pytest.mark.own_servers
async def test_a_wiped_server_is_rebuilt_and_no_effect_repeats(world: Any, own_nats: Any) -> None:
    await provision(world.bus)
    async with running(world.relay(), world.consumers()):
        world.tell("101", *range(10))
        await until(lambda: len(world.heard()) == 10)
        own_nats.stop()
        own_nats.wipe()
        world.tell("101", 10)
        own_nats.start()
        world.tell("101", 11)
        await until(lambda: len(world.heard()) == 12, within=40)
    assert world.heard() == list(range(12))


@pytest.mark.own_servers
async def test_an_idle_relay_notices_that_its_stream_was_lost(world: Any, own_nats: Any) -> None:
    """Nothing new is said, so no refused message tells it; what nobody had read yet must arrive all the same."""
    await provision(world.bus)
    async with running(world.relay()):
        world.tell("101", *range(10))
        await until(world.relay_is_through)
        await asyncio.to_thread(own_nats.stop)
        await asyncio.to_thread(own_nats.wipe)
        await asyncio.to_thread(own_nats.start)
        async with running(world.consumers()):
            await until(lambda: len(world.heard()) == 10, within=40)
    assert world.heard() == list(range(10))


async def test_a_pruned_partition_is_asked_of_the_log(world: Any, connection: Any, writer: StreamWriter) -> None:
    """An operator purged one store's partition; the next message must still name its true predecessor."""
    for number in range(40):
        world.tell(str(number), number)
    place, _ = await writer.locate()
    await step(writer, place)
    partition = partition_of("3")
    await api(connection, f"STREAM.PURGE.{STREAM}", {"filter": f"evt.onboarding.{partition}.store.>"})
    found, is_incomplete = await writer.locate()
    assert is_incomplete and partition not in found.last_of
    await asyncio.to_thread(writer.fill_in, found)
    assert found.last_of == place.last_of


async def test_a_purged_stream_is_filled_again(world: Any, connection: Any, writer: StreamWriter) -> None:
    world.tell("101", 1, 2)
    await step(writer, (await writer.locate())[0])
    await api(connection, f"STREAM.PURGE.{STREAM}")
    place, _ = await writer.locate()
    assert (place.position, place.sequence) == (0, 2)


async def test_a_foreign_message_at_the_end_hides_nothing(world: Any, connection: Any, writer: StreamWriter) -> None:
    world.tell("101", 1)
    await step(writer, (await writer.locate())[0])
    js = connection.jetstream()
    await js.publish("evt.onboarding.store.101.Nonsense", b"not ours")
    await js.publish("evt.onboarding.store.101.Nonsense", b"not ours either")
    place, _ = await writer.locate()
    assert (place.position, place.sequence) == (1, 3)
    world.tell("101", 2)
    async with running(world.relay(), world.consumers()):
        await until(lambda: world.heard() == [1, 2])
        await until(lambda: len(list_letters(world.sink)) == 2)
    assert all(letter.is_foreign for letter in list_letters(world.sink))


async def test_a_log_that_was_restored_from_a_backup_is_noticed(
    world: Any, world_url: str, connection: Any, writer: StreamWriter
) -> None:
    world.tell("101", 1, 2, 3)
    await step(writer, (await writer.locate())[0])
    with psycopg.connect(world_url, autocommit=True) as admin:
        admin.execute("DELETE FROM onboarding.onboarding_events WHERE notification_id = 3")
    place, _ = await writer.locate()
    with pytest.raises(LogMismatch, match=r"at place 3, but the log has nothing there"):
        writer.verify(place)
    relay: Relay = world.relay()
    async with running(relay):
        await until(lambda: _complaint(relay) is not None and "backup" in str(_complaint(relay)))


def _complaint(relay: Relay) -> str | None:
    try:
        relay.check()
    except BusError as error:
        return str(error)
    return None


async def test_large_events_are_cut_into_several_batches(world: Any, connection: Any, writer: StreamWriter) -> None:
    for number in range(12):
        world.tell("101", number, reason="x" * 800_000)
    await step(writer, (await writer.locate())[0])
    assert [position for position, _, _ in await published(connection)] == list(range(1, 13))


async def test_without_a_stream_and_the_right_to_make_one_the_relay_says_so(world: Any, own_nats: Any) -> None:
    from dataclasses import replace

    world.bus = replace(world.bus, may_provision=False)
    relay: Relay = world.relay()
    async with running(relay):
        await until(lambda: "STREAM.INFO.ONBOARDING" in (_complaint(relay) or ""))
    connection = await connect(world.bus, "test")
    with pytest.raises(NotProvisioned):
        await StreamWriter(world.source, world.publication, connection).locate()
    await disconnect(connection)


async def test_an_event_of_a_newer_release_holds_the_relay_until_it_is_upgraded(world: Any, world_url: str) -> None:
    world.tell("101", 1, 2)
    rename = "UPDATE onboarding.onboarding_events SET topic = %s WHERE originator_version = 2"
    with psycopg.connect(world_url, autocommit=True) as admin:
        admin.execute(rename, ("bus_test.FromTheFuture",))
        relay: Relay = world.relay()
        async with running(relay):
            await until(lambda: "FromTheFuture" in (_complaint(relay) or ""))
            admin.execute(rename, ("bus_test.Paused",))
            async with running(world.consumers()):
                await until(lambda: world.heard() == [1, 2])
    assert list_letters(world.source) == []


def test_a_relay_serves_its_own_log_only(world: Any) -> None:
    with pytest.raises(ValueError, match="cannot serve the log of scheduler"):
        Relay(world.sink, world.publication, world.bus, database_url=world.source_url)


async def test_nats_hashes_stores_as_we_do(world: Any, connection: Any) -> None:
    js = connection.jetstream()
    stores = [str(n) for n in range(60)] + ["system", "12345678901234567890"]
    for store_id in stores:
        await js.publish(f"evt.onboarding.store.{store_id}.Probe", b"")
    for sequence, store_id in enumerate(stores, 1):
        stored = await js.get_msg(STREAM, sequence)
        assert stored.subject == f"evt.onboarding.{partition_of(store_id)}.store.{store_id}.Probe"
    assert published_pattern("onboarding") == "evt.onboarding.store.*.*" and PARTITIONS == 8
