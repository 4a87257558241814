"""Hears of what the projection stored, and rings it out to the open pages: one connection for a whole process."""

import asyncio
from contextlib import suppress

import psycopg
from psycopg.conninfo import make_conninfo

from thaman_dashboard.live import CHANNEL, LiveHub, announced
from thaman_kit.logging import get_logger

_KEEPALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "connect_timeout": 10}
_LONGEST_PAUSE_S = 30.0
_LOOK_S = 0.5
"""How soon a listener notices that it is to stop."""

log = get_logger(__name__)


class Listener:
    """Runs beside the api. While the database is away it tries again; what was missed is news to everybody then."""

    def __init__(self, url: str, hub: LiveHub) -> None:
        self._address = make_conninfo(url, application_name="dashboard-live", **_KEEPALIVE)
        self._hub = hub

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until told to stop; then all lines end."""
        pause = 1.0
        try:
            while not stop.is_set():
                try:
                    await self._listen(stop)
                    pause = 1.0
                except (psycopg.Error, OSError) as error:
                    log.warning("live_listener_lost", reason=type(error).__name__, again_in_s=pause)
                    with suppress(TimeoutError):
                        await asyncio.wait_for(stop.wait(), pause)
                    pause = min(pause * 2, _LONGEST_PAUSE_S)
        finally:
            self._hub.close()

    async def _listen(self, stop: asyncio.Event) -> None:
        async with await psycopg.AsyncConnection.connect(self._address, autocommit=True) as connection:
            await connection.execute(f"LISTEN {CHANNEL}".encode())
            self._hub.tell_all()
            while not stop.is_set():
                async for notice in connection.notifies(timeout=_LOOK_S):
                    self._hub.tell(*announced(notice.payload))
