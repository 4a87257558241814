"""The database as ``check_world`` reads it: one moment of all schemas, with an administrator's role."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from thaman_kit.database import load_queries

Row = dict[str, Any]
Connection = psycopg.Connection[Row]


def connect(admin_db_url: str) -> Connection:
    """A connection that sees one moment of the whole database and changes nothing."""
    connection = psycopg.connect(admin_db_url, row_factory=dict_row, options="-c timezone=UTC")
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    return connection


@dataclass(frozen=True, slots=True)
class Reading:
    """The connection as the audit's own readers want it."""

    connection: Connection

    def fetch_all(self, sql: str, params: dict[str, Any] | None = None) -> list[Row]:
        """All rows of a query."""
        return self.connection.execute(sql.encode(), params).fetchall()


def select(connection: Connection, query: str, service: str | None = None, **params: Any) -> list[Row]:
    """The rows of a named query, in the schema of ``service`` where the query asks for one."""
    names = {} if service is None else _names(service)
    return _run(connection, query, names, params)


def matches(connection: Connection, column: Row, pattern: str) -> Row:
    """How many rows of a column match ``pattern``, and where the first one is."""
    name = sql.Identifier(column["column"])
    escaped = sql.SQL("encode({}, 'escape')").format(name)
    text = escaped if column["is_binary"] else sql.SQL("{}::text").format(name)
    names = {"table": sql.Identifier(column["schema"], column["table"]), "text": text}
    return _run(connection, "secrets", names, {"pattern": pattern})[0]


def stores_of_ids(connection: Connection, column: Row) -> dict[str, set[str]]:
    """The ids in a column, each with the stores whose rows name it."""
    table, name = sql.Identifier(column["schema"], column["table"]), sql.Identifier(column["column"])
    rows = _run(connection, "ids", {"table": table, "column": name}, {})
    return {row["id"]: set(row["stores"]) for row in rows}


def _names(service: str) -> dict[str, sql.Composable]:
    return {
        "schema": sql.Identifier(service),
        "events": sql.Identifier(service, f"{service}_events"),
        "tracking": sql.Identifier(service, f"{service}_tracking"),
    }


def _run(connection: Connection, query: str, names: dict[str, sql.Composable], params: dict[str, Any]) -> list[Row]:
    # The queries are our own files; names enter as quoted identifiers, values as bound parameters.
    text: Any = load_queries("thaman_cli.world", "queries.sql")[query]
    return connection.execute(sql.SQL(text).format(**names), params).fetchall()
