"""Tables made anew put in the place of live ones, by the rows that differ and in one transaction.

Green tables lie in a database of their own. They are copied beside the live ones as temporary tables, held against them
row by row, and what is wrong is replaced. Readers see the tables as they were until the commit, and then as they are.
"""

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import psycopg
from psycopg import Connection, sql

from thaman_kit.errors import TablesBusy

LOCK_WITHIN_S = 0.9
DEADLOCK_TIMEOUT = "500ms"
"""Both below the second after which others look for deadlocks, so that of two who wait for each other we are the one
to yield; and a vacuum in the way yields to us. The first is for all tables together: whoever waits for one of them
waits no longer than that before we have all or none."""

EXAMPLES = 3
"""Rows of a table that are shown."""

Kind = Literal["missing", "surplus", "different"]
Names = Sequence[sql.Composable]


@dataclass(frozen=True, slots=True)
class Placed:
    """Rows whose order counts: within ``group`` they lie in the order of ``by``, a number that the table gives."""

    group: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table that events make.

    ``kept`` are columns that events do not tell: an existing row keeps what it has. ``unasked`` are columns that are
    not held against each other, but go in with a row that is replaced. ``key`` stands for the primary key where that is
    a number the table gives. ``secret`` ones are never shown. Of a ``shared`` table some rows are of no store.
    """

    name: str
    kept: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    placed: Placed | None = None
    secret: tuple[str, ...] = ()
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A row that is replaced; ``fields`` has each column that differs as it is and as it will be."""

    kind: Kind
    key: dict[str, Any]
    fields: dict[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Compared:
    """A live table held against the green one: rows of both, and how many of them are wrong."""

    table: str
    before: int
    after: int
    missing: int
    surplus: int
    different: int
    examples: tuple[Example, ...] = ()

    @property
    def changed(self) -> int:
        """Rows that have to be added, taken away or replaced."""
        return self.missing + self.surplus + self.different


@dataclass
class _Staged:
    """A table's parts as SQL."""

    table: Table
    live: sql.Identifier
    green: sql.Identifier
    wrong: sql.Identifier
    columns: list[str]
    key: list[str]
    has_store: bool
    told: list[str] = field(default_factory=list)

    @property
    def place(self) -> sql.Composable:
        """The expression for a row's place among its group's."""
        placed = self.table.placed
        if placed is None:
            return sql.SQL("0::bigint")
        return sql.SQL("row_number() OVER (PARTITION BY {} ORDER BY {})").format(
            _list(placed.group), sql.Identifier(placed.by)
        )


class Swap:
    """Live tables of one schema, and the green ones in a database of the same layout.

    ``live`` is in autocommit mode; what follows :meth:`stage` belongs into one transaction of it.
    """

    def __init__(self, live: Connection[Any], green: Connection[Any], schema: str, tables: Sequence[Table]) -> None:
        self._live = live
        self._green = green
        self._tables = [_staged(live, schema, table) for table in tables]
        for one in self._tables:
            live.execute(
                sql.SQL("CREATE TEMPORARY TABLE {} AS SELECT {}, 0::bigint AS place_ FROM {} WITH NO DATA").format(
                    one.green, _list(one.columns), one.live
                )
            )

    def stage(self, stores: Collection[str] | None = None) -> None:
        """Copy the green tables beside the live ones; all of them, or again what speaks of ``stores``."""
        for one in self._tables:
            some: sql.Composable = sql.SQL("")
            if stores is not None and one.has_store:
                some = sql.SQL(" WHERE store_id = ANY ({})").format(sql.Literal(sorted(stores)))
            self._live.execute(sql.SQL("DELETE FROM {}").format(one.green) + some)
            _copy(self._green, self._live, one, some)
            self._live.execute(sql.SQL("ANALYZE {}").format(one.green))

    def compare(self) -> list[Compared]:
        """Hold the tables against each other; which rows are wrong is remembered for the rest."""
        return [self._compare(one) for one in self._tables]

    def remove(self) -> None:
        """Take the wrong rows away; what they have of columns that events do not tell goes over first."""
        for one in self._tables:
            if one.table.kept:
                self._live.execute(_KEEP.format(**_parts(one), kept=_kept(one)))
            self._live.execute(_REMOVE.format(**_parts(one)))

    def insert(self) -> None:
        """Put the right ones in; after :meth:`remove`."""
        for one in self._tables:
            self._live.execute(_INSERT.format(**_parts(one)))

    def _compare(self, one: _Staged) -> Compared:
        self._live.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(one.wrong))
        self._live.execute(_WRONG.format(**_parts(one)))
        kinds = dict(self._live.execute(sql.SQL("SELECT kind_, count(*) FROM {} GROUP BY kind_").format(one.wrong)))
        counts = self._live.execute(
            sql.SQL("SELECT (SELECT count(*) FROM {live}), (SELECT count(*) FROM {green})").format(**_parts(one))
        ).fetchone()
        assert counts is not None, "a SELECT without FROM has one row"
        found = {kind: kinds.get(kind, 0) for kind in ("missing", "surplus", "different")}
        examples = tuple(self._examples(one)) if any(found.values()) else ()
        return Compared(one.table.name, counts[0], counts[1], **found, examples=examples)

    def _examples(self, one: _Staged) -> Iterator[Example]:
        rows = self._live.execute(_EXAMPLES.format(**_parts(one)), {"limit": EXAMPLES})
        for kind, key, live, green in rows:
            was, will = live or {}, green or {}
            names = [name for name in one.told if was.get(name) != will.get(name)]
            ordered = {name: key[name] for name in one.key}
            yield Example(kind, ordered, {name: _shown(one.table, name, was, will) for name in names})


