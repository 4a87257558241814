"""Reading and small transactions beside the event store; SQL kept in files."""

import re
import select
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any, LiteralString

from psycopg import Connection, Cursor
from psycopg import sql as composed
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

from thaman_kit.errors import MissingQuery

_NAME = re.compile(r"^-- name:\s*(\w+)\s*$", re.MULTILINE)

STATEMENT_TIMEOUT_MS = 30_000

PLANNING = "-c plan_cache_mode=force_custom_plan"
"""A queue's plan made while it is empty is kept by prepared statements and takes seconds once it is full."""


class Database:
    """A pool of connections whose ``search_path`` is one service's schema.

    Times come back as UTC. Use it from threads, never from the event loop.
    """

    def __init__(self, url: str, schema: str, pool_size: int = 4) -> None:
        options = f"-c search_path={schema} -c timezone=UTC -c statement_timeout={STATEMENT_TIMEOUT_MS} {PLANNING}"
        self._pool: ConnectionPool[Connection[DictRow]] = ConnectionPool(
            url,
            kwargs={"row_factory": dict_row, "autocommit": True, "options": options, "application_name": schema},
            min_size=1,
            max_size=pool_size,
            timeout=10.0,
            max_waiting=200,
            check=_check,
            open=True,
            name=f"{schema}-reads",
        )

    def fetch_all(self, sql: str, params: Mapping[str, Any] | Sequence[Any] | None = None) -> list[dict[str, Any]]:
        """All rows of a query."""
        with self._pool.connection() as connection:
            return connection.execute(sql.encode(), params).fetchall()

    def fetch_one(self, sql: str, params: Mapping[str, Any] | Sequence[Any] | None = None) -> dict[str, Any] | None:
        """The first row of a query, or ``None``."""
        with self._pool.connection() as connection:
            return connection.execute(sql.encode(), params).fetchone()

    def execute(self, sql: str, params: Mapping[str, Any] | Sequence[Any] | None = None) -> int:
        """Run one statement in its own transaction; returns the rows touched."""
        with self._pool.connection() as connection:
            return connection.execute(sql.encode(), params).rowcount

    @contextmanager
    def transaction(self) -> Iterator[Cursor[DictRow]]:
        """A cursor inside one transaction, committed at the end of the block."""
        with self._pool.connection() as connection, connection.transaction(), connection.cursor() as cursor:
            yield cursor

    def close(self) -> None:
        """Give the connections back to the server."""
        self._pool.close()


def copy_rows(
    cursor: Cursor[Any], table: LiteralString, columns: Mapping[LiteralString, str], rows: Iterable[Sequence[Any]]
) -> None:
    """Add rows to a table by ``COPY`` in its binary form: hundreds of thousands cost the server a third of what they
    cost as arrays. ``columns`` says of which type each is, and values are of that type's own Python type.

    Raises:
        TypeError, AttributeError, OverflowError, psycopg.Error: a value is not what its column takes.
    """
    names = composed.SQL(", ").join(map(composed.Identifier, columns))
    query = composed.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(composed.Identifier(table), names)
    with cursor.copy(query) as copy:
        copy.set_types(list(columns.values()))
        for row in rows:
            copy.write_row(row)


def _check(connection: Connection[DictRow]) -> None:
    """Refuse a connection that the server closed.

    An idle connection has nothing to read. Where there is something, it is most likely the server's farewell, so only
    then is the server asked, which costs a round trip.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        ConnectionPool.check_connection(connection)


@cache
def load_queries(package: str, name: str = "queries.sql") -> Mapping[str, str]:
    """The queries of a ``.sql`` file, by the name in their ``-- name:`` line.

    Raises:
        MissingQuery: the file has text before its first name, or a name twice.
    """
    text = resources.files(package).joinpath(name).read_text(encoding="utf-8")
    parts = _NAME.split(text)
    head = "\n".join(line for line in parts[0].splitlines() if not line.startswith("--")).strip()
    names = parts[1::2]
    if head or len(set(names)) != len(names):
        raise MissingQuery(f"{package}/{name}: every query needs a '-- name:' line of its own")
    return dict(zip(names, (body.strip() for body in parts[2::2]), strict=True))
