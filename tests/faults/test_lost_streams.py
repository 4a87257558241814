"""NATS comes back with nothing: streams are rebuilt from PostgreSQL, consumers go on, and no effect is repeated."""

import random
from typing import Any

import nats
import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError
from tests.faults.books import check_books
from tests.faults.database import rows
from tests.faults.market import Market
from tests.support.system import System, wait_until

from thaman_contracts.subjects import SERVICES, stream_of
from thaman_kit.errors import KitError
from thaman_kit.nats import api

pytestmark = [pytest.mark.faults, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="session")]


async def effects(system: System) -> dict[str, Any]:
    """Everything that a message could have made once more."""
    found: dict[str, Any] = {}
    for service in SERVICES:
        found[f"{service} events"] = await _count(system, f"{service}.{service}_events")
        found[f"{service} jobs"] = await _count(system, f"{service}.jobs")
        found[f"{service} dead letters"] = await _count(system, f"{service}.dead_letters")
    found["ledger entries"] = await _count(system, "audit.ledger")
    found["writes at Salla"] = len(await system.salla.get("/write-log"))
    return found


async def streams(system: System) -> dict[str, tuple[int, int]]:
    """For each service: the messages in its stream, and how often one still waits for a consumer or its answer."""
    async with await nats.connect(
        system.supervisor.servers.nats_url, allow_reconnect=False, error_cb=_say_nothing
    ) as bus:
        return {service: await _stream(bus, stream_of(service)) for service in SERVICES}


async def test_streams_are_rebuilt_and_nothing_is_done_twice(market: Market) -> None:
    system, dice = market.system, random.Random(7)
    await market.move(dice)
    await market.price_all()
    await market.approve_all()
    await market.settle()
    for store_id in market.stores:  # so that no slot falls due between the two counts
        await system.api.post("onboarding", f"/stores/{store_id}/pause", {"reason": "NATS is being replaced"})
    await market.settle()
    before, held = await effects(system), await streams(system)
    await system.restart_nats(lose_streams=True)
    seen: list[Any] = []

    async def are_rebuilt() -> bool:
        try:
            seen[:] = [await streams(system)]
        except (NatsError, KitError, OSError, TimeoutError) as error:
            seen[:] = [repr(error)]  # NATS or a stream is not back yet
        return seen == [held]

    try:
        await wait_until(are_rebuilt, 90, f"streams (messages, of them unread) {held}")
    except AssertionError as error:
        error.add_note(f"found at the end: {seen}")
        raise
    await market.settle()
    assert await effects(system) == before
    for store_id in market.stores:
        await system.api.post("onboarding", f"/stores/{store_id}/resume")
    await market.move(dice, share=1.0)
    await market.price_all()
    await market.settle()
    await check_books(system)
    after = await effects(system)
    assert after["optimizer events"] > before["optimizer events"]
    assert after["writes at Salla"] > before["writes at Salla"]


async def test_what_a_consumer_had_not_read_yet_reaches_it_after_the_loss(market: Market) -> None:
    system = market.system
    worker = system.supervisor.children["audit-worker"]
    await worker.stop()
    try:
        await market.move(random.Random(8))
        await market.price_all()
        await market.wait_priced()
        await system.restart_nats(lose_streams=True)
    finally:
        await worker.start()
    await market.settle()


async def _stream(bus: Client, name: str) -> tuple[int, int]:
    state = (await api(bus, f"STREAM.INFO.{name}"))["state"]
    listed = await api(bus, f"CONSUMER.LIST.{name}", {"offset": 0})
    assert listed["total"] == len(listed["consumers"]), "a second page"
    return state["messages"], sum(one["num_pending"] + one["num_ack_pending"] for one in listed["consumers"])


async def _say_nothing(_: Exception) -> None:
    """What goes wrong while NATS is away reaches the caller anyway."""


async def _count(system: System, table: str) -> int:
    (row,) = await rows(system, f"SELECT count(*) AS number FROM {table}")
    return int(row["number"])
