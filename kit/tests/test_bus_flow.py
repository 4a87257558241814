"""From the log of one service to the effects in another, on a real nats-server and PostgreSQL."""

import asyncio
import time
from typing import Any

import psycopg
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from thaman_contracts.events import EventData, onboarding
from thaman_kit import telemetry
from thaman_kit.dead_letters import list_letters
from thaman_kit.domain import EventMeta, caused_by
from thaman_kit.errors import BusError
from thaman_kit.provisioning import provision
from thaman_kit.routing import Router
from thaman_kit.testing_bus import running, until

TRACE = "0af7651916cd43dd8448eb211c80319c"


async def test_events_arrive_once_and_in_order(world: Any) -> None:
    world.tell("101", *range(50))
    await provision(world.bus)
    async with running(world.relay(), world.consumers()):
        await until(lambda: len(world.heard()) == 50)
        world.tell("101", *range(50, 60))
        world.tell("102", 1000)
        await until(lambda: len(world.heard()) == 61)
    assert world.heard("101") == list(range(60))
    assert world.heard("102") == [1000]


async def test_nothing_needs_to_be_provisioned_by_hand(world: Any) -> None:
    world.tell("101", 1)
    async with running(world.consumers(), world.relay()):
        await until(lambda: world.heard() == [1])


async def test_an_event_that_comes_alone_is_not_kept_waiting(world: Any) -> None:
    async with running(world.relay(), world.consumers()):
        world.tell("101", 0)
        await until(lambda: world.heard("101") == [0])
        begin = time.monotonic()
        for number in range(1, 6):
            world.tell("101", number)
            await until(lambda number=number: len(world.heard("101")) == number + 1)
        # FastStream's own loop would hold each one back for its whole collecting time.
        assert time.monotonic() - begin < 5 * 0.5


async def test_causes_and_trace_travel_with_the_events(world: Any) -> None:
    telemetry.setup("test", [SimpleSpanProcessor(InMemorySpanExporter())])
    cause = EventMeta(
        correlation_id="request-1", causation_id="command-1", traceparent=f"00-{TRACE}-b7ad6b7169203331-01"
    )
    with caused_by(cause):
        event = world.event("101", 1)
    world.append(event)
    async with running(world.relay(), world.consumers()):
        await until(world.heard)
    row = world.sink.database.fetch_one("SELECT * FROM heard")
    assert (row["cause"], row["correlation"]) == (event.event_id, "request-1")
    version, trace_id, span_id, _ = row["traceparent"].split("-")
    assert (version, trace_id) == ("00", TRACE)
    assert span_id != "b7ad6b7169203331", "the consumer has a span of its own"


async def test_spans_of_a_batch_stay_apart(world: Any) -> None:
    provider = telemetry.setup("test")
    assert isinstance(provider, TracerProvider)
    traces = [f"{number:032x}" for number in range(1, 6)]
    for number, trace_id in enumerate(traces):
        with caused_by(EventMeta(traceparent=f"00-{trace_id}-b7ad6b7169203331-01")):
            world.append(world.event("101", number))
    async with running(world.relay(), world.consumers()):
        await until(lambda: len(world.heard()) == 5)
    rows = world.sink.database.fetch_all("SELECT traceparent FROM heard ORDER BY n")
    assert [row["traceparent"].split("-")[1] for row in rows] == traces


async def test_private_events_stay_at_home_and_break_no_chain(world: Any, demo: Any) -> None:
    world.tell("101", 1)
    world.append(demo.Secret(**demo.bare("101", 1)))
    world.tell("101", 2)
    async with running(world.relay(), world.consumers()):
        await until(lambda: world.heard() == [1, 2])


