"""An embedded server under the supervisor's eyes: whoever starts, stops and revives it, they take turns."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from thaman_cli.servers import Server
from thaman_kit.embedded import EmbeddedNats


class Watched:
    """What the guard is told."""

    def __init__(self) -> None:
        self.pids: set[int] = set()

    def watch(self, pid: int, number: int) -> None:
        """A server to be ended with us."""
        self.pids.add(pid)

    def forget(self, pid: int) -> None:
        """A server that ended."""
        self.pids.discard(pid)


@pytest.fixture
def embedded(tmp_path: Path) -> EmbeddedNats:
    """A server that is not started yet."""
    return EmbeddedNats(tmp_path / "nats", sync_always=False)


@pytest.fixture
async def server(embedded: EmbeddedNats) -> AsyncIterator[Server]:
    """It, as the supervisor has it."""
    one = Server("NATS", embedded, Watched(), signal.SIGTERM)  # type: ignore[arg-type]
    yield one
    await one.stop()


async def test_starts_at_the_same_time_start_one_server(server: Server, embedded: EmbeddedNats) -> None:
    await asyncio.gather(*(server.start() for _ in range(4)))
    assert embedded.pid is not None
    assert server.restarts == 0


async def test_what_died_is_revived_once(server: Server, embedded: EmbeddedNats) -> None:
    await server.start()
    embedded.kill()
    await asyncio.gather(server.revive(), server.start(), server.revive())
    assert embedded.pid is not None
    assert server.restarts == 1


async def test_what_is_being_stopped_is_not_revived(server: Server, embedded: EmbeddedNats) -> None:
    await server.start()
    await asyncio.gather(server.stop(), *(server.revive() for _ in range(3)))
    assert embedded.pid is None
    assert server.restarts == 0
