"""The recorder that makes one transaction of events, tracking and a unit's other effects."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresFactory, PostgresProcessRecorder
from eventsourcing.utils import Environment
from psycopg import Cursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row
from psycopg.sql import SQL, Identifier

from thaman_kit.database import PLANNING
from thaman_kit.errors import EffectRefused, JobLost
from thaman_kit.packing import bigints, byteas, columns, takes_columns, texts, uuids

Params = Mapping[str, Any] | Sequence[Any]

LOCK_TIMEOUT_S = 5
"""How long one attempt waits for the events table. The recorder tries ten times; callers set their own deadline."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One SQL statement of a unit of work.

    ``many`` runs it once per parameter set, ``together`` once with all rows: as columns where it takes binary arrays,
    otherwise as the JSON parameter ``rows``.
    ``step`` is called with the cursor instead, where one statement follows from what another found.
    ``must_touch`` refuses the whole transaction unless exactly that many rows were touched; ``guards_job`` says that
    this means a lost lease.
    """

    sql: str
    params: Params | None = None
    many: list[Params] | None = None
    together: list[Mapping[str, Any]] | None = None
    step: Callable[[Cursor[DictRow]], None] | None = None
    must_touch: int | None = None
    guards_job: bool = False

    def takes(self, sql: str, params: Params | None) -> bool:
        """Whether the same statement with ``params`` can run together with this one."""
        return self.many is not None and self.sql == sql and params is not None


class UnitRecorder(PostgresProcessRecorder):
    """Inserts tracking, runs the unit's effects, then inserts events, in one transaction.

    Effects come before the events so that the table lock, which keeps commit order equal to notification order, is
    held for the shortest time.
    """

    def _insert_stored_events(self, curs: Cursor[DictRow], stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        """Like the library, but the columns go in as binary arrays, which both ends read at a fraction of the cost."""
        self._lock_table(curs)
        self._notify_channel(curs)
        table = Identifier(self.datastore.schema, self.events_table_name)
        given = (
            uuids([cast("UUID", event.originator_id) for event in stored_events]),
            bigints([event.originator_version for event in stored_events]),
            texts([event.topic for event in stored_events]),
            byteas([event.state for event in stored_events]),
        )
        curs.execute(_INSERT.format(table), given)

    def _insert_events(self, curs: Cursor[DictRow], stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        super()._insert_events(curs, stored_events, **kwargs)
        effects: Sequence[Effect] = kwargs.get("effects", ())
        for effect in effects:
            _run(curs, effect)


_INSERT = SQL(
    "INSERT INTO {} (originator_id, originator_version, topic, state)"
    " SELECT originator_id, originator_version, topic, state"
    " FROM unnest(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[])"
    " WITH ORDINALITY AS given (originator_id, originator_version, topic, state, place) ORDER BY place"
    " RETURNING notification_id"
)


class UnitFactory(PostgresFactory):
    """Builds :class:`UnitRecorder` on connections whose ``search_path`` is the service's schema."""

    process_recorder_class = UnitRecorder

    def __init__(self, env: Environment, url: str) -> None:
        super().__init__(env)
        pool_arguments = self.datastore.pool.kwargs
        assert isinstance(pool_arguments, dict)
        # The library knows five connection settings; libpq knows more (TLS, sockets), so the URL goes in whole.
        pool_arguments.clear()
        pool_arguments.update(_connection_arguments(url, self.datastore.schema))


def environment_of(service: str, *, pool_size: int = 1, create_table: bool = False) -> Environment:
    """The library's settings for one service; the connection itself comes from a URL (see :class:`UnitFactory`)."""
    connection = {f"POSTGRES_{name}": "from-url" for name in ("DBNAME", "HOST", "USER", "PASSWORD")}
    return Environment(
        name=service,
        env=connection
        | {
            "POSTGRES_SCHEMA": service,
            "POSTGRES_POOL_SIZE": "1",
            "POSTGRES_MAX_OVERFLOW": str(pool_size - 1),
            "POSTGRES_LOCK_TIMEOUT": str(LOCK_TIMEOUT_S),
            "CREATE_TABLE": "yes" if create_table else "no",
        },
    )


def _connection_arguments(url: str, schema: str) -> dict[str, Any]:
    options = f"-c search_path={schema} -c timezone=UTC {PLANNING}"
    return conninfo_to_dict(url) | {"row_factory": dict_row, "options": options, "application_name": schema}


def _run(curs: Cursor[DictRow], effect: Effect) -> None:
    if effect.step is not None:
        effect.step(curs)
        return
    if effect.many is not None:
        curs.executemany(effect.sql.encode(), effect.many)
        return
    if effect.together is not None and takes_columns(effect.sql):
        curs.execute(effect.sql.encode(), columns(effect.sql, effect.together))
        return
    if effect.together is not None:
        curs.execute(effect.sql.encode(), {"rows": json.dumps(effect.together, default=_plain, ensure_ascii=False)})
        return
    if effect.must_touch is None:
        curs.execute(effect.sql.encode(), effect.params)
        return
    # In pipeline mode a row count is known only once rows are asked for, so such statements end in RETURNING.
    curs.execute(effect.sql.encode(), effect.params)
    touched = len(curs.fetchall())
    if touched != effect.must_touch:
        error = JobLost if effect.guards_job else EffectRefused
        raise error(f"expected {effect.must_touch} rows, touched {touched}: {' '.join(effect.sql.split())[:80]}")


def _plain(value: object) -> str:
    """What JSON does not know: ids and instants."""
    return value.isoformat() if isinstance(value, datetime) else str(value)
