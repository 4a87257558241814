"""What an administrator sees and does in the database of a running system."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.rows import dict_row
from tests.support.system import System

PATIENCE_S = 60.0


async def rows(system: System, statement: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """The rows of a query."""
    async with await _connect(system) as connection:
        return await (await connection.execute(statement.encode(), params)).fetchall()


async def execute(system: System, statement: str, params: Mapping[str, Any] | None = None) -> int:
    """Run a statement; how many rows it touched."""
    async with await _connect(system) as connection:
        return (await connection.execute(statement.encode(), params)).rowcount


async def let_leases_run_out(system: System, service: str) -> None:
    """What the passing of time does to the jobs of a worker that has just died; its successor is not up yet."""
    await execute(system, f"UPDATE {service}.jobs SET leased_until = now() WHERE state = 'running'")


async def let_lost_writes_time_out(system: System) -> None:
    """What five minutes do to queued writes that Salla lost. Our own calls end within seconds, so none is under way."""
    aged = await execute(
        system,
        "UPDATE onboarding.decisions SET started_at = started_at - interval '5 minutes', next_at = now()"
        " WHERE state = 'started' AND call = 'bulk' AND started_at BETWEEN now() - interval '5 minutes'"
        " AND now() - interval '10 seconds'",
    )
    if aged:
        await execute(system, "UPDATE onboarding.jobs SET run_at = now() WHERE queue = 'write' AND state = 'waiting'")


async def _connect(system: System) -> psycopg.AsyncConnection[dict[str, Any]]:
    """A connection, also where the server is being restarted at this very moment."""
    url = system.supervisor.servers.admin_url
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return await psycopg.AsyncConnection.connect(url, row_factory=dict_row, options="-c timezone=UTC")
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.2)
