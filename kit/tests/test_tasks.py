"""Tasks end when they are told to, also those that did not hear it the first time."""

import asyncio
import logging
from typing import Any

import pytest

from thaman_kit import relay as relay_module
from thaman_kit.tasks import end


async def hard_of_hearing(deaf_to: int) -> None:
    """Work that swallows some cancellations, as ``wait_for`` can."""
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if deaf_to <= 0:
                raise
            deaf_to -= 1


@pytest.mark.parametrize("deaf_to", [0, 1, 3])
async def test_it_is_told_again_until_it_ends(deaf_to: int) -> None:
    task = asyncio.create_task(hard_of_hearing(deaf_to))
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await end(task)
    assert task.cancelled()


async def test_what_is_done_is_left_alone_and_an_error_at_the_end_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async def answer() -> int:
        return 7

    async def break_at_the_end() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError("torn")

    done = asyncio.create_task(answer())
    await done
    await end(done)
    assert done.result() == 7
    breaking = asyncio.create_task(break_at_the_end(), name="breaking")
    await asyncio.sleep(0)
    with caplog.at_level(logging.WARNING):
        await end(breaking)
    assert "breaking ended with ValueError: torn" in caplog.text


async def test_a_relay_stops_although_connecting_swallowed_the_word(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connecting = asyncio.Event()

    async def connect(*_: Any) -> None:
        connecting.set()
        await hard_of_hearing(1)

    monkeypatch.setattr(relay_module, "connect", connect)
    stop = asyncio.Event()
    running = asyncio.create_task(world.relay().run(stop))
    await connecting.wait()
    stop.set()
    # A timeout would cancel the relay once more, which is the help that it must not need.
    ended, _ = await asyncio.wait({running}, timeout=5)
    assert ended
    running.result()
