"""The three processes of the service, as they are started in an installation."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from thaman_contracts.envelope import Envelope, encode, type_of
from thaman_contracts.events import scheduler
from thaman_kit.embedded import EmbeddedNats
from thaman_kit.testing import own_nats, wait_until  # noqa: F401
from thaman_onboarding.consumers import router

KINDS = ("api", "worker", "relay")


@pytest.fixture
def processes(service: Any, own_nats: EmbeddedNats) -> Iterator[dict[str, tuple[str, "subprocess.Popen[bytes]"]]]:  # noqa: F811
    """All three, with the addresses of their health ports."""
    with ExitStack() as stack:
        started = {}
        for kind in KINDS:
            port = service.free_port()
            environment = service.process_environment(
                THAMAN_NATS_URL=own_nats.url,
                THAMAN_HTTP_PORT=str(service.free_port()),
                THAMAN_HEALTH_PORT=str(port),
            )
            process = subprocess.Popen([sys.executable, "-m", "thaman_onboarding", kind], env=environment)
            stack.callback(process.wait, 15)
            stack.callback(process.kill)
            started[kind] = (f"http://127.0.0.1:{port}", process)
        yield started


def is_ready(url: str) -> bool:
    """Whether the process says so."""
    try:
        return httpx.get(f"{url}/readyz").is_success
    except httpx.TransportError:
        return False


@pytest.mark.timeout(180)
def test_a_store_comes_in_through_all_three_processes_and_they_stop_as_told(
    service: Any, salla: Any, processes: dict[str, tuple[str, "subprocess.Popen[bytes]"]]
) -> None:
    for kind, (url, _) in processes.items():
        wait_until(lambda url=url: is_ready(url), within=90, what=f"the {kind} process")
    store_id = salla.new_store()
    salla.control("POST", f"/stores/{store_id}/install", {"mode": "easy"})

    def connected() -> bool:
        row = service.container.stores.rows.get(store_id)
        return row is not None and row.connected

    wait_until(connected, within=60, what="the store")

    def observed() -> bool:
        return "catalogue.Observed" in service.events(store_id)

    wait_until(observed, within=60, what="the first sweep")
    assert service.dead() == []
    for _, process in processes.values():
        process.terminate()
    assert [process.wait(15) for _, process in processes.values()] == [0, 0, 0]


def test_a_due_refresh_becomes_one_job_for_each_slot(service: Any) -> None:
    slot = service.container.clock.now().replace(microsecond=0)
    event = scheduler.TokenRefreshDue(store_id="42", occurred_at=slot, slot=slot, reason="sweep")
    envelope = Envelope(
        event_id="5a1f6c5e-7d0b-5d0e-9f3b-7e6a1c2b4d80:1",
        service="scheduler",
        type=type_of("scheduler", "TokenRefreshDue", 1),
        store_id="42",
        time=slot,
        position=1,
        previous=0,
    )
    for _ in range(2):
        uow = service.container.app.unit_of_work()
        router.dispatch(envelope, encode(event.model_dump(mode="json")), uow)
        uow.commit()
    assert service.rows("SELECT store_id, payload FROM jobs WHERE queue = 'refresh'") == [("42", {"reason": "sweep"})]


def test_a_wrong_start_says_how(tmp_path: Any) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "thaman_onboarding", "everything"], capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stderr) == (64, "usage: python -m thaman_onboarding api|worker|relay\n")
    bare = {"PATH": "/usr/bin"}
    missing = subprocess.run(
        [sys.executable, "-m", "thaman_onboarding", "worker"], capture_output=True, text=True, check=False, env=bare
    )
    assert missing.returncode == 78
    assert "THAMAN_VAULT_KEYS" in missing.stderr