async def test_what_cannot_be_published_is_kept_and_blocks_nobody(world: Any, demo: Any) -> None:
    world.tell("101", 1)
    world.append(demo.Unmapped(**demo.bare("101", 1)))
    world.tell("101", 2, reason="x" * 1_000_000)
    world.tell("101", 3)
    async with running(world.relay(), world.consumers()):
        await until(lambda: world.heard() == [1, 3])
    unmapped, oversize = list_letters(world.source)
    assert "DemoUnmapped is not mapped" in unmapped.reason
    assert "900000 are allowed" in oversize.reason
    assert unmapped.is_unpublished and oversize.store_id == "101"


async def test_events_without_a_handler_are_only_tracked(world: Any) -> None:
    world.tell("101", 1, 2)
    async with running(world.relay(), world.consumers(Router())):
        await until(lambda: sum(world.sink.position(f"onboarding:{p}") for p in range(8)) == 2)
    assert world.heard() == []


async def test_a_router_may_hear_everything(world: Any) -> None:
    heard: list[str] = []
    router = Router()
    router.on(EventData)(lambda event, envelope, unit: heard.append(event.event_name()))
    other = Router()
    other.on(onboarding.StorePaused)(lambda event, envelope, unit: heard.append("paused"))
    router.include(other)
    world.tell("101", 1)
    async with running(world.relay(), world.consumers(router)):
        await until(lambda: len(heard) == 2)
    assert heard == ["StorePaused", "paused"]


async def test_a_lower_id_that_commits_late_is_not_passed_over(world: Any, world_url: str) -> None:
    """An open transaction holds place 1 while another writer asks for place 2: the relay must not see 2 first."""
    event = world.event("101", 1)
    stored = world.source.mapper.to_stored_event(event)
    async with running(world.relay(), world.consumers()):
        with psycopg.connect(world.source_url) as slow:
            slow.execute("LOCK TABLE onboarding.onboarding_events IN EXCLUSIVE MODE")
            slow.execute(
                "INSERT INTO onboarding.onboarding_events (originator_id, originator_version, topic, state)"
                " VALUES (%s, %s, %s, %s)",
                (stored.originator_id, stored.originator_version, stored.topic, stored.state),
            )
            fast = asyncio.create_task(asyncio.to_thread(world.tell, "102", 2))
            with psycopg.connect(world_url, autocommit=True) as admin:
                await until(lambda: admin.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone())
            assert not fast.done()
        await fast
        await until(lambda: len(world.heard()) == 2)
    assert world.heard("101") == [1]
    assert world.heard("102") == [2]


@pytest.mark.own_servers
async def test_readiness_tells_what_is_wrong(world: Any, own_nats: Any) -> None:
    consumers, relay = world.consumers(), world.relay()
    with pytest.raises(BusError, match="not looked at yet"):
        consumers.check()
    async with running(consumers, relay):
        await until(_passes(consumers.check))
        await until(_passes(relay.check))
        own_nats.stop()
        await until(lambda: not _passes(consumers.check)(), what="consumers not ready")
        world.tell("101", 1)
        await until(lambda: not _passes(relay.check)(), what="relay not ready")
        own_nats.start()
        await until(lambda: world.heard() == [1])
        await until(_passes(consumers.check))
        await until(_passes(relay.check))


async def test_throughput_is_printed(world: Any, capsys: pytest.CaptureFixture[str]) -> None:
    count = 5000
    for start in range(0, count, 500):
        world.append(*(world.event(str(n % 50), n) for n in range(start, start + 500)))
    await provision(world.bus)
    begin = time.monotonic()
    async with running(world.relay()):
        await until(world.relay_is_through)
        relayed = time.monotonic()
        async with running(world.consumers()):
            await until(lambda: len(world.heard()) == count, within=60)
            consumed = time.monotonic()
    for store in range(50):
        assert world.heard(str(store)) == list(range(store, count, 50))
    with capsys.disabled():
        print(
            f"\nrelay {count / (relayed - begin):.0f} events/s, consumers {count / (consumed - relayed):.0f} events/s"
        )


def _passes(check: Any) -> Any:
    def passes() -> bool:
        try:
            check()
        except BusError:
            return False
        return True

    return passes
