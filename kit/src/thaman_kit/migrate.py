"""Migrations: schemas, roles, tables and grants of all services, as one job.

Run once before the services start, under an advisory lock, by an administrator's connection. Files are
``NNNN_pre_<name>.sql`` (before the new code runs; must suit the old code too) and ``NNNN_post_<name>.sql`` (after).
The kit's files come before the service's own.
"""

import importlib.util
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from thaman_kit.errors import SettingsError
from thaman_kit.recorder import UnitFactory, environment_of

logger = logging.getLogger(__name__)

_FILE = re.compile(r"^\d{4}_(pre|post)_\w+\.sql$")
_LOCK = 0x7468616D616E  # "thaman"


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its package, name and text."""

    package: str
    name: str
    text: str


def migrate(
    admin_url: str,
    services: Iterable[str],
    passwords: Mapping[str, str] | None = None,
    *,
    phase: str = "all",
) -> list[str]:
    """Bring the schemas of ``services`` up to date; safe to run again and from several places at once.

    Args:
        admin_url: a role that may create schemas and roles.
        passwords: the login password of each service's role ``<service>_app``; without one the role logs in as the
            server's own rules say.
        phase: ``pre``, ``post`` or ``all``.

    Returns:
        the files that were applied, as ``<schema>/<file>``.
    """
    applied: list[str] = []
    with psycopg.connect(admin_url, autocommit=True) as connection:
        _require_utf8(connection)
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        for service in services:
            _ensure_role(connection, service, (passwords or {}).get(service))
            _ensure_schema(connection, service)
            _ensure_event_tables(admin_url, service)
            applied += [f"{service}/{name}" for name in _apply_files(connection, service, phase)]
            _grant(connection, service)
    return applied


def lay_out(admin_url: str, services: Iterable[str]) -> None:
    """Give a database that will be thrown away the tables of ``services``; roles and grants are left alone."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        for service in services:
            _ensure_schema(connection, service)
            _ensure_event_tables(admin_url, service)
            for _ in _apply_files(connection, service, "all"):
                pass


def service_url(admin_url: str, service: str, password: str | None) -> str:
    """The address of the same database for the role of ``service``."""
    parts = conninfo_to_dict(admin_url) | {"user": f"{service}_app", "password": password}
    return make_conninfo(**{name: str(value) for name, value in parts.items() if value is not None})


def pending(admin_url: str, services: Iterable[str]) -> list[str]:
    """The files that :func:`migrate` would apply."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        return [
            f"{service}/{migration.name}"
            for service in services
            for migration in _files(service)
            if (migration.package, migration.name) not in _applied(connection, service)
        ]


def _require_utf8(connection: psycopg.Connection) -> None:
    if connection.info.parameter_status("server_encoding") != "UTF8":
        raise SettingsError(
            "the database does not store text as UTF-8, so Arabic names would be damaged; "
            "create it with ENCODING 'UTF8' and run the migration again"
        )


def _ensure_role(connection: psycopg.Connection, service: str, password: str | None) -> None:
    role = sql.Identifier(f"{service}_app")
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (f"{service}_app",)).fetchone()
    if not known:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
    if password is not None:
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(password)))
    for setting, value in (("statement_timeout", "60s"), ("idle_in_transaction_session_timeout", "30s")):
        connection.execute(sql.SQL("ALTER ROLE {} SET {} = {}").format(role, sql.SQL(setting), sql.Literal(value)))


def _ensure_schema(connection: psycopg.Connection, service: str) -> None:
    schema = sql.Identifier(service)
    connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema))
    connection.execute(
        sql.SQL(
            "CREATE TABLE IF NOT EXISTS {}.migrations (package text, name text, "
            "applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (package, name))"
        ).format(schema)
    )


def _ensure_event_tables(admin_url: str, service: str) -> None:
    with UnitFactory(environment_of(service, create_table=True), admin_url) as factory:
        factory.process_recorder()


def _apply_files(connection: psycopg.Connection, service: str, phase: str) -> Iterator[str]:
    done = _applied(connection, service)
    for migration in _files(service):
        if (migration.package, migration.name) in done or phase not in ("all", migration.name.split("_")[1]):
            continue
        with connection.transaction():
            connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(sql.Identifier(service)))
            connection.execute(migration.text.encode())
            connection.execute(
                sql.SQL("INSERT INTO {}.migrations (package, name) VALUES (%s, %s)").format(sql.Identifier(service)),
                (migration.package, migration.name),
            )
        logger.info("applied %s to %s", migration.name, service)
        yield migration.name


def _applied(connection: psycopg.Connection, service: str) -> set[tuple[str, str]]:
    if connection.execute("SELECT to_regclass(%s)", (f"{service}.migrations",)).fetchone() == (None,):
        return set()
    rows = connection.execute(sql.SQL("SELECT package, name FROM {}.migrations").format(sql.Identifier(service)))
    return {(package, name) for package, name in rows}


def _files(service: str) -> list[Migration]:
    packages = ["thaman_kit", f"thaman_{service}"]
    return [
        Migration(package, entry.name, entry.read_text(encoding="utf-8"))
        for package in packages
        if importlib.util.find_spec(package) is not None
        for entry in _sorted_files(resources.files(package).joinpath("migrations"))
    ]


def _sorted_files(folder: Traversable) -> list[Traversable]:
    if not folder.is_dir():
        return []
    entries = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda e: e.name)
    for entry in entries:
        if not _FILE.match(entry.name):
            raise ValueError(f"migration {entry.name} is not named NNNN_pre_<name>.sql or NNNN_post_<name>.sql")
    return entries


def _grant(connection: psycopg.Connection, service: str) -> None:
    """Least privilege: a service's role reads and adds events but can neither change nor delete one.

    ``MAINTAIN`` is what the recorder's EXCLUSIVE lock needs (PostgreSQL 17 and later). Tables whose comment begins
    with ``append-only`` are granted like events.
    """
    role, schema = sql.Identifier(f"{service}_app"), sql.Identifier(service)
    everything = {
        "schema": schema,
        "role": role,
        "events": sql.Identifier(service, f"{service}_events"),
        "tracking": sql.Identifier(service, f"{service}_tracking"),
    }
    with connection.transaction():
        for statement in _GRANTS:
            connection.execute(sql.SQL(statement).format(**everything))
        for (table,) in connection.execute(_APPEND_ONLY, (service,)).fetchall():
            connection.execute(
                sql.SQL("REVOKE UPDATE, DELETE ON {} FROM {}").format(sql.Identifier(service, table), role)
            )


_GRANTS = (
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
    "REVOKE ALL ON {events} FROM {role}",
    "GRANT SELECT, INSERT, MAINTAIN ON {events} TO {role}",
    "REVOKE DELETE ON {tracking} FROM {role}",
    "REVOKE INSERT, UPDATE, DELETE ON {schema}.migrations FROM {role}",
    # The library turns vacuum nearly off for both tables, but tracking rows are updated with every message.
    "ALTER TABLE {tracking} RESET (autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor)",
    "ALTER TABLE {tracking} SET (fillfactor = 50)",
)

_APPEND_ONLY = """
    SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = %s AND relkind IN ('r', 'p') AND obj_description(pg_class.oid, 'pg_class') LIKE 'append-only%%'
"""
