"""The unit of work on a real PostgreSQL: all or nothing, exactly once, append-only."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.persistence import Tracking

from thaman_contracts.events import onboarding
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.domain import Aggregate, DomainEvent, EventMeta, caused_by
from thaman_kit.errors import (
    AggregateNotFound,
    AlreadyProcessed,
    Conflict,
    EffectRefused,
    JobLost,
    SettingsError,
    UnknownTopic,
)
from thaman_kit.jobs import JobQueue
from thaman_kit.migrate import migrate, pending
from thaman_kit.testing import database_url, migrated, postgres_server  # noqa: F401

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


class Counted(DomainEvent, onboarding.StorePaused, topic="kit_test.Counted"):
    """One more."""


class Counter(Aggregate):
    """Counts its events."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.count = 0

    def add(self) -> None:
        """Count one more."""
        self.trigger(Counted, store_id="1", occurred_at=NOW, fence=self.count, reason="test", paused_by="test")

    def when(self, event: DomainEvent) -> None:
        """Fold."""
        match event:
            case Counted():
                self.count += 1
            case _:
                super().when(event)


@pytest.fixture
def application(database_url: str) -> Iterator[EventSourcedApplication]:  # noqa: F811
    urls = migrated(database_url, ["onboarding"])
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute("CREATE TABLE onboarding.notes (text text PRIMARY KEY)")
        admin.execute("GRANT ALL ON onboarding.notes TO onboarding_app")
    app = EventSourcedApplication.connect("onboarding", urls["onboarding"])
    yield app
    app.close()


def a_counter(application: EventSourcedApplication) -> UUID:
    def work(unit: UnitOfWork) -> UUID:
        counter = Counter(uuid4())
        counter.add()
        unit.add(counter)
        return counter.id

    return application.execute(work)


def test_what_is_stored_comes_back(application: EventSourcedApplication) -> None:
    id = a_counter(application)
    application.execute(lambda unit: unit.get(Counter, id).add())
    counter = application.get(Counter, id)
    assert (counter.count, counter.version) == (2, 2)
    with pytest.raises(AggregateNotFound):
        application.get(Counter, uuid4())


def test_aggregates_are_the_same_within_a_unit(application: EventSourcedApplication) -> None:
    id = a_counter(application)
    unit = application.unit_of_work()
    unit.get(Counter, id).add()
    unit.get(Counter, id).add()
    unit.commit()
    assert application.get(Counter, id).count == 3


def test_the_second_of_two_writers_is_told(application: EventSourcedApplication) -> None:
    id = a_counter(application)
    first, second = application.unit_of_work(), application.unit_of_work()
    first.get(Counter, id).add()
    second.get(Counter, id).add()
    second.execute("INSERT INTO notes VALUES ('second')")
    first.commit()
    with pytest.raises(Conflict):
        second.commit()
    assert application.get(Counter, id).count == 2
    assert application.database.fetch_all("SELECT * FROM notes") == []


def test_execute_decides_again_after_a_conflict(application: EventSourcedApplication) -> None:
    id = a_counter(application)
    seen: list[int] = []

    def work(unit: UnitOfWork) -> None:
        counter = unit.get(Counter, id)
        if not seen:
            application.execute(lambda other: other.get(Counter, id).add())
        seen.append(counter.count)
        counter.add()

    application.execute(work)
    assert seen == [1, 2]
    assert application.get(Counter, id).count == 3


def test_a_message_has_its_effect_once(application: EventSourcedApplication) -> None:
    id = a_counter(application)

    def handle() -> None:
        unit = application.unit_of_work()
        unit.get(Counter, id).add()
        unit.execute("INSERT INTO notes VALUES ('effect')")
        unit.enqueue("q", "k", "1")
        unit.commit(Tracking("scheduler:3", 7))

    handle()
    with pytest.raises(AlreadyProcessed):
        handle()
    assert application.get(Counter, id).count == 2
    assert application.position("scheduler:3") == 7
    assert application.position("scheduler:4") == 0
    assert len(JobQueue(application.database).claim("q", 5, 60)) == 1


def test_tracking_alone_is_stored(application: EventSourcedApplication) -> None:
    application.unit_of_work().commit(Tracking("audit:0", 3))
    assert application.position("audit:0") == 3


def test_a_refused_effect_takes_everything_back(application: EventSourcedApplication) -> None:
    id = a_counter(application)
    unit = application.unit_of_work()
    unit.get(Counter, id).add()
    unit.execute_many("INSERT INTO notes VALUES (%s)", [("twice",), ("twice",)])
    with pytest.raises(EffectRefused):
        unit.commit(Tracking("scheduler:0", 1))
    assert application.get(Counter, id).count == 1
    assert application.position("scheduler:0") == 0


def test_an_effect_can_demand_its_rows(application: EventSourcedApplication) -> None:
    unit = application.unit_of_work()
    unit.execute("UPDATE notes SET text = 'x' WHERE text = 'y' RETURNING 1", must_touch=1)
    with pytest.raises(EffectRefused, match="touched 0"):
        unit.commit()


def test_a_lost_job_stores_nothing(application: EventSourcedApplication) -> None:
    application.execute(lambda unit: unit.enqueue("q", "k", "1"))
    jobs = JobQueue(application.database)
    (lost,) = jobs.claim("q", 1, 0.0)
    (ours,) = jobs.claim("q", 1, 60.0)
    assert (lost.id, ours.attempts) == (ours.id, 2)
    unit = application.unit_of_work()
    unit.execute("INSERT INTO notes VALUES ('late')")
    unit.complete(lost)
    with pytest.raises(JobLost):
        unit.commit()
    assert application.database.fetch_all("SELECT * FROM notes") == []


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM onboarding_events",
        "UPDATE onboarding_events SET topic = 'x'",
        "TRUNCATE onboarding_events",
        "DROP TABLE onboarding_events",
        "DELETE FROM onboarding_tracking",
        "DELETE FROM migrations",
    ],
)
def test_the_service_role_cannot_rewrite_history(application: EventSourcedApplication, statement: str) -> None:
    a_counter(application)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.database.execute(statement)


def test_events_remember_their_cause(application: EventSourcedApplication) -> None:
    cause = EventMeta(correlation_id="run-1", causation_id="x:1", traceparent="00-aa-bb-01")
    with caused_by(cause):
        id = a_counter(application)
    (event,) = application.events.get(id)
    assert isinstance(event, Counted)
    assert event.meta == cause
    other = a_counter(application)
    (event,) = application.events.get(other)
    assert isinstance(event, Counted)
    assert event.meta == EventMeta()


def test_an_event_of_a_later_release_is_named(application: EventSourcedApplication, database_url: str) -> None:  # noqa: F811
    id = a_counter(application)
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute("UPDATE onboarding.onboarding_events SET topic = 'store.FromTheFuture'")
    with pytest.raises(UnknownTopic, match=r"store\.FromTheFuture"):
        application.get(Counter, id)


def test_migrating_twice_changes_nothing(database_url: str) -> None:  # noqa: F811
    assert pending(database_url, ["onboarding"])
    assert migrate(database_url, ["onboarding"]) != []
    assert migrate(database_url, ["onboarding"]) == []
    assert pending(database_url, ["onboarding"]) == []


def test_a_database_that_would_damage_arabic_is_refused(database_url: str) -> None:  # noqa: F811
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE latin ENCODING 'SQL_ASCII' TEMPLATE template0")
    latin = psycopg.conninfo.make_conninfo(database_url, dbname="latin")
    with pytest.raises(SettingsError, match="UTF-8"):
        migrate(latin, ["onboarding"])