def yield_first(live: Connection[Any]) -> None:
    """Let this connection notice a deadlock before others do, where its role may set that."""
    with suppress(psycopg.errors.InsufficientPrivilege):
        live.execute(sql.SQL("SET deadlock_timeout = {}").format(sql.Literal(DEADLOCK_TIMEOUT)))


@contextmanager
def locked(live: Connection[Any], schema: str, tables: Sequence[Table]) -> Iterator[None]:
    """One transaction in which nobody else writes to the tables; readers are not kept from anything.

    Effects of a unit of work come before its events, and a tracking row moves in the same transaction. So while the
    locks are held no event and no message can have touched one of the tables without being on record.

    Raises:
        TablesBusy: somebody has written to one of them for longer than we may wait; try again.
    """
    deadline = time.monotonic() + LOCK_WITHIN_S
    with live.transaction():
        try:
            for table in tables:
                _lock(live, sql.Identifier(schema, table.name), deadline - time.monotonic())
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
            raise TablesBusy(f"others are writing to the tables of {schema}") from error
        live.execute("SET LOCAL lock_timeout = 0")
        yield


def _lock(live: Connection[Any], name: sql.Identifier, within_s: float) -> None:
    if within_s <= 0:
        raise psycopg.errors.LockNotAvailable("no time is left")
    # PostgreSQL counts for each lock anew, and takes zero for no end.
    live.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(max(1, round(within_s * 1_000)))))
    live.execute(sql.SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(name))


@contextmanager
def moment(live: Connection[Any]) -> Iterator[None]:
    """One transaction that sees one moment, and of which nothing stays."""
    with live.transaction(force_rollback=True):
        live.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


_WRONG = sql.SQL("""
    CREATE TEMPORARY TABLE {wrong} ON COMMIT DROP AS
    SELECT DISTINCT {key}, CASE WHEN l.here IS NULL THEN 'missing' WHEN g.here IS NULL THEN 'surplus'
        ELSE 'different' END AS kind_
    FROM (SELECT {columns}, {place} AS place_, true AS here FROM {live}) AS l
    FULL JOIN (SELECT {columns}, place_, true AS here FROM {green}) AS g USING ({key})
    WHERE l.here IS NULL OR g.here IS NULL OR ({l_told}, l.place_) IS DISTINCT FROM ({g_told}, g.place_)
""")
_KEEP = sql.SQL("""
    UPDATE {green} AS g SET {kept} FROM {live} AS l, {wrong} AS w
    WHERE w.kind_ = 'different' AND {w_is_g} AND {l_is_g}
""")
_REMOVE = sql.SQL("DELETE FROM {live} AS l USING {wrong} AS w WHERE {w_is_l}")
_INSERT = sql.SQL("""
    INSERT INTO {live} ({columns}) SELECT {columns} FROM {green} JOIN {wrong} AS w USING ({key})
    WHERE w.kind_ <> 'surplus' ORDER BY {order}
""")
_EXAMPLES = sql.SQL("""
    SELECT w.kind_, to_jsonb(w) - 'kind_', to_jsonb(l), to_jsonb(g)
    FROM {wrong} AS w LEFT JOIN {live} AS l ON {w_is_l} LEFT JOIN {green} AS g ON {w_is_g}
    ORDER BY w.kind_, {w_key} LIMIT %(limit)s
""")


