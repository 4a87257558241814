"""A database that is made, filled, asked, and thrown away: where read models are made again beside the live ones."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from thaman_kit.errors import NoScratch
from thaman_kit.migrate import lay_out

_PREFIX = "thaman_scratch_"
_ABANDONED = """
    SELECT datname FROM pg_database
    WHERE starts_with(datname, %s) AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = pg_database.datname)
      AND coalesce(to_timestamp(substring(datname FROM '_t([0-9]{10})_')::bigint) < now() - interval '1 minute', true)
"""
"""Nobody is in a database at its birth, either, and no lock reaches over databases; so its name says when that was."""
_NAME = "SELECT %s || 't' || extract(epoch FROM now())::bigint || '_' || %s"


_LIGHTER = """
    WITH light AS (SELECT to_regclass(name) AS id FROM unnest(%(tables)s::text[]) AS name)
    SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', id, conname) FROM light JOIN pg_constraint ON conrelid = id
    WHERE contype IN ('p', 'u')
    UNION ALL
    SELECT format('DROP INDEX IF EXISTS %%s', indexrelid::regclass) FROM light JOIN pg_index ON indrelid = id
    UNION ALL
    SELECT format('ALTER TABLE %%s SET UNLOGGED, SET (autovacuum_enabled = off)', id) FROM light
"""


@contextmanager
def scratch_database(admin_url: str, services: Iterable[str], *, light: Collection[str] = ()) -> Iterator[str]:
    """The address of a new database with the empty tables of ``services``, on the server of ``admin_url``.

    Its ``light`` tables, named with their schemas, are only filled and then read as a whole: they have no log, no
    indexes, and nothing that keeps rows apart.

    It is dropped at the end of the block, whatever happens in it. What a killed process left is dropped by the
    next one that comes a minute later or more.

    Raises:
        NoScratch: the role may not make databases.
    """
    with psycopg.connect(admin_url, autocommit=True) as server:
        (name,) = server.execute(_NAME, (_PREFIX, uuid4().hex[:16])).fetchone() or ("",)
        url = make_conninfo(admin_url, dbname=name)
        keeper = _create(server, name, url)
        try:
            lay_out(url, services)
            if light:
                _lighten(keeper, light)
            yield url
        finally:
            keeper.close()
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _lighten(database: psycopg.Connection, tables: Collection[str]) -> None:
    statements = [statement for (statement,) in database.execute(_LIGHTER, {"tables": list(tables)}).fetchall()]
    database.execute("; ".join(statements))


def _create(server: psycopg.Connection, name: str, url: str) -> psycopg.Connection:
    """Make the database; the connection to it says that it is in use."""
    try:
        for (abandoned,) in server.execute(_ABANDONED, (_PREFIX,)).fetchall():
            with suppress(psycopg.Error):  # another role's, or just taken by another process
                server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(abandoned)))
        made = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'").format(sql.Identifier(name))
        server.execute(made)
        keeper = psycopg.connect(url, autocommit=True)
    except psycopg.errors.InsufficientPrivilege as error:
        raise NoScratch(
            "a database to be thrown away cannot be made: the role may not create databases; grant it CREATEDB"
        ) from error
    # Nothing in it has to outlive a crash.
    server.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(name)))
    return keeper
