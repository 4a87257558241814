"""A long ledger made in minutes: the events of :mod:`tests.benchmarks.ledger_events`, put in beside the inboxes.

What ends in the tables is what the inboxes would have made of the same events: bodies are the same bytes, links come
from :func:`thaman_audit.domain.linking.linked`, rows of read models from :func:`thaman_audit.domain.rows.project`. Only
the way is shorter: a run's events are made, written as JSON and projected once for all stores, of which they differ by
the store's name; entries and the index by item go in by ``COPY``; and the indexes of these tables are made at the end.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import DictRow, dict_row

from tests.benchmarks.ledger_events import stretches_of
from thaman_audit.adapters.ledger import put_rows
from thaman_audit.domain.linking import Arrival, linked
from thaman_audit.domain.rows import Row, Rows, project
from thaman_audit.testing import Streams
from thaman_audit.verify import GENESIS, Head
from thaman_contracts.envelope import Envelope, encode
from thaman_contracts.events import EventData
from thaman_contracts.ids import derived_id
from thaman_contracts.subjects import partition_of, upstream_of
from thaman_kit.database import copy_rows

UNIT = 10_000
"""Events that are one transaction."""

_LEDGER: dict[LiteralString, str] = {
    "store_id": "text", "seq": "int8", "event_id": "text", "service": "text", "type": "text", "position": "int8",
    "occurred_at": "timestamptz", "recorded_at": "timestamptz", "data": "bytea", "prev_hash": "bytea", "hash": "bytea",
}  # fmt: skip
_ITEM_EVENTS: dict[LiteralString, str] = {
    "store_id": "text", "item": "text", "service": "text", "event_id": "text", "name": "text", "at": "timestamptz",
    "run_id": "uuid", "proposal_id": "uuid", "decision_id": "uuid",
}  # fmt: skip
Filled = tuple[Arrival, Sequence[tuple[str, Row]]]
"""An event as it came, with its rows of read models."""

_BULK = ["ledger", "item_events"]
_OPTIONS = "-c search_path=audit -c timezone=UTC -c synchronous_commit=off -c maintenance_work_mem=256MB"


@dataclass(frozen=True)
class Template:
    """An event that is told of each store: its bytes before and after the store's name, and its rows."""

    service: str
    type: str
    occurred_at: datetime
    before: bytes
    after: bytes
    rows: Sequence[tuple[str, Row]]


def fill(url: str, streams: Streams, stores: list[str], count: int, say: Callable[[str], None]) -> None:
    """Put the first ``count`` events of ``stores`` into an empty ledger; ``url`` is of the role that migrated.

    ``streams`` go on from there, and so do the inboxes.
    """
    fill_with(url, streams, stores, _arrivals(streams, stores, count), count, say)


def fill_with(
    url: str, streams: Streams, stores: list[str], rest: Iterator[Filled], count: int, say: Callable[[str], None]
) -> None:
    """The same with any events of ``stores``, each at its place in ``streams``; ``count`` is how many they are."""
    with psycopg.connect(url, row_factory=dict_row, options=_OPTIONS) as connection:
        indexes = _without_indexes(connection)
        heads = {store_id: Head(store_id, 0, GENESIS) for store_id in stores}
        done = 0
        while unit := list(islice(rest, UNIT)):
            _put(connection, unit, heads)
            done += len(unit)
            if done % (UNIT * 10) == 0:
                say(f"{done:,} of {count:,} events")
        _end(connection, streams, heads)
        for statement in indexes:
            connection.execute(statement.encode())
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")  # what autovacuum does a minute after


def _arrivals(streams: Streams, stores: list[str], count: int) -> Iterator[Filled]:
    """The events as they would have come, with their rows."""
    made: tuple[list[EventData], list[Template]] = ([], [])
    left = count
    for store, events, _ in stretches_of(stores):
        if made[0] is not events:
            made = events, [_template(event) for event in events]
        for template in made[1][:left]:
            service = template.service
            place = streams.positions[service] = streams.positions[service] + 1
            streams.previous[service, partition_of(store)] = place
            event_id = f"{derived_id('test', service, str(place))}:1"
            data = b"%b%b%b" % (template.before, store.encode(), template.after)
            arrival = Arrival(store, event_id, service, template.type, place, template.occurred_at, data)
            yield arrival, template.rows
        left -= len(events)
        if left <= 0:
            return


