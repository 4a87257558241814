"""The sandbox's model, and stores that ask a crew about their market."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from thaman_contracts.events.onboarding import CatalogItem
from thaman_sandbox.server import SandboxServer

from .conftest import World

MODEL = "sandbox-1"
CREW = {"advice": "crew"}


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


@pytest.fixture(name="model")
def model_fixture(sandbox: SandboxServer) -> Model:
    """A sensible model that was not asked yet."""
    found = Model(sandbox.url)
    found.behave("sensible")
    httpx.delete(f"{sandbox.url}/_sandbox/llm/requests", trust_env=False).raise_for_status()
    return found


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
