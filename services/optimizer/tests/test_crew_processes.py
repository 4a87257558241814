"""Which process does what where stores want advice. CrewAI is loaded by the crew's own process, not by this one."""

import asyncio
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from thaman_kit.clock import ManualClock
from thaman_kit.jobs import JobQueue, RetryLater
from thaman_kit.testing import wait_until
from thaman_optimizer.bootstrap import build
from thaman_optimizer.crew_door import CREW_QUEUE

from .conftest import FakePages, World, optimizer_settings
from .crewing import (  # noqa: F401
    CREW,
    MODEL,
    Model,
    advice_of,
    model_fixture,
    pass_on,
    process_with_a_crew,
    sandbox_fixture,
    shelf,
)

# Loading CrewAI takes half a minute on a small busy machine.
pytestmark = pytest.mark.timeout(300)


def test_the_other_processes_do_without_crewai() -> None:
    program = (
        "import sys, thaman_optimizer.__main__, thaman_optimizer.adapters.crew.advisor\n"
        "assert not [name for name in sys.modules if name.partition('.')[0] in ('crewai', 'openai', 'chromadb')]"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_runs_of_advised_stores_are_passed_on_and_go_on_without_a_crew_that_never_comes(
    database: str, clock: ManualClock, model: Model
) -> None:
    chosen = optimizer_settings(
        database,
        optimizer_crew_url=model.url,
        optimizer_crew_model=MODEL,
        optimizer_crew_input_price=0,
        optimizer_crew_output_price=0,
    )
    container = build(chosen, clock, FakePages(clock))
    try:
        world = World(container, clock, FakePages(clock), database)
        world.connect(settings=CREW)
        world.stock(1)
        run = world.ask()
        (job,) = world.claim()
        with pytest.raises(RetryLater) as passed:
            container.crew_door.pass_on(job)
        assert passed.value.delay == 300
        (taken,) = JobQueue(container.application.database).claim(CREW_QUEUE, 10, 60)
        assert taken.payload == job.payload
        container.crew_door.pass_on(job)
        asyncio.run(container.runs.handle(job))
        assert advice_of(world, run)["reason"] == "no_crew"
        assert model.asked() == []
    finally:
        container.close()


def test_the_process_with_a_crew_does_what_was_passed_on_and_stops_in_time(
    database: str, model: Model, tmp_path: Path
) -> None:
    clock = ManualClock(datetime.now(UTC))
    pages = FakePages(clock)
    container = build(optimizer_settings(database), clock, pages)
    world = World(container, clock, pages, database)
    try:
        world.connect(settings=CREW)
        shelf(world)
        assert advice_of(world, world.run(cause="first"))["reason"] == "no_crew"
        run = world.ask(cause="second")
        pass_on(world)
        with process_with_a_crew(database, model, tmp_path) as process:
            wait_until(lambda: len(world.events("run.Completed")) == 2, 200, "the run")
            assert advice_of(world, run)["outcome"] == "ok"
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
    finally:
        container.close()
