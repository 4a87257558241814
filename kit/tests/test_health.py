"""/livez, /readyz and /metrics."""

import asyncio
import threading

import httpx

from thaman_kit.health import Health


async def get(health: Health, path: str) -> httpx.Response:
    """One page of the internal port."""
    transport = httpx.ASGITransport(health.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://health") as client:
        return await client.get(path)


async def fine() -> None:
    """A passing check."""


async def test_ready_when_every_check_passes() -> None:
    threads: list[threading.Thread] = []
    health = Health({"nats": fine, "database": lambda: threads.append(threading.current_thread())})
    response = await get(health, "/readyz")
    assert (response.status_code, response.json()) == (200, {"status": "ready"})
    assert threads[0] is not threading.main_thread()
    assert "thaman_ready 1.0" in (await get(health, "/metrics")).text


async def test_failing_parts_are_named_with_redacted_reasons() -> None:
    async def hangs() -> None:
        await asyncio.Event().wait()

    def broken() -> None:
        raise ConnectionError("no way to postgresql://app:hunter2@db/x")

    health = Health({"nats": fine, "slow": hangs, "database": broken}, timeout=0.05)
    response = await get(health, "/readyz")
    assert response.status_code == 503
    assert response.json() == {
        "status": "unready",
        "failing": {
            "slow": "no answer within 0.05 s",
            "database": "ConnectionError: no way to postgresql://app:[redacted]@db/x",
        },
    }
    assert "thaman_ready 0.0" in (await get(health, "/metrics")).text


async def test_liveness_asks_nobody() -> None:
    def broken() -> None:
        raise ConnectionError

    health = Health()
    health.add("database", broken)
    assert (await get(health, "/livez")).status_code == 200
    assert (await get(health, "/readyz")).status_code == 503


async def test_a_stopping_process_is_not_ready_but_alive() -> None:
    health = Health({"nats": fine})
    health.stop()
    assert (await get(health, "/readyz")).json()["failing"] == {"stopping": "the process is shutting down"}
    assert (await get(health, "/livez")).status_code == 200
