"""PostgreSQL and NATS of an installation: embedded ones of its own, or those that the environment names.

``THAMAN_DATABASE_URL`` (a role that may create schemas and roles) and ``THAMAN_NATS_URL`` replace the embedded servers.
"""

import asyncio
import logging
import os
import signal
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg

from thaman_cli.errors import StartFailed
from thaman_cli.guarding import Guard
from thaman_cli.ports import PortBook
from thaman_cli.state import Home
from thaman_kit.embedded import EmbeddedNats, EmbeddedPostgres
from thaman_kit.errors import EmbeddedError

logger = logging.getLogger(__name__)

DATABASE_URL, NATS_URL = "THAMAN_DATABASE_URL", "THAMAN_NATS_URL"
PREFERRED_POSTGRES, PREFERRED_NATS = 15_432, 14_222
_LOOK_EVERY, _LONGEST_PAUSE = 0.5, 10.0


def uses_external_data() -> bool:
    """Whether either server is not our own, so that its data is not ours to wipe."""
    return bool(os.environ.get(DATABASE_URL) or os.environ.get(NATS_URL))


class Server:
    """One embedded server: started, watched, started again after a crash, stopped."""

    def __init__(self, name: str, embedded: EmbeddedPostgres | EmbeddedNats, guard: Guard, stop_signal: int) -> None:
        self.name = name
        self.restarts = 0
        self._embedded = embedded
        self._guard = guard
        self._stop_signal = stop_signal
        self._wanted = False
        # Two starts at once would wait for each other's folder, so whoever comes second finds it running.
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Start it and wait until it is ready.

        Raises:
            StartFailed: it did not become ready.
        """
        async with self._turn:
            await self._start()

    async def stop(self, *, crash: bool = False) -> None:
        """Stop it and wait for its end; ``crash`` lets PostgreSQL end as in one."""
        async with self._turn:
            self._wanted = False
            pid = self._embedded.pid
            if crash and isinstance(self._embedded, EmbeddedPostgres):
                await asyncio.to_thread(self._embedded.stop, immediate=True)
            else:
                await asyncio.to_thread(self._embedded.stop)
            if pid is not None:
                self._guard.forget(pid)

    async def revive(self) -> None:
        """Start it again where it ended by itself."""
        async with self._turn:
            if self._wanted and self._embedded.pid is None:
                self.restarts += 1
                await self._start()

    async def _start(self) -> None:
        try:
            await asyncio.to_thread(self._embedded.start)
        except (EmbeddedError, OSError, psycopg.Error) as error:
            raise StartFailed(f"{self.name} did not start", str(error), "Run `thaman doctor`.") from error
        self._wanted = True
        if (pid := self._embedded.pid) is not None:
            self._guard.watch(pid, self._stop_signal)


class Servers:
    """Both servers; ``postgres`` and ``nats`` are ``None`` where the environment names one."""

    def __init__(self, postgres: EmbeddedPostgres | None, nats: EmbeddedNats | None, guard: Guard) -> None:
        self.postgres = postgres
        self.nats = nats
        self._database = Server("PostgreSQL", postgres, guard, signal.SIGINT) if postgres is not None else None
        self._bus = Server("NATS", nats, guard, signal.SIGTERM) if nats is not None else None

    @classmethod
    def make(cls, home: Home, ports: PortBook, guard: Guard, *, durable: bool) -> "Servers":
        """Choose ports and folders; nothing is started yet."""
        postgres = nats = None
        if not os.environ.get(DATABASE_URL):
            postgres = EmbeddedPostgres(
                home.data / "postgres", ports.take(PREFERRED_POSTGRES), durable, options={"max_connections": "300"}
            )
        if not os.environ.get(NATS_URL):
            nats = EmbeddedNats(home.data / "nats", ports.take(PREFERRED_NATS), sync_always=durable)
        return cls(postgres, nats, guard)

    @property
    def admin_url(self) -> str:
        """PostgreSQL as a role that may create schemas and roles."""
        return self.postgres.url if self.postgres is not None else os.environ[DATABASE_URL]

    @property
    def nats_url(self) -> str:
        """NATS as a user that may create streams."""
        return self.nats.url if self.nats is not None else os.environ[NATS_URL]

    async def start_postgres(self) -> None:
        """Start the embedded PostgreSQL, if there is one."""
        if self._database is not None:
            await self._database.start()

    async def stop_postgres(self, *, crash: bool = False) -> None:
        """Stop the embedded PostgreSQL, if there is one; ``crash`` as in a crash."""
        if self._database is not None:
            await self._database.stop(crash=crash)

    async def start_nats(self) -> None:
        """Start the embedded NATS, if there is one."""
        if self._bus is not None:
            await self._bus.start()

    async def stop_nats(self) -> None:
        """Stop the embedded NATS, if there is one."""
        if self._bus is not None:
            await self._bus.stop()

    async def watch(self) -> None:
        """Start again, for ever, what ended by itself; slower and slower while it cannot be started."""
        pause = _LOOK_EVERY
        while True:
            await asyncio.sleep(pause)
            try:
                for server in (self._database, self._bus):
                    if server is not None:
                        await server.revive()
                pause = _LOOK_EVERY
            except StartFailed as error:
                logger.error("%s: %s", error.what, error.why)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def stop(self) -> None:
        """Stop what was started here, NATS first."""
        await self.stop_nats()
        await self.stop_postgres()


def as_role(admin_url: str, role: str, password: str) -> str:
    """The same database, as another role."""
    parts = urlsplit(admin_url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{quote(password, safe='')}@{host}"))
