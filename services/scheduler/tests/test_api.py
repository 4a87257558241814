"""The HTTP API: whose schedule it is, and what it says."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from httpx import ASGITransport, AsyncClient

from thaman_contracts.envelope import Envelope
from thaman_contracts.events import onboarding
from thaman_contracts.ids import derived_id
from thaman_kit.key_projection import take_over
from thaman_kit.keys import NewKey
from thaman_scheduler.api import build_api
from thaman_scheduler.domain.events import Block
from thaman_scheduler.testing import START, World


@pytest.fixture
async def client(world: World) -> AsyncIterator[AsyncClient]:
    transport = ASGITransport(build_api(world.container))
    async with AsyncClient(transport=transport, base_url="http://scheduler") as client:
        yield client


def key(world: World, store_id: str, scope: str) -> dict[str, str]:
    """The headers of a key that onboarding issued."""
    new = NewKey.generate(world.container.settings.api_key_pepper)
    event = onboarding.ApiKeyIssued(
        store_id=store_id, occurred_at=START, key_id=new.key_id, key_hash=new.key_hash, scope=scope, label="test"
    )
    envelope = Envelope(f"{derived_id('key', new.key_id)}:1", "onboarding", event.event_type(), store_id, START, 1, 0)
    world.do(lambda unit: take_over(event, envelope, unit))
    return {"Authorization": f"Bearer {new.key.get_secret_value()}"}


async def test_a_store_reads_its_own_schedule(world: World, client: AsyncClient) -> None:
    world.connect("77")
    world.tick_at(START + timedelta(hours=7))
    body = (await client.get("/stores/77/schedule", headers=key(world, "77", "store"))).json()
    assert (body["store_id"], body["frequency_hours"], body["sweep_hours"]) == ("77", 12, 6)
    assert body["asked_for"] is True and body["reasons"] == []
    slots = [slot["slot"] for slot in body["upcoming"]]
    assert slots == sorted(set(slots)) and len(slots) == 5
    assert all(slot.endswith("Z") for slot in slots)
    assert all(slot["riyadh"].endswith("+03:00") for slot in body["upcoming"])
    jobs = {job["job"]: job for job in body["jobs"]}
    assert jobs["optimise"]["next_slot"] == slots[0]
    world.clock.set(START + timedelta(hours=7))
    assert world.tick_at(START + timedelta(hours=13))["optimise"] == 1


async def test_a_paused_store_says_why_nothing_comes(world: World, client: AsyncClient) -> None:
    world.connect("77")
    world.do(lambda unit: world.container.scheduler.block(unit, "77", Block.PAUSED, START))
    body = (await client.get("/stores/77/schedule", headers=key(world, "system", "operator"))).json()
    assert (body["asked_for"], body["reasons"], body["upcoming"]) == (False, ["paused"], [])
    assert {job["job"] for job in body["jobs"] if job["active"]} == {"refresh_sweep", "refresh_before_expiry"}


async def test_keys_open_what_is_theirs(world: World, client: AsyncClient) -> None:
    world.connect("77", "78")
    mine = key(world, "77", "store")
    assert (await client.get("/stores/77/schedule")).status_code == 401
    assert (await client.get("/stores/78/schedule", headers=mine)).status_code == 404
    assert (await client.get("/schedule", headers=mine)).status_code == 403
    unknown = await client.get("/stores/79/schedule", headers=key(world, "system", "operator"))
    assert (unknown.status_code, unknown.headers["content-type"]) == (404, "application/problem+json")


async def test_an_operator_pages_through_all_schedules(world: World, client: AsyncClient) -> None:
    world.connect(*(str(number) for number in range(100, 107)))
    operator, found, cursor = key(world, "system", "operator"), [], ""
    for _ in range(3):
        page = (await client.get("/schedule", params={"limit": 3, "cursor": cursor}, headers=operator)).json()
        found += [item["store_id"] for item in page["items"]]
        cursor = page["next"]
    assert found == [str(number) for number in range(100, 107)]
    assert cursor is None


async def test_health_is_open(client: AsyncClient) -> None:
    assert (await client.get("/health")).json() == {"status": "ok"}
    assert (await client.get("/readyz")).json() == {"status": "ready"}
