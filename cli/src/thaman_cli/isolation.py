"""Whether a store's events were caused by, or speak of, anything of another store: a walk over the whole record.

Causes are in the services' logs, where each event notes the event that led to it; ids are in the audit's ledger. An
event of the installation itself (a setting for all, a retention date) may cause events of every store, but only as long
as no store's event caused it.
"""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from psycopg import sql

from thaman_cli.world.reading import Connection
from thaman_contracts.ids import SYSTEM
from thaman_contracts.subjects import SERVICES
from thaman_kit.database import load_queries

_queries = partial(load_queries, "thaman_cli", "isolation.sql")
NAMED = 20
"""Crossings that are named at most."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """Something of ``store_id`` that hangs on another store, and how."""

    store_id: str
    other: str
    what: str


@dataclass(frozen=True, slots=True)
class Isolation:
    """What the walk met, and what crosses over, the first one first.

    ``own`` causes are the store's own events, ``installation`` those of the installation; ``unknown`` causes are in no
    log. Events without a cause were begun by somebody outside, or by the clock.
    """

    events: int
    own: int
    installation: int
    unknown: int
    entries: int
    ids: int
    crossings: list[Crossing] = field(default_factory=list)


def isolation(connection: Connection, store: str | None = None) -> Isolation:
    """Walk the record of all stores, or what concerns one.

    Raises:
        psycopg.DataError: a log or the ledger has something that is no event.
    """
    causes = _run(connection, "causes", store, logs=_logs())
    spoken = _run(connection, "references", store)
    foreign, crossings = causes.pop("foreign_causes"), spoken.pop("crossings")
    return Isolation(**causes, **spoken, crossings=[*map(_caused, foreign), *map(_spoken, crossings)])


def _run(connection: Connection, query: str, store: str | None, **names: sql.Composable) -> dict[str, Any]:
    text: Any = _queries()[query]
    # The queries are our own file; names enter as quoted identifiers, values as bound parameters.
    composed = sql.SQL(text).format(**names)
    return connection.execute(composed, {"system": SYSTEM, "store": store, "limit": NAMED}).fetchall()[0]


def _logs() -> sql.Composable:
    text: Any = _queries()["log"]
    logs = [
        sql.SQL(text).format(service=sql.Literal(service), events=sql.Identifier(service, f"{service}_events"))
        for service in SERVICES
    ]
    return sql.SQL(" UNION ALL ").join(logs)


def _caused(row: dict[str, Any]) -> Crossing:
    origin = ", ".join(row["origins"])
    what = f"{row['service']} {row['event_id']} ({row['name']}) was caused by {row['cause']}"
    return Crossing(row["store_id"], origin, what)


def _spoken(row: dict[str, Any]) -> Crossing:
    other, store, seq = row["stores"][0], row["stores"][1], row["seqs"][1]
    where = f"entry {seq} ({row['types'][1]})"
    if row["kind"] == "entry":
        return Crossing(store, str(other), f"{where} speaks of another store")
    return Crossing(store, other, f"{where} speaks of {row['kind']} {row['id']}, which another store has")
