"""The real processes: they start, get ready, read what the others publish, and stop when told."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
import pytest

from thaman_audit.bootstrap import build
from thaman_audit.testing import settings_for
from thaman_contracts.events import onboarding
from thaman_contracts.ids import derived_id
from thaman_kit.application import EventSourcedApplication
from thaman_kit.domain import DomainEvent
from thaman_kit.embedded import EmbeddedNats, EmbeddedPostgres
from thaman_kit.embedded.process import free_port
from thaman_kit.migrate import migrate
from thaman_kit.publication import Publication
from thaman_kit.relay import Relay
from thaman_kit.testing import ROLE_PASSWORD, own_database, wait_until
from thaman_kit.testing_bus import fast_bus, running, until

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SERVICES = ("onboarding", "audit")


class Paused(DomainEvent, onboarding.StorePaused, topic="audit_test.Paused"):
    """What onboarding would store."""


@contextmanager
def process(role: str, environment: dict[str, str]) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """One process of the service; gives its health port."""
    port = free_port()
    variables = environment | {"THAMAN_HTTP_PORT": str(free_port()), "THAMAN_HEALTH_PORT": str(port)}
    child = subprocess.Popen([sys.executable, "-m", "thaman_audit", role], env=os.environ | variables)
    try:
        yield child, port
    finally:
        child.kill()
        child.wait()


def is_ready(port: int) -> bool:
    """Whether the process at ``port`` is fit to work."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def addresses(postgres_server: EmbeddedPostgres) -> Iterator[dict[str, str]]:
    """The address of each service's role in one database."""
    with own_database(postgres_server) as url:
        migrate(url, SERVICES, dict.fromkeys(SERVICES, ROLE_PASSWORD))
        database = url.rpartition("/")[2]
        yield {
            service: postgres_server.url_for(database, user=f"{service}_app", password=ROLE_PASSWORD)
            for service in SERVICES
        }


def environment_of(addresses: dict[str, str], nats: EmbeddedNats) -> dict[str, str]:
    """What a process of the service is told."""
    return {
        "THAMAN_DATABASE_URL": addresses["audit"],
        "THAMAN_NATS_URL": nats.url,
        "THAMAN_API_KEY_PEPPER": "a-pepper-for-tests-that-is-long-enough",
    }


async def test_what_another_service_publishes_is_in_the_ledger(
    addresses: dict[str, str], own_nats: EmbeddedNats
) -> None:
    upstream = EventSourcedApplication.connect("onboarding", addresses["onboarding"])
    unit = upstream.unit_of_work()
    for version in range(1, 101):
        unit.record(
            Paused(
                originator_id=derived_id("store", "77"), originator_version=version, store_id="77", occurred_at=NOW,
                fence=version, reason="مراجعة", paused_by="merchant",
            )
        )  # fmt: skip
    unit.commit()
    container = build(settings_for(addresses["audit"]))
    relay = Relay(upstream, Publication("onboarding"), fast_bus(own_nats), database_url=addresses["onboarding"])
    with process("worker", environment_of(addresses, own_nats)):
        async with running(relay):
            await until(lambda: (head := container.tables.head("77")) and head.seq == 100, 60, "all entries")
    assert container.ledger.verify("77").ok
    container.close()
    upstream.close()


def test_every_process_gets_ready_and_stops_when_told(addresses: dict[str, str], own_nats: EmbeddedNats) -> None:
    environment = environment_of(addresses, own_nats)
    with (
        process("api", environment) as api,
        process("worker", environment) as worker,
        process("relay", environment) as relay,
    ):
        for _, port in (api, worker, relay):
            wait_until(lambda port=port: is_ready(port), 60, "a process")  # type: ignore[misc]
        for child, _ in (api, worker, relay):
            child.send_signal(signal.SIGTERM)
        assert [child.wait(timeout=15) for child, _ in (api, worker, relay)] == [0, 0, 0]
