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
    return (await _run(system, statement, params))[0]


async def execute(system: System, statement: str, params: Mapping[str, Any] | None = None) -> int:
    """Run a statement that may be run twice, as the server may go away before it says that it was done.

    Returns how many rows it touched.
    """
    return (await _run(system, statement, params))[1]


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


async def _run(system: System, statement: str, params: Mapping[str, Any] | None) -> tuple[list[dict[str, Any]], int]:
    """Rows and their number, also where the server is being restarted at this very moment."""
    url = system.supervisor.servers.admin_url
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                url, row_factory=dict_row, options="-c timezone=UTC"
            ) as connection:
                cursor = await connection.execute(statement.encode(), params)
                return (await cursor.fetchall() if cursor.description else []), cursor.rowcount
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.2)
