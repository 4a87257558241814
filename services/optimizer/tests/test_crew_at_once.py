"""Six stores' runs at once in the real process with a crew, while the model takes its time.

Deadlines are read from the recorded events, memory is the kernel's own peak of the process, and whether it stopped in
time is its exit code: a process that had to end itself (after 9.5 s) says 70.
"""

import re
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml

from thaman_kit.clock import ManualClock
from thaman_kit.testing import wait_until
from thaman_optimizer.bootstrap import build

from .conftest import FakePages, World, optimizer_settings
from .crewing import CREW, Model, advice_of, model_fixture, pass_on, process_with_a_crew, sandbox_fixture, shelf  # noqa: F401

# Two processes load CrewAI here, half a minute each on a small busy machine.
pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

STORES = tuple("123456")
DEADLINE = timedelta(seconds=20)
"""Longer than a process may take to stop, so that runs are really cut off when it is told to."""

SLACK = timedelta(seconds=10)
"""For loading the items, building the crews and storing the answers, six times on few cores. The model would answer
after :data:`SLOW_S`, far behind deadline and slack."""

SLOW_S = 300
SETTINGS = {
    "optimizer_runs_at_once": len(STORES),
    "optimizer_lease_seconds": 5,
    "optimizer_crew_deadline_seconds": DEADLINE.seconds,
    "optimizer_crew_call_seconds": 120,
    # Six failures in a row would make the endpoint be left alone, and the second half of the test ask nothing.
    "optimizer_crew_failures": 100,
}

MOST_GROWTH_MB = 128
"""What six crews at once may add to the process that has just loaded CrewAI. A crew is some megabytes of objects and a
brief of at most 30 items; the rest is what CrewAI imports when it is first used."""

ROOT = Path(__file__).parents[3]


@pytest.fixture
def world(database: str) -> Iterator[World]:
    """Six stores that want advice, whose rivals were read by an earlier run and need not be read again."""
    clock = ManualClock(datetime.now(UTC))
    pages = FakePages(clock)
    container = build(optimizer_settings(database), clock, pages)
    found = World(container, clock, pages, database)
    for store in STORES:
        found.connect(store, settings=CREW | {"mode": "manual"})
        shelf(found, store)
        found.run(store, cause=f"first-{store}")
    yield found
    container.close()


def test_six_runs_at_once_keep_deadlines_and_memory_and_go_on_elsewhere_after_the_end(
    world: World, database: str, model: Model, tmp_path: Path
) -> None:
    model.behave("slow", slow_seconds=SLOW_S)
    with process_with_a_crew(database, model, tmp_path, **SETTINGS) as process:
        loaded = loaded_mb(process, tmp_path / "crew.log")
        late = asked_for(world, "late")
        wait_until(lambda: ended(world, late), 200, "six runs without an answer")
        check_deadlines(world, late)
        assert len(model.asked()) == len(STORES), "each was asked once, and nothing twice"
        check_memory(peak_mb(process), loaded)

        model.forget()
        cut = asked_for(world, "cut")
        wait_until(lambda: len(model.asked()) == len(STORES), 100, "six open questions")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, "70 would be a stop that took too long"
    assert not ended(world, cut), "nobody had an answer to decide with"

    model.behave("sensible")
    with process_with_a_crew(database, model, tmp_path, **SETTINGS):
        wait_until(lambda: ended(world, cut), 200, "the same six runs in another process")
    for store, run in cut.items():
        assert advice_of(world, run, store)["outcome"] == "ok"


def asked_for(world: World, cause: str) -> dict[str, UUID]:
    """A run of each store, all passed on in one moment."""
    world.clock.set(datetime.now(UTC))
    runs = {store: world.ask(store, cause=f"{cause}-{store}") for store in STORES}
    pass_on(world)
    return runs


def ended(world: World, runs: dict[str, UUID]) -> bool:
    """Whether all of the runs are completed."""
    done = {one["state"]["run_id"] for one in world.events("run.Completed")}
    return {str(run) for run in runs.values()} <= done


def check_deadlines(world: World, runs: dict[str, UUID]) -> None:
    """All were asked about at the same time, gave up by the deadline, and were decided at once."""
    times = {topic: times_of(world, topic) for topic in ("run.MarketScouted", "run.MarketAssessed", "run.Completed")}
    spans = [[times[topic][str(run)] for topic in times] for run in runs.values()]
    assert max(scouted for scouted, _, _ in spans) < min(assessed for _, assessed, _ in spans), "they ran side by side"
    for scouted, assessed, completed in spans:
        assert DEADLINE <= assessed - scouted <= DEADLINE + SLACK
        assert completed - scouted <= DEADLINE + SLACK
    for store, run in runs.items():
        found = advice_of(world, run, store)
        assert (found["outcome"], found["reason"]) == ("failed", "timeout")


def times_of(world: World, topic: str) -> dict[str, datetime]:
    """When each run said so, by the process's own clock."""
    return {one["state"]["run_id"]: datetime.fromisoformat(one["state"]["occurred_at"]) for one in world.events(topic)}


def check_memory(peak: int, loaded: int) -> None:
    """The peak is far below what the deployments give, and six crews are little beside CrewAI itself."""
    overlay: Any = yaml.safe_load((ROOT / "deploy/compose.crew.yml").read_text(encoding="utf-8"))
    limit = {"1g": 1_024}[overlay["services"]["optimizer-crew"]["mem_limit"]]
    print(f"{loaded} MB when loaded, {peak} MB at the most")
    assert peak <= loaded + MOST_GROWTH_MB, f"{loaded} MB when loaded, {peak} MB at the most"
    assert 2 * peak <= limit, f"{peak} MB of {limit} MB"


def loaded_mb(process: subprocess.Popen[bytes], log: Path) -> int:
    """The process's peak when it has loaded everything and was asked nothing yet."""
    wait_until(lambda: "starting" in log.read_text(), 200, "the process")
    return peak_mb(process)


def peak_mb(process: subprocess.Popen[bytes]) -> int:
    """The most memory that the process ever had, in megabytes (``VmHWM``)."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
    assert found is not None
    return int(found[1]) // 1_024
