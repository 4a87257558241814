"""Supervised processes: restarted after a crash, stopped for good, killed when deaf."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from thaman_cli.child import Child, Spec
from thaman_cli.guard import start_time
from thaman_cli.guarding import Guard

SLEEPER = "import time; print('ready', flush=True); time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Callable[[str], Child]]:
    guard = Guard.start(tmp_path / "guard.lock")
    made: list[Child] = []

    def build(code: str) -> Child:
        spec = Spec("x", [sys.executable, "-c", code], dict(os.environ))
        made.append(Child(spec, tmp_path / "x.log", guard, lambda: None))
        return made[-1]

    yield build
    for child in made:
        await child.stop(0.1)
    guard.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 -- a process' end sets no event here
            await asyncio.sleep(0.01)


async def test_a_killed_process_comes_back(make: Callable[[str], Child]) -> None:
    child = make(SLEEPER)
    await child.start()
    first = child.pid
    child.kill()
    await until(lambda: child.restarts == 1 and child.pid not in (None, first))
    assert child.last_exit == -signal.SIGKILL


async def test_a_stopped_process_stays_away(make: Callable[[str], Child]) -> None:
    child = make(SLEEPER)
    await child.start()
    pid = child.pid
    await child.stop()
    assert pid is not None
    assert not start_time(pid)
    assert child.pid is None
    assert child.restarts == 0


async def test_a_deaf_process_is_killed(make: Callable[[str], Child]) -> None:
    child = make(DEAF)
    await child.start()
    await until(lambda: "ready" in child.last_lines())
    await child.stop(0.2)
    assert child.last_exit == -signal.SIGKILL


async def test_a_frozen_process_can_be_stopped(make: Callable[[str], Child]) -> None:
    child = make(SLEEPER)
    await child.start()
    await until(lambda: "ready" in child.last_lines())
    child.kill(signal.SIGSTOP)
    await child.stop(5)
    assert child.last_exit == -signal.SIGTERM


async def test_a_crashing_process_is_restarted_ever_slower(make: Callable[[str], Child]) -> None:
    child = make("raise SystemExit('no good')")
    loop = asyncio.get_running_loop()
    began = loop.time()
    await child.start()
    await until(lambda: child.restarts == 2)
    assert loop.time() - began >= 0.5 + 1.0
    assert "no good" in child.last_lines()
    assert child.last_exit == 1


async def test_it_can_be_started_again(make: Callable[[str], Child]) -> None:
    child = make(SLEEPER)
    await child.start()
    await child.stop()
    await child.start()
    assert child.pid is not None
