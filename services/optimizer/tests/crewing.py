"""The sandbox's model, and stores that ask a crew about their market."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from thaman_contracts.events.onboarding import CatalogItem
from thaman_kit.jobs import JobQueue
from thaman_kit.testing import role_url
from thaman_optimizer.adapters.crew import environment
from thaman_optimizer.adapters.crew.advisor import CrewAdvisor
from thaman_optimizer.adapters.crew.endpoint import Endpoint
from thaman_optimizer.crew_door import CREW_QUEUE
from thaman_optimizer.domain.budget import TokenPrices
from thaman_sandbox.server import SandboxServer

from .conftest import World

MODEL = "sandbox-1"
CREW = {"advice": "crew"}

_THEIRS = ("DeprecationWarning", "UserWarning", "ImportWarning")
THEIR_WARNINGS = pytest.mark.filterwarnings(*(f"ignore::{kind}" for kind in _THEIRS))
"""Other people's packages warn of each other; what matters of ours is tested elsewhere."""


@pytest.fixture(name="sandbox", scope="module")
def sandbox_fixture() -> Iterator[SandboxServer]:
    """The local Salla with its model."""
    with SandboxServer() as server:
        yield server


class Model:
    """The sandbox's model, as tests steer it."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/v1"
        self._control = f"{url}/_sandbox/llm"

    def behave(self, mode: str, **more: Any) -> None:
        httpx.put(self._control, json={"mode": mode} | more, trust_env=False).raise_for_status()

    def asked(self) -> list[dict[str, Any]]:
        answer = httpx.get(f"{self._control}/requests", trust_env=False)
        return list(answer.json())

    def forget(self) -> None:
        httpx.delete(f"{self._control}/requests", trust_env=False).raise_for_status()


@pytest.fixture(name="model")
def model_fixture(sandbox: SandboxServer) -> Model:
    """A sensible model that was not asked yet."""
    found = Model(sandbox.url)
    found.behave("sensible")
    found.forget()
    return found


@pytest.fixture(name="home_kept", scope="module")
def home_kept_fixture() -> Iterator[None]:
    """CrewAI gets a home of its own; the other tests of this process keep theirs."""
    names = (*environment.SETTINGS, "HOME")
    before = {name: os.environ.get(name) for name in names}
    yield
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def advisor_at(url: str, deadline_s: float = 60.0, call_s: float = 30.0) -> CrewAdvisor:
    """A crew whose model is at ``url``."""
    endpoint = Endpoint(url, None, MODEL, call_s, 2_000)
    return CrewAdvisor(endpoint, TokenPrices(150_000, 600_000), deadline_s)


def shelf(world: World, store_id: str = "1", title: str = "عطر", misread: bool = True) -> None:
    """Two items of which one has an offer that looks misread."""
    titles = [CatalogItem(product_id=str(number), name=f"{title} {number}", **_ITEM) for number in (1, 2)]
    world.stock(2, store_id=store_id, rivals=(9_600, 9_700, 9_800, 9_650))
    world.observe(*titles, store_id=store_id)
    if misread:
        world.pages.prices[f"https://rival0.example/{store_id}/1"] = 6_200


_ITEM: dict[str, Any] = {
    "status": "sale",
    "currency": "SAR",
    "base_price": 10_000,
    "shelf_price": 10_000,
    "cost": 5_000,
    "stock": 5,
}


def outcomes(world: World, store_id: str = "1") -> dict[str, Any]:
    """What the last run made of each item."""
    return {
        row["item_key"]: (row["state"], row["document"].get("new_shelf_price"), row["risk"])
        for row in world.proposals(store_id)
    }


def advice_of(world: World, run: Any, store_id: str = "1") -> dict[str, Any]:
    """The run's advice as the API shows it."""
    row = world.container.views.run(store_id, run)
    assert row is not None and row["state"] == "completed", row
    shown: dict[str, Any] = row["advice"]
    return shown


def pass_on(world: World) -> None:
    """What is due goes into the crew's queue, as the other workers would put it there, and waits for them."""
    unit, waiting = world.container.application.unit_of_work(), world.claim()
    for job in waiting:
        unit.enqueue(CREW_QUEUE, job.key, job.store_id, job.payload)
    unit.commit()
    for job in waiting:
        JobQueue(world.container.application.database).retry(job, 3_600, "passed on", forgive=True)


@contextmanager
def process_with_a_crew(
    database: str, model: Model, folder: Path, **settings: object
) -> Iterator[subprocess.Popen[bytes]]:
    """The process type as it is deployed; what it said is printed when the test fails.

    ``settings`` are settings of the optimizer by their field names.
    """
    given: dict[str, object] = {
        "database_url": role_url(database, "optimizer"),
        "api_key_pepper": "p" * 40,
        "health_port": 0,
        "log_format": "text",
        "optimizer_crew_url": model.url,
        "optimizer_crew_model": MODEL,
        "optimizer_crew_input_price": 0,
        "optimizer_crew_output_price": 0,
    }
    environment = {f"THAMAN_{name.upper()}": str(value) for name, value in (given | settings).items()}
    log = folder / "crew.log"
    command = [sys.executable, "-m", "thaman_optimizer", "crew"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=out, stderr=out)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            print(log.read_text()[-4_000:])