def ready_rows(event: EventData) -> tuple[bytes, list[tuple[str, Row]]]:
    """An event's bytes, and its rows but for what depends on its id and its store."""
    envelope = Envelope("", event.service, event.event_type(), event.store_id, event.occurred_at, 0, 0)
    rows = Rows()
    project(event, envelope, rows)
    told = [(statement, row) for statement, found in rows.by_statement.items() for row in found]
    return encode(event.model_dump(mode="json")), told


def _template(event: EventData) -> Template:
    body, told = ready_rows(event)
    before, _, after = body.partition(f'"store_id":"{event.store_id}"'.encode())
    return Template(event.service, event.event_type(), event.occurred_at, before + b'"store_id":"', b'"' + after, told)


def _put(
    connection: psycopg.Connection[DictRow],
    unit: list[Filled],
    heads: dict[str, Head],
) -> None:
    now, rows = datetime.now(UTC), Rows()
    for arrival, told in unit:
        for statement, row in told:
            own = row | {"store_id": arrival.store_id}
            if "event_id" in row:
                own["event_id"] = arrival.event_id
            rows.add(statement, own)
    links = linked([arrival for arrival, _ in unit], heads, now)
    index = rows.by_statement.pop("item_event", [])
    with connection.transaction(), connection.cursor() as cursor:
        copy_rows(
            cursor, "ledger", _LEDGER,
            (
                (
                    one.store_id, link.seq, one.event_id, one.service, one.type, one.position, one.occurred_at, now,
                    one.data, link.prev_hash, link.hash,
                )
                for link in links
                for one in (link.arrival,)
            ),
        )  # fmt: skip
        copy_rows(cursor, "item_events", _ITEM_EVENTS, ([row[name] for name in _ITEM_EVENTS] for row in index))
        put_rows(cursor, rows)


def _end(connection: psycopg.Connection[DictRow], streams: Streams, heads: dict[str, Head]) -> None:
    """Let heads and inboxes know how far the ledger is."""
    with connection.transaction(), connection.cursor() as cursor:
        ends = [(head.store_id, head.seq, head.hash) for head in heads.values() if head.seq]
        cursor.executemany("INSERT INTO heads (store_id, seq, hash) VALUES (%s, %s, %s)", ends)
        places = [(upstream_of(*feed), place) for feed, place in streams.previous.items()]
        cursor.executemany("INSERT INTO audit_tracking (application_name, notification_id) VALUES (%s, %s)", places)


def _without_indexes(connection: psycopg.Connection[DictRow]) -> list[str]:
    """Drop the indexes of the tables that are filled in bulk; the statements that make them again."""
    again = []
    for row in connection.execute(_CONSTRAINTS, {"tables": _BULK}).fetchall():
        table, name = sql.Identifier(row["table"]), sql.Identifier(row["name"])
        connection.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(table, name))
        again.append(f"ALTER TABLE {row['table']} ADD CONSTRAINT {row['name']} {row['definition']}")
    for row in connection.execute(_INDEXES, {"tables": _BULK}).fetchall():
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(row["name"])))
        again.append(row["definition"])
    connection.commit()
    return again


_CONSTRAINTS = """
    SELECT relname AS "table", conname AS name, pg_get_constraintdef(pg_constraint.oid) AS definition
    FROM pg_constraint JOIN pg_class ON conrelid = pg_class.oid
    WHERE connamespace = 'audit'::regnamespace AND relname = ANY (%(tables)s) AND contype IN ('p', 'u')
"""
_INDEXES = """
    SELECT indexname AS name, indexdef AS definition FROM pg_indexes
    WHERE schemaname = 'audit' AND tablename = ANY (%(tables)s)
"""
