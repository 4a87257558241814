"""PostgreSQL or NATS is away from one service for ten seconds; afterwards everything drains by itself."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

import pytest
from tests.faults.books import check_books
from tests.faults.market import Market
from tests.support.proxy import FaultProxy
from tests.support.system import System

from thaman_cli.child import Spec
from thaman_cli.plan import roles_of
from thaman_contracts.subjects import ROOMS

VARIABLES = {"postgres": "THAMAN_DATABASE_URL", "nats": "THAMAN_NATS_URL"}
KINDS = ("refuse", "blackhole")
SHORT = ("optimizer", "nats", "blackhole")

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def behind_proxy(system: System, service: str, server: str) -> AsyncIterator[FaultProxy]:
    """All processes of a service reach a server through the proxy, until the end of the block."""
    plain = [system.supervisor.children[f"{service}-{role}"].spec for role in roles_of(service)]
    parts = urlsplit(plain[0].env[VARIABLES[server]])
    assert parts.hostname
    assert parts.port
    proxy = await FaultProxy((parts.hostname, parts.port)).start()
    login, at, _ = parts.netloc.rpartition("@")
    url = urlunsplit(parts._replace(netloc=f"{login}{at}127.0.0.1:{proxy.port}"))
    try:
        await _restart(system, [replace(spec, env={**spec.env, VARIABLES[server]: url}) for spec in plain])
        yield proxy
    finally:
        proxy.heal()
        await _restart(system, plain)
        await proxy.stop()


async def lose(market: Market, service: str, server: str, kind: str, seconds: float) -> None:
    """Prices are made while the server is away; everything has to be done in the end, through the same proxy."""
    dice = random.Random(f"{service} {server} {kind}")
    async with behind_proxy(market.system, service, server) as proxy:
        people = asyncio.create_task(market.trade(dice))
        try:
            getattr(proxy, kind)()
            await asyncio.sleep(seconds)  # the length of the outage is what is tested
            proxy.heal()
            await people
        finally:
            people.cancel()
        await market.settle()
        assert proxy.connections > 0
    await check_books(market.system)


@pytest.mark.faults
@pytest.mark.timeout(240)
async def test_a_service_loses_a_server_for_a_moment(market: Market) -> None:
    await lose(market, *SHORT, seconds=4)


@pytest.mark.faults
@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("server", VARIABLES)
@pytest.mark.parametrize("service", ROOMS)
async def test_a_service_loses_a_server_for_ten_seconds(market: Market, service: str, server: str, kind: str) -> None:
    await lose(market, service, server, kind, seconds=10)


async def _restart(system: System, specs: Sequence[Spec]) -> None:
    for spec in specs:
        child = system.supervisor.children[spec.name]
        await child.stop()
        child.spec = spec
        await child.start()
    await system.supervisor.wait_ready([spec.name for spec in specs])
