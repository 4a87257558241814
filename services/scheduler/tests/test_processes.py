"""The real processes: they start, get ready, hear, ask, publish, and stop when told."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeGuard

import httpx
import pytest

from thaman_contracts.events import EventData, onboarding, optimizer, scheduler
from thaman_contracts.events.settings import StoreSettings
from thaman_contracts.ids import derived_id, run_id
from thaman_kit.application import EventSourcedApplication
from thaman_kit.consumers import Consumers
from thaman_kit.database import Database
from thaman_kit.domain import DomainEvent
from thaman_kit.embedded import EmbeddedNats, EmbeddedPostgres
from thaman_kit.embedded.process import free_port
from thaman_kit.migrate import migrate
from thaman_kit.publication import Publication
from thaman_kit.relay import Relay
from thaman_kit.routing import Router
from thaman_kit.testing import ROLE_PASSWORD, own_database, wait_until
from thaman_kit.testing_bus import fast_bus, running, until

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
ROLES = ("api", "worker", "relay")
SERVICES = ("onboarding", "scheduler", "optimizer")


class Authorized(DomainEvent, onboarding.StoreAuthorized, topic="scheduler_test.Authorized"):
    """What onboarding would store."""


class Wanted(DomainEvent, optimizer.RunRequested, topic="scheduler_test.Wanted"):
    """What the optimizer would store."""


@contextmanager
def process(role: str, environment: dict[str, str]) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """One process of the service; gives its health port."""
    port = free_port()
    variables = environment | {"THAMAN_HTTP_PORT": str(free_port()), "THAMAN_HEALTH_PORT": str(port)}
    child = subprocess.Popen([sys.executable, "-m", "thaman_scheduler", role], env=os.environ | variables)
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


def is_run_now(event: EventData) -> TypeGuard[scheduler.OptimizationRequested]:
    """Whether it is the request that was wished for."""
    return isinstance(event, scheduler.OptimizationRequested) and event.trigger is scheduler.Trigger.RUN_NOW


def store_event(application: EventSourcedApplication, event: DomainEvent) -> None:
    """Append one event."""
    unit = application.unit_of_work()
    unit.record(event)
    unit.commit()


async def test_from_a_wish_for_a_run_to_the_published_request(
    addresses: dict[str, str], own_nats: EmbeddedNats
) -> None:
    bus = fast_bus(own_nats)
    upstream = EventSourcedApplication.connect("onboarding", addresses["onboarding"])
    pricing = EventSourcedApplication.connect("optimizer", addresses["optimizer"])
    common = {"originator_version": 1, "store_id": "77", "occurred_at": NOW}
    store_event(
        upstream,
        Authorized(
            originator_id=derived_id("store", "77"), **common, name="Shop", plan="pro", store_type="live",
            currency="SAR", prices_include_vat=True, vat_bp=1_500, via=onboarding.InstallPath.CALLBACK, scopes=(),
            fence=0, settings_version=1, settings=StoreSettings(),
        ),
    )  # fmt: skip
    mine = Database(addresses["scheduler"], "scheduler", pool_size=1)
    heard: list[EventData] = []
    router = Router()
    router.on(EventData)(lambda event, envelope, unit: heard.append(event))
    environment = {
        "THAMAN_DATABASE_URL": addresses["scheduler"],
        "THAMAN_NATS_URL": own_nats.url,
        "THAMAN_API_KEY_PEPPER": "a-pepper-for-tests-that-is-long-enough",
        "THAMAN_SCHEDULER_TICK_SECONDS": "0.5",
    }
    parts = (
        Relay(upstream, Publication("onboarding"), bus, database_url=addresses["onboarding"]),
        Relay(pricing, Publication("optimizer"), bus, database_url=addresses["optimizer"]),
        Consumers(pricing, router, consumer="optimizer", upstreams=("scheduler",), settings=bus),
    )
    with process("worker", environment), process("relay", environment):
        async with running(*parts):
            # The optimizer takes wishes only for stores it knows, so the scheduler has usually heard of them, too.
            await until(lambda: mine.fetch_all("SELECT 1 FROM schedules"), 60, "the schedule")
            store_event(
                pricing,
                Wanted(originator_id=derived_id("wish", "r1"), **common, request_id="r1", requested_by="operator"),
            )
            # The store's first slots are long past, so a catch-up is asked for as well; only the wish counts here.
            await until(lambda: any(is_run_now(event) for event in heard), 60, "the request")
    request = next(event for event in heard if is_run_now(event))
    assert (request.run_id, request.requested_by) == (run_id("77", "r1"), "operator")
    mine.close()
    upstream.close()
    pricing.close()


def test_every_process_gets_ready_and_stops_when_told(addresses: dict[str, str], own_nats: EmbeddedNats) -> None:
    environment = {
        "THAMAN_DATABASE_URL": addresses["scheduler"],
        "THAMAN_NATS_URL": own_nats.url,
        "THAMAN_API_KEY_PEPPER": "a-pepper-for-tests-that-is-long-enough",
    }
    with (
        process("api", environment) as api,
        process("worker", environment) as worker,
        process("relay", environment) as relay,
    ):
        # The consumers wait for the upstreams' streams, which the worker may provision itself.
        for _, port in (api, worker, relay):
            wait_until(lambda port=port: is_ready(port), 60, "a process")  # type: ignore[misc]
        for child, _ in (api, worker, relay):
            child.send_signal(signal.SIGTERM)
        assert [child.wait(timeout=15) for child, _ in (api, worker, relay)] == [0, 0, 0]
