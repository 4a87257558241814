"""A small installation that is in order: a store, a run, a decision, a write, all read by everybody; and its Salla."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
import pytest

from thaman_audit.bootstrap import build
from thaman_audit.testing import settings_for
from thaman_audit.testing_events import authorized, observed, price_change
from thaman_cli.world import Prices, PriceWrite, Refresh, WorldReport, check_world
from thaman_cli.world.facts import load_topics
from thaman_contracts.events import EventData
from thaman_contracts.ids import derived_id
from thaman_contracts.subjects import ROOMS, SERVICES, partition_of
from thaman_kit.application import EventSourcedApplication
from thaman_kit.domain import TOPICS, DomainEvent
from thaman_kit.embedded import EmbeddedPostgres
from thaman_kit.inbox import Delivery, Inbox
from thaman_kit.migrate import migrate
from thaman_kit.provisioning import READERS
from thaman_kit.publication import Publication
from thaman_kit.routing import Router
from thaman_kit.testing import ROLE_PASSWORD, own_database, template_database

STORE, ITEM = "77", "1"


@dataclass
class FakeSalla:
    """Salla's books as a test writes them."""

    shown: dict[str, dict[str, int]] = field(default_factory=dict)
    write_log: list[PriceWrite] = field(default_factory=list)
    token_ledger: list[Refresh] = field(default_factory=list)

    def prices(self, stores: Iterable[str]) -> Prices:
        """What it shows."""
        return {store: self.shown.get(store, {}) for store in stores}

    def writes(self) -> list[PriceWrite]:
        """Its write log."""
        return self.write_log

    def refreshes(self) -> list[Refresh]:
        """Its token ledger."""
        return self.token_ledger


@dataclass
class Installation:
    """Every room's schema and Salla, with hands to spoil them."""

    admin_url: str
    url_of: Callable[[str], str]
    salla: FakeSalla = field(default_factory=FakeSalla)
    versions: dict[UUID, int] = field(default_factory=dict)
    applications: dict[str, EventSourcedApplication] = field(default_factory=dict)

    def store(self, *events: EventData) -> None:
        """Let each event's service store it as its own code would."""
        for service in SERVICES:
            mine = [self._stored(event) for event in events if event.service == service]
            if mine:
                unit = self.application(service).unit_of_work()
                for event in mine:
                    unit.record(event)
                unit.commit()

    def spread(self) -> None:
        """Relay every log to everybody who reads it."""
        container = build(settings_for(self.url_of("audit")))
        for reader, upstreams in READERS.items():
            is_audit = reader == "audit"
            application = container.application if is_audit else self.application(reader)
            router = container.router if is_audit else Router()
            for service in upstreams:
                for partition, deliveries in self._feeds(service).items():
                    verdicts = Inbox(application, router, service, partition).take(deliveries)
                    assert all(verdict.is_settled for verdict in verdicts)
        container.close()

    def application(self, service: str) -> EventSourcedApplication:
        """A service's event store, opened once."""
        if service not in self.applications:
            self.applications[service] = EventSourcedApplication.connect(service, self.url_of(service), pool_size=1)
        return self.applications[service]

    def close(self) -> None:
        """Give all connections back."""
        for application in self.applications.values():
            application.close()

    def spoil(self, statement: str, **params: Any) -> None:
        """Change the database behind everybody's back."""
        with psycopg.connect(self.admin_url, autocommit=True, options="-c search_path=audit") as admin:
            touched = admin.execute(statement.encode(), params).rowcount
        assert touched, "the statement spoiled nothing"

    def check(self, *, quiet: bool = True) -> WorldReport:
        """Look at the world."""
        return check_world(self.admin_url, self.salla, quiet=quiet)

    def rules(self, *, quiet: bool = True) -> set[str]:
        """The rules that are broken."""
        return {violation.rule for violation in self.check(quiet=quiet).violations}

    def _stored(self, event: EventData) -> DomainEvent:
        if isinstance(event, DomainEvent):
            return event
        stored = next(
            cls for cls in TOPICS.values() if type(event) in cls.__mro__ and cls.__module__.startswith("thaman_")
        )
        originator = _originator(event)
        version = self.versions[originator] = self.versions.get(originator, 0) + 1
        extra = {"authorized_at": event.occurred_at, "uninstalled_at": event.occurred_at}
        fields = {name: getattr(event, name) for name in type(event).model_fields}
        own = {name: value for name, value in extra.items() if name in stored.model_fields}
        return stored(originator_id=originator, originator_version=version, **fields, **own)

    def _feeds(self, service: str) -> dict[int, list[Delivery]]:
        application = self.application(service)
        publication, feeds, previous = Publication(service), {}, {}
        for notification in application.recorder.select_notifications(0, 100_000, inclusive_of_start=False):
            event = application.mapper.to_domain_event(notification)
            assert isinstance(event, DomainEvent)
            partition = partition_of(event.store_id)
            message = publication.message_of(event, notification.id, previous.get(partition, 0))
            assert message is not None
            previous[partition] = notification.id
            kept = message.subject.replace(f"evt.{service}.", f"evt.{service}.{partition}.")
            feeds.setdefault(partition, []).append(Delivery(kept, message.headers, message.body))
        return feeds


