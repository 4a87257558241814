"""For tests that want a relay or consumers running in their own process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from thaman_kit.embedded import EmbeddedNats
from thaman_kit.nats import BusSettings

POLL = 0.02


class Runnable(Protocol):
    """A relay, consumers, or anything else that runs until it is told to stop."""

    async def run(self, stop: asyncio.Event) -> None:
        """Run until ``stop`` is set."""


@asynccontextmanager
async def running(*parts: Runnable) -> AsyncIterator[None]:
    """Run the parts while the block lasts, then stop them as a service does; their errors come out here."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(part.run(stop)) for part in parts]
    try:
        yield
        for task in tasks:
            if task.done():
                task.result()
    finally:
        stop.set()
        async with asyncio.timeout(20):
            await asyncio.gather(*tasks)


async def until(condition: Callable[[], object], within: float = 60.0, what: str = "the condition") -> None:
    """Wait until ``condition()``, called in a thread, holds.

    Raises:
        AssertionError: it did not ``within`` seconds.
    """
    deadline = asyncio.get_running_loop().time() + within
    while not await asyncio.to_thread(condition):
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"{what} did not come true within {within:g} s")
        await asyncio.sleep(POLL)


def fast_bus(server: EmbeddedNats, **changes: object) -> BusSettings:
    """Settings with which failures show and pass quickly."""
    quick: dict[str, object] = {"ack_wait_s": 2.0, "retry_delays_s": (0.05, 0.1, 0.15, 0.2), "watch_every_s": 0.5}
    return BusSettings(servers=(server.url,), **(quick | changes))  # type: ignore[arg-type]