def _staged(live: Connection[Any], schema: str, table: Table) -> _Staged:
    found = live.execute(_COLUMNS, {"schema": schema, "table": table.name}).fetchall()
    columns = [name for name, is_made, _ in found if not is_made]
    key = list(table.key) or [name for name, _, is_key in found if is_key]
    silent = {*key, *table.kept, *table.unasked}
    return _Staged(
        table,
        sql.Identifier(schema, table.name),
        sql.Identifier("pg_temp", f"green_{table.name}"),
        sql.Identifier("pg_temp", f"wrong_{table.name}"),
        columns,
        key,
        "store_id" in columns and not table.shared,
        [name for name in columns if name not in silent],
    )


_COLUMNS = """
    SELECT attname, attidentity = 'a' OR attgenerated <> '',
        coalesce(attnum = ANY ((indkey::int2[])[0:indnkeyatts - 1]), false)
    FROM pg_attribute
    LEFT JOIN pg_index ON indrelid = attrelid AND indisprimary
    WHERE attrelid = format('%%I.%%I', %(schema)s::text, %(table)s::text)::regclass AND attnum > 0 AND NOT attisdropped
    ORDER BY attnum
"""


def _copy(source: Connection[Any], target: Connection[Any], one: _Staged, some: sql.Composable) -> None:
    columns = _list(one.columns)
    out = sql.SQL("COPY (SELECT {}, {} FROM {}{}) TO STDOUT (FORMAT binary)").format(columns, one.place, one.live, some)
    into = sql.SQL("COPY {} ({}, place_) FROM STDIN (FORMAT binary)").format(one.green, columns)
    with source.cursor() as reading, target.cursor() as writing, reading.copy(out) as rows, writing.copy(into) as sink:
        for block in rows:
            sink.write(block)


def _parts(one: _Staged) -> dict[str, sql.Composable]:
    placed = [sql.Identifier(name) for name in (*one.table.placed.group, "place_")] if one.table.placed else []
    return {
        "live": one.live,
        "green": one.green,
        "wrong": one.wrong,
        "columns": _list(one.columns),
        "place": one.place,
        "key": _list(one.key),
        "w_key": _list(one.key, "w"),
        "order": sql.SQL(", ").join(placed or [sql.Identifier(name) for name in one.key]),
        "l_told": _list(one.told, "l") if one.told else sql.SQL("0"),
        "g_told": _list(one.told, "g") if one.told else sql.SQL("0"),
        "w_is_l": _same(one.key, "w", "l"),
        "w_is_g": _same(one.key, "w", "g"),
        "l_is_g": _same(one.key, "l", "g"),
    }


def _shown(table: Table, name: str, was: dict[str, Any], will: dict[str, Any]) -> tuple[Any, Any]:
    return ("(hidden)", "(hidden)") if name in table.secret else (was.get(name), will.get(name))


def _kept(one: _Staged) -> sql.Composable:
    pairs = [sql.SQL("{} = l.{}").format(*[sql.Identifier(name)] * 2) for name in one.table.kept]
    return sql.SQL(", ").join(pairs)


def _list(names: Sequence[str], of: str | None = None) -> sql.Composable:
    return sql.SQL(", ").join(sql.Identifier(*((of,) if of else ()), name) for name in names)


def _same(names: Sequence[str], one: str, other: str) -> sql.Composable:
    pairs = [sql.SQL("{} = {}").format(sql.Identifier(one, name), sql.Identifier(other, name)) for name in names]
    return sql.SQL(" AND ").join(pairs)
