"""A tiny world for the bus tests: onboarding's log, a relay, and a scheduler that writes down what it is told."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from thaman_contracts.envelope import Envelope
from thaman_contracts.events import onboarding
from thaman_contracts.ids import derived_id
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.consumers import Consumers
from thaman_kit.domain import DomainEvent, EventMeta, current_cause
from thaman_kit.embedded import EmbeddedNats, EmbeddedPostgres
from thaman_kit.errors import StreamMoved
from thaman_kit.nats import BusSettings, connect, disconnect
from thaman_kit.publication import Publication
from thaman_kit.relay import Relay
from thaman_kit.routing import Router
from thaman_kit.stream_writer import StreamWriter
from thaman_kit.testing import (  # noqa: F401
    migrated,
    own_database,
    own_nats,
    own_postgres,
    postgres_server,
    role_url,
    template_database,
)
from thaman_kit.testing_bus import fast_bus

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


class DemoPaused(DomainEvent, onboarding.StorePaused, topic="bus_test.Paused"):
    """A stored event that is published as it is."""


class DemoSecret(DomainEvent, topic="bus_test.Secret"):
    """A stored event that stays at home."""


class DemoUnmapped(DomainEvent, topic="bus_test.Unmapped"):
    """A stored event that nobody thought of."""


def prepare_database(url: str) -> None:
    """Schemas of the two services, and the consumer's notebook, which has no key that would hide a repetition."""
    migrated(url, ["onboarding", "scheduler"])
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(
            "CREATE TABLE scheduler.heard (n bigserial, store_id text, number bigint, position bigint, cause text,"
            " correlation text, traceparent text)"
        )
        admin.execute("GRANT ALL ON scheduler.heard TO scheduler_app")
        admin.execute("GRANT ALL ON SEQUENCE scheduler.heard_n_seq TO scheduler_app")


@dataclass
class World:
    """Both ends of the bus."""

    source: EventSourcedApplication
    sink: EventSourcedApplication
    bus: BusSettings
    source_url: str
    poison: set[int] = field(default_factory=set)
    calls: list[int] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.publication = Publication("onboarding", {DemoSecret: None})
        self.router = Router()
        self.router.on(onboarding.StorePaused)(self.hear)

    def event(self, store_id: str, number: int, **fields: Any) -> DomainEvent:
        """The store's next event; ``number`` says which."""
        version = self.versions[store_id] = self.versions.get(store_id, 0) + 1
        return DemoPaused(
            originator_id=derived_id("bus-test", store_id),
            originator_version=version,
            store_id=store_id,
            occurred_at=NOW,
            fence=number,
            **({"reason": "test", "paused_by": "test"} | fields),
        )

    def append(self, *events: DomainEvent) -> None:
        """Store events in one transaction."""
        unit = self.source.unit_of_work()
        for event in events:
            unit.record(event)
        unit.commit()

    def tell(self, store_id: str, *numbers: int, **fields: Any) -> None:
        """Store one event per number, in one transaction."""
        self.append(*(self.event(store_id, number, **fields) for number in numbers))

    def hear(self, event: onboarding.StorePaused, envelope: Envelope, unit: UnitOfWork) -> None:
        """The demo's handler."""
        self.calls.append(event.fence)
        if event.fence in self.poison:
            raise ValueError(f"cannot swallow {event.fence}")
        cause: EventMeta = current_cause()
        unit.execute(
            "INSERT INTO heard (store_id, number, position, cause, correlation, traceparent)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (
                event.store_id,
                event.fence,
                envelope.position,
                cause.causation_id,
                cause.correlation_id,
                cause.traceparent,
            ),
        )

    def heard(self, store_id: str | None = None) -> list[int]:
        """The numbers in the order in which they took effect."""
        rows = self.sink.database.fetch_all(
            "SELECT number FROM heard WHERE %(s)s::text IS NULL OR store_id = %(s)s ORDER BY n", {"s": store_id}
        )
        return [row["number"] for row in rows]

    def relay_is_through(self) -> bool:
        """Whether everything in the source's log is in its stream."""
        return asyncio.run(self._last_published()) == self.source.recorder.max_notification_id()

    async def _last_published(self) -> int:
        connection = await connect(self.bus, "test")
        try:
            place, _ = await StreamWriter(self.source, self.publication, connection).locate()
            return place.position
        except StreamMoved:
            return -1
        finally:
            await disconnect(connection)

    def relay(self, **options: Any) -> Relay:
        """A relay of the source."""
        return Relay(self.source, self.publication, self.bus, database_url=self.source_url, **options)

    def consumers(self, router: Router | None = None) -> Consumers:
        """Consumers of the sink."""
        return Consumers(
            self.sink,
            router or self.router,
            consumer="scheduler",
            upstreams=("onboarding",),
            settings=self.bus,
        )


@pytest.fixture
def world_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:  # noqa: F811
    """A database with both schemas."""
    template = template_database(postgres_server, "bus_template", prepare_database)
    with own_database(postgres_server, template=template) as url:
        yield url


@pytest.fixture
def world(world_url: str, own_nats: EmbeddedNats) -> Iterator[World]:  # noqa: F811
    """The world, with nothing running yet."""
    source_url = role_url(world_url, "onboarding")
    source = EventSourcedApplication.connect("onboarding", source_url)
    sink = EventSourcedApplication.connect("scheduler", role_url(world_url, "scheduler"))
    yield World(source, sink, fast_bus(own_nats), source_url)
    source.close()
    sink.close()


@pytest.fixture
def demo() -> SimpleNamespace:
    """The demo's stored classes, and the fields that each of them needs."""

    def bare(store_id: str, version: int) -> dict[str, Any]:
        return {
            "originator_id": uuid4(),
            "originator_version": version,
            "store_id": store_id,
            "occurred_at": NOW,
        }

    return SimpleNamespace(Paused=DemoPaused, Secret=DemoSecret, Unmapped=DemoUnmapped, bare=bare, now=NOW)


@pytest.fixture
def prepare() -> SimpleNamespace:
    """For tests that bring their own servers."""
    return SimpleNamespace(database=prepare_database, World=World)


WORKER = """
import asyncio, sys
sys.path.insert(0, {folder!r})
from conftest import World
from thaman_kit.application import EventSourcedApplication
from thaman_kit.nats import BusSettings

async def main():
    app = EventSourcedApplication.connect("scheduler", {url!r})
    world = World(app, app, BusSettings(servers={servers!r}, batch_size=10, ack_wait_s=2.0), {url!r})
    await world.consumers().run(asyncio.Event())

asyncio.run(main())
"""


@pytest.fixture
def worker() -> Callable[[World], Any]:
    """Consumers of the sink in a process of their own, gone at the end of the block."""

    @contextmanager
    def start(world: World) -> Iterator[subprocess.Popen[bytes]]:
        script = WORKER.format(folder=str(Path(__file__).parent), url=world.sink._url, servers=world.bus.servers)
        process = subprocess.Popen([sys.executable, "-c", script])
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    return start
