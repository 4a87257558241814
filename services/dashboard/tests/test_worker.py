"""The real worker process: it gets ready, reads what other services publish, and stops when told."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from uuid import UUID

import httpx

from thaman_contracts.events import onboarding, scheduler
from thaman_contracts.ids import derived_id, run_id
from thaman_dashboard.bootstrap import build
from thaman_dashboard.testing import NOW, settings_for
from thaman_dashboard.testing_events import authorized
from thaman_kit.application import EventSourcedApplication
from thaman_kit.domain import DomainEvent
from thaman_kit.embedded import EmbeddedNats
from thaman_kit.embedded.databases import Databases
from thaman_kit.embedded.process import free_port
from thaman_kit.publication import Publication
from thaman_kit.relay import Relay
from thaman_kit.testing import migrated, own_database
from thaman_kit.testing_bus import fast_bus, running, until

STORE = "77"


class Authorized(DomainEvent, onboarding.StoreAuthorized, topic="dashboard_test.Authorized"):
    """What onboarding would store."""


class Requested(DomainEvent, scheduler.OptimizationRequested, topic="dashboard_test.Requested"):
    """What the scheduler would store."""


def record(application: EventSourcedApplication, event: DomainEvent) -> None:
    """Store an event as its service does."""
    application.execute(lambda unit: unit.record(event))


@contextmanager
def worker_of(url: str, nats: EmbeddedNats) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """A worker; gives its health port, too."""
    port = free_port()
    environment = {
        "THAMAN_DATABASE_URL": url,
        "THAMAN_NATS_URL": nats.url,
        "THAMAN_API_KEY_PEPPER": "a-pepper-for-tests-that-is-long-enough",
        "THAMAN_HEALTH_PORT": str(port),
    }
    child = subprocess.Popen([sys.executable, "-m", "thaman_dashboard", "worker"], env=os.environ | environment)
    try:
        yield child, port
    finally:
        child.kill()
        child.wait()


async def test_what_services_publish_is_shown(postgres_server: Databases, own_nats: EmbeddedNats) -> None:
    with own_database(postgres_server) as url:
        addresses = migrated(url, ("onboarding", "scheduler", "dashboard"))
        with (
            worker_of(addresses["dashboard"], own_nats) as (worker, port),
            closing(EventSourcedApplication.connect("onboarding", addresses["onboarding"])) as owner,
            closing(EventSourcedApplication.connect("scheduler", addresses["scheduler"])) as clock,
            closing(build(settings_for(addresses["dashboard"]))) as here,
        ):
            named = {"originator_id": derived_id("store", STORE), "originator_version": 1}
            record(owner, Authorized.model_validate(authorized(STORE).model_dump() | named))
            run = run_id(STORE, "slot")
            record(clock, _requested(run))
            relays = [
                Relay(one, Publication(name), fast_bus(own_nats), database_url=addresses[name])
                for name, one in (("onboarding", owner), ("scheduler", clock))
            ]
            async with running(relays[0]), running(relays[1]):
                await until(lambda: here.read_models.store(STORE) is not None, 60, "the store")
                await until(lambda: here.read_models.run(STORE, run) is not None, 60, "the run")
                await until(lambda: _is_ready(port), 60, "readiness")
                await until(lambda: here.read_models.system().pulse_at is not None, 60, "the pulse")
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(timeout=15) == 0


def _requested(run: UUID) -> Requested:
    return Requested(
        originator_id=run, originator_version=1, store_id=STORE, occurred_at=NOW + timedelta(minutes=1), run_id=run,
        slot=NOW, trigger=scheduler.Trigger.SCHEDULE, requested_by="scheduler",
    )  # fmt: skip


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    except httpx.TransportError:
        return False
