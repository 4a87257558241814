"""The event-sourced application of a service, and the unit of work through which everything is stored.

One unit of work is one transaction: the events of any number of aggregates, the tracking row of the message that
caused them, and SQL effects on the service's own tables (read models, jobs, vault). All of it is stored, or nothing.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Self, TypeVar
from uuid import UUID

import psycopg
from eventsourcing.application import Application, ProcessingEvent
from eventsourcing.persistence import (
    InfrastructureFactory,
    IntegrityError,
    Mapper,
    ProcessRecorder,
    Tracking,
)
from eventsourcing.utils import Environment
from psycopg import Cursor
from psycopg.rows import DictRow

from thaman_kit.database import Database, load_queries
from thaman_kit.domain import Aggregate, DomainEvent
from thaman_kit.errors import AggregateNotFound, AlreadyProcessed, Conflict, EffectRefused, KitError
from thaman_kit.jobs import Job
from thaman_kit.mapper import PydanticMapper
from thaman_kit.recorder import Effect, Params, UnitFactory, environment_of

A = TypeVar("A", bound=Aggregate)
T = TypeVar("T")


class EventSourcedApplication(Application[UUID]):
    """One service's event store with its schema, tracking and database.

    Build it with :meth:`connect`, keep one per process, close it at the end. All methods block: call them from
    threads, never on the event loop.
    """

    database: Database
    _url: str

    @classmethod
    def connect(cls, service: str, database_url: str, *, pool_size: int = 5) -> Self:
        """Open the event store of ``service``; its tables must exist (see :mod:`thaman_kit.migrate`)."""
        application_class = type(service.title(), (cls,), {"name": service, "_url": database_url})
        application: Self = application_class(env=environment_of(service, pool_size=pool_size))
        application.database = Database(database_url, service, pool_size)
        return application

    def construct_factory(self, env: Environment) -> InfrastructureFactory[Any]:
        """The factory whose recorder runs effects."""
        return UnitFactory(env, self._url)

    def construct_mapper(self) -> Mapper[UUID]:
        """Events as clean JSON under explicit topics."""
        return PydanticMapper(transcoder=self.construct_transcoder())

    def construct_recorder(self) -> ProcessRecorder:
        """Events and tracking in one recorder."""
        return self.factory.process_recorder()

    def find(self, cls: type[A], id: UUID) -> A | None:
        """The aggregate as stored, or ``None`` when nothing of it is."""
        return cls.fold(id, (_known(event) for event in self.events.get(id)))

    def get(self, cls: type[A], id: UUID) -> A:
        """The aggregate as stored.

        Raises:
            AggregateNotFound: nothing of it is stored.
        """
        aggregate = self.find(cls, id)
        if aggregate is None:
            raise AggregateNotFound(f"there is no {cls.__name__} {id}")
        return aggregate

    def unit_of_work(self) -> "UnitOfWork":
        """A new, empty unit."""
        return UnitOfWork(self)

    def execute(self, work: Callable[["UnitOfWork"], T], *, attempts: int = 8) -> T:
        """Run ``work`` on a unit and store it; on a version conflict do all of it again.

        Raises:
            Conflict: every attempt met a conflict.
        """
        for attempt in range(1, attempts + 1):
            unit = self.unit_of_work()
            result = work(unit)
            try:
                unit.commit()
            except Conflict:
                if attempt == attempts:
                    raise
            else:
                return result
        raise AssertionError("unreachable")

    def position(self, upstream: str) -> int:
        """The position up to which ``upstream`` is processed, 0 before the first."""
        recorder = self.recorder
        assert isinstance(recorder, ProcessRecorder)
        return recorder.max_tracking_id(upstream) or 0

    def close(self) -> None:
        """Give all connections back."""
        super().close()
        if hasattr(self, "database"):
            self.database.close()


class UnitOfWork:
    """What one transaction will store. Aggregates asked for twice are the same object."""

    def __init__(self, application: EventSourcedApplication) -> None:
        self._application = application
        self._aggregates: dict[UUID, Aggregate] = {}
        self._events: list[DomainEvent] = []
        self._effects: list[Effect] = []
        self._enqueued: set[tuple[str, str]] = set()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to store."""
        pending = any(aggregate.has_pending for aggregate in self._aggregates.values())
        return not (pending or self._events or self._effects)

    def find(self, cls: type[A], id: UUID) -> A | None:
        """The aggregate as stored plus what this unit did to it, or ``None``."""
        known = self._aggregates.get(id)
        if known is not None:
            assert isinstance(known, cls)
            return known
        aggregate = self._application.find(cls, id)
        if aggregate is not None:
            self._aggregates[id] = aggregate
        return aggregate

    def get(self, cls: type[A], id: UUID) -> A:
        """Like :meth:`find`.

        Raises:
            AggregateNotFound: nothing of it is stored.
        """
        aggregate = self.find(cls, id)
        if aggregate is None:
            raise AggregateNotFound(f"there is no {cls.__name__} {id}")
        return aggregate

    def add(self, aggregate: Aggregate) -> None:
        """Take a new aggregate into the unit."""
        if self._aggregates.setdefault(aggregate.id, aggregate) is not aggregate:
            raise ValueError(f"{aggregate.id} is in this unit already")

    def record(self, event: DomainEvent) -> None:
        """Store an event that belongs to no loaded aggregate; its version must be free."""
        self._events.append(event)

    def execute(self, sql: str, params: Params | None = None, *, must_touch: int | None = None) -> None:
        """Run a statement inside the transaction, before the events are inserted.

        With ``must_touch`` the statement has to end in ``RETURNING`` and return exactly that many rows.
        """
        previous = self._effects[-1] if self._effects else None
        if previous is not None and must_touch is None and previous.takes(sql, params):
            # A batch of messages says the same statement over and over; together they cost one round trip.
            assert previous.many is not None and params is not None
            previous.many.append(params)
        elif must_touch is None and params is not None:
            self._effects.append(Effect(sql, many=[params]))
        else:
            self._effects.append(Effect(sql, params, must_touch=must_touch))

    def execute_many(self, sql: str, params: Sequence[Params]) -> None:
        """Run a statement once for each parameter set inside the transaction."""
        if params:
            self._effects.append(Effect(sql, many=list(params)))

    def execute_together(self, sql: str, row: Mapping[str, Any]) -> None:
        """Run a statement inside the transaction that takes many rows, as columns (:mod:`thaman_kit.packing`) or as a
        JSON array, its parameter ``rows``.

        Rows of calls that follow each other go in together, in their order. The statement has to give what one call
        for each row would give.
        """
        previous = self._effects[-1] if self._effects else None
        if previous is not None and previous.together is not None and previous.sql == sql:
            previous.together.append(row)
        else:
            self._effects.append(Effect(sql, together=[row]))

    def run(self, name: str, step: Callable[[Cursor[DictRow]], None]) -> None:
        """Run a function on the transaction's cursor where statements follow from what others found.

        It may be called again after a conflict, and changes nothing but through the cursor. ``name`` is for people.
        """
        self._effects.append(Effect(name, step=step))

    def read(self, sql: str, params: Params | None = None) -> list[dict[str, Any]]:
        """Rows as they are stored now; effects of this unit are not in them yet."""
        return self._application.database.fetch_all(sql, params)

    def enqueue(
        self,
        queue: str,
        key: str,
        store_id: str,
        payload: Mapping[str, Any] | None = None,
        *,
        run_at: datetime | None = None,
        priority: int = 0,
    ) -> None:
        """Put a job into a queue, once per ``(queue, key)`` for ever. Lower ``priority`` goes first."""
        self._enqueued.add((queue, store_id))
        self.execute(
            _jobs()["enqueue"],
            {
                "queue": queue,
                "key": key,
                "store_id": store_id,
                "payload": json.dumps(dict(payload or {})),
                "run_at": run_at,
                "priority": priority,
            },
        )

    def has_enqueued(self, queue: str, store_id: str) -> bool:
        """Whether this unit puts a job of the store into the queue already."""
        return (queue, store_id) in self._enqueued

    def complete(self, job: Job) -> None:
        """Finish a claimed job in this transaction.

        The commit raises :class:`~thaman_kit.errors.JobLost` when the lease has passed to another worker.
        """
        self._effects.append(
            Effect(_jobs()["complete"], {"id": job.id, "lease": job.lease}, must_touch=1, guards_job=True)
        )
        job.completed = True

    def commit(self, tracking: Tracking | None = None) -> None:
        """Store everything of the unit.

        Raises:
            Conflict: a version that this unit decided on is taken.
            AlreadyProcessed: ``tracking`` is recorded already.
            EffectRefused: a statement broke a rule of its table.
            JobLost: a job to complete is no longer ours.
        """
        if tracking is None and self.is_empty:
            return
        processing: ProcessingEvent[UUID] = ProcessingEvent(tracking)
        for aggregate in self._aggregates.values():
            processing.events.extend(aggregate.collect_events())
        processing.events.extend(self._events)
        processing.saved_kwargs["effects"] = tuple(self._effects)
        try:
            self._application._record(processing)
        except IntegrityError as error:
            raise _named(error, self._application.name) from error


_jobs = partial(load_queries, "thaman_kit", "sql/jobs.sql")


def _known(event: Any) -> DomainEvent:
    assert isinstance(event, DomainEvent)
    return event


def _named(error: IntegrityError, service: str) -> KitError:
    cause = error.__cause__
    if not isinstance(cause, psycopg.errors.IntegrityError):
        return AlreadyProcessed(str(error))
    if cause.diag.constraint_name == f"{service}_events_pkey":
        return Conflict(str(error))
    return EffectRefused(str(error))
