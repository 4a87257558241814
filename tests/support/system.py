"""The whole system under test: the same supervisor as ``thaman up``, with handles to hurt it.

::

    async with System(tmp_path) as system:
        stores = await system.open_and_connect(DEMO_STORES)
        system.kill("optimizer-worker")
        await system.restart_postgres(immediate=True)
        await system.wait_quiet()
        await system.check_world()

Use it from an async test (the main thread's loop). Whatever happens in the test, everything is stopped at the end.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from tests.support.proxy import FaultProxy
from thaman_cli.api import Api
from thaman_cli.checking import check
from thaman_cli.salla import LocalSalla
from thaman_cli.state import Home
from thaman_cli.supervisor import Options, Supervisor
from thaman_cli.world import WorldReport, wait_until_quiet
from thaman_kit.testing_given import DATABASE_URL, NATS_URL

PROXIED = ("database", "nats", "salla")


@contextmanager
def own_servers() -> Iterator[None]:
    """Hide servers that were given for the tests: a system kills and empties its servers, and makes them its own.

    Only its start looks for them, so that other tests of the session still find theirs afterwards.
    """
    hidden = {name: os.environ.pop(name) for name in (DATABASE_URL, NATS_URL) if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)


class System:
    """One running installation in ``folder``; with ``proxies`` a fault proxy stands in front of each server."""

    def __init__(
        self,
        folder: Path,
        *,
        proxies: bool = False,
        durable: bool = False,
        env: Mapping[str, str] | None = None,
        log_level: str = "info",
    ) -> None:
        self.home = Home(folder)
        self.proxies = {kind: FaultProxy() for kind in PROXIED} if proxies else {}
        options = Options(durable=durable, log_level=log_level, extra_env=env or {}, via=self._via)
        self.supervisor = Supervisor(self.home, options)

    async def __aenter__(self) -> Self:
        for proxy in self.proxies.values():
            await proxy.start()
        try:
            with own_servers():
                await self.supervisor.start()
        except BaseException:
            await self.__aexit__()
            raise
        key = self.home.load_secrets().operator_key
        assert key is not None
        self.api = Api(self.supervisor.running.urls, key.get_secret_value())
        self.salla = LocalSalla(self.supervisor.running.urls["sandbox"])
        return self

    async def __aexit__(self, *_: object) -> None:
        if hasattr(self, "api"):
            await self.api.close()
            await self.salla.close()
        await self.supervisor.stop()
        for proxy in self.proxies.values():
            await proxy.stop()

    @property
    def process_names(self) -> list[str]:
        """Every process that can be killed."""
        return list(self.supervisor.children)

    def kill(self, name: str) -> None:
        """SIGKILL a process; the supervisor starts it again."""
        self.supervisor.children[name].kill()

    async def freeze(self, name: str, seconds: float) -> None:
        """SIGSTOP a process for a while, as a long pause of its machine would."""
        child = self.supervisor.children[name]
        child.kill(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        child.kill(signal.SIGCONT)

    async def restart_postgres(self, *, immediate: bool = False) -> None:
        """Restart PostgreSQL; ``immediate`` as after a crash."""
        await self.supervisor.servers.stop_postgres(crash=immediate)
        await self.supervisor.servers.start_postgres()

    async def restart_nats(self, *, lose_streams: bool = False) -> None:
        """Restart NATS, perhaps with its store directory gone."""
        nats = self.supervisor.servers.nats
        assert nats is not None
        await self.supervisor.servers.stop_nats()
        if lose_streams:
            await asyncio.to_thread(nats.wipe)
        await self.supervisor.servers.start_nats()

    async def wait_ready(self) -> None:
        """Wait until every process says that it is ready (again)."""
        await self.supervisor.wait_ready()

    async def wait_quiet(self, within: float = 90.0) -> None:
        """Wait until nothing is under way: no job, no unread event, no open write.

        Raises:
            NotQuiet: something still was at the end; it is named.
        """
        await asyncio.to_thread(wait_until_quiet, self.supervisor.servers.admin_url, within=within)

    async def check_world(self) -> WorldReport:
        """Every invariant, once everything is quiet."""
        return await asyncio.to_thread(check, self.home)

    def _via(self, kind: str, url: str) -> str:
        if not self.proxies:
            return url
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        proxy = self.proxies[kind]
        proxy.target = (parts.hostname, parts.port)
        login, at, _ = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{login}{at}127.0.0.1:{proxy.port}"))


async def wait_until(
    condition: Callable[[], Awaitable[bool]], within: float = 90.0, what: str = "the condition"
) -> None:
    """Wait until ``condition()`` holds.

    Raises:
        AssertionError: it did not ``within`` seconds.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + within
    while not await condition():
        if loop.time() > end:
            raise AssertionError(f"{what} did not come true within {within:g} s")
        await asyncio.sleep(0.1)