def _originator(event: EventData) -> UUID:
    """Decisions, proposals, runs and stores have their own histories; what is left stands alone."""
    is_write = event.service == "onboarding" and hasattr(event, "decision_id")
    names = ("decision_id",) if is_write else ("proposal_id", "run_id") if event.service == "optimizer" else ()
    for name in names:
        if hasattr(event, name):
            found: UUID = getattr(event, name)
            return found
    if event.event_name().startswith("Store"):
        return derived_id("store", event.store_id)
    return derived_id("bare", event.model_dump_json())


def at(server: EmbeddedPostgres, url: str) -> Installation:
    """The installation in a database."""
    database = url.rpartition("/")[2]

    def url_of(service: str) -> str:
        return server.url_for(database, user=f"{service}_app", password=ROLE_PASSWORD)

    return Installation(url, url_of)


@contextmanager
def copy_of(server: EmbeddedPostgres, template: str) -> Iterator[Installation]:
    """An installation of one test."""
    with own_database(server, template=template) as url:
        installation = at(server, url)
        yield installation
        installation.close()


@pytest.fixture(scope="session")
def nothing(postgres_server: EmbeddedPostgres) -> str:
    """A database in which nothing has happened."""
    load_topics()
    return template_database(
        postgres_server,
        "world_nothing",
        lambda url: migrate(url, ROOMS, dict.fromkeys(ROOMS, ROLE_PASSWORD)),
    )


@pytest.fixture(scope="session")
def story(postgres_server: EmbeddedPostgres, nothing: str) -> tuple[str, dict[UUID, int]]:
    """A database with the story in it (100.00 observed, 99.00 decided, written, read back), and its versions."""
    told = at(postgres_server, postgres_server.create_database("world_story", template=nothing))
    told.store(
        authorized(STORE), observed(STORE, (ITEM, 10_000), ("2", 500)), *price_change(STORE, ITEM, 10_000, 9_900)
    )
    told.spread()
    told.close()
    return "world_story", told.versions


@pytest.fixture
def empty(postgres_server: EmbeddedPostgres, nothing: str) -> Iterator[Installation]:
    """An installation in which nothing has happened."""
    with copy_of(postgres_server, nothing) as installation:
        yield installation


@pytest.fixture
def installation(postgres_server: EmbeddedPostgres, story: tuple[str, dict[UUID, int]]) -> Iterator[Installation]:
    """An installation in order."""
    template, versions = story
    with copy_of(postgres_server, template) as installation:
        installation.versions = dict(versions)
        installation.salla = FakeSalla(
            shown={STORE: {ITEM: 9_900, "2": 500}},
            write_log=[PriceWrite(1, STORE, ITEM, 9_900, touches_sale=False, effective=True)],
            token_ledger=[Refresh(STORE, "a", "rotated"), Refresh(STORE, "b", "rotated")],
        )
        yield installation
