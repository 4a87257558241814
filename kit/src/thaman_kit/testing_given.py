"""Tests on servers that are there already, named by ``THAMAN_DATABASE_URL`` and ``THAMAN_NATS_URL``.

The tests make databases and roles, and streams, and remove them; so the servers must be for tests alone. A server on
which an installation of Thaman lives is refused before anything is touched.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

from thaman_contracts.subjects import ADVISORIES, DEAD_LETTERS, ROOMS, SERVICES, stream_of
from thaman_kit.embedded.databases import Databases
from thaman_kit.errors import EmbeddedError
from thaman_kit.nats import BusSettings, api, connect, disconnect

DATABASE_URL, NATS_URL = "THAMAN_DATABASE_URL", "THAMAN_NATS_URL"
ADMIN = "postgres"
"""What tests call the superuser, whatever its name is there."""

_IN_USE: "dict[str, GivenPostgres]" = {}


class GivenPostgres(Databases):
    """The server at an address, which a superuser's login opens."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url)
        self._prefix = f"thaman_test_{os.getpid()}_"

    def url_for(self, database: str, *, user: str = ADMIN, password: str | None = None) -> str:
        """The address of a database of the tests (or of the maintenance database) for ``user``."""
        name = database if database == ADMIN else self._named(database)
        login = self._address.netloc.rpartition("@")[0]
        if user != ADMIN:
            login = quote(user, safe="") + (f":{quote(password, safe='')}" if password is not None else "")
        host = self._address.netloc.rpartition("@")[2]
        query = f"?{self._address.query}" if self._address.query else ""
        return f"postgresql://{login}@{host}/{quote(name, safe='')}{query}"

    def create_database(self, name: str, *, template: str | None = None) -> str:
        """Make a database under a name of this test run and return its address."""
        super().create_database(self._named(name), template=None if template is None else self._named(template))
        return self.url_for(name)

    def databases(self) -> set[str]:
        """The databases of this test run, by the names the tests gave."""
        mine = {name for name in super().databases() if name.startswith(self._prefix)}
        return {name.removeprefix(self._prefix) for name in mine}

    def drop_database(self, name: str) -> None:
        """Drop a database of this test run."""
        super().drop_database(self._named(name))

    def _named(self, name: str) -> str:
        return name if name.startswith(self._prefix) else self._prefix + name


@contextmanager
def given_postgres(url: str) -> Iterator[GivenPostgres]:
    """The server at ``url``, as clean afterwards as before.

    Raises:
        EmbeddedError: roles of an installation are there already.
    """
    if url in _IN_USE:
        # Every suite of a session asks for it; the first one looks after it.
        yield _IN_USE[url]
        return
    server = GivenPostgres(url)
    roles = [f"{room}_app" for room in ROOMS]
    with psycopg.connect(server.admin_url, autocommit=True) as connection:
        found = connection.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", (roles,)).fetchall()
    if found:
        names = ", ".join(str(name) for (name,) in found)
        raise EmbeddedError(
            f"the server of {DATABASE_URL} has roles of an installation ({names}); tests would change their passwords."
            " Use a server for tests alone, or drop these roles."
        )
    try:
        yield _IN_USE.setdefault(url, server)
    finally:
        del _IN_USE[url]
        for name in server.databases():
            server.drop_database(name)
        with psycopg.connect(server.admin_url, autocommit=True) as connection:
            for role in roles:
                connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


class GivenNats:
    """The NATS server at an address."""

    def __init__(self, url: str) -> None:
        self.url = url

    def streams(self) -> list[str]:
        """The names of Thaman's streams that are there."""
        return asyncio.run(self._streams())

    def wipe(self) -> None:
        """Delete Thaman's streams with all their consumers."""
        asyncio.run(self._wipe())

    async def _streams(self) -> list[str]:
        connection = await connect(BusSettings(servers=(self.url,)), "tests")
        try:
            answer: dict[str, Any] = await api(connection, "STREAM.NAMES")
        finally:
            await disconnect(connection)
        ours = {*map(stream_of, SERVICES), DEAD_LETTERS, ADVISORIES}
        return sorted(ours & set(answer.get("streams") or ()))

    async def _wipe(self) -> None:
        names = await self._streams()
        connection = await connect(BusSettings(servers=(self.url,)), "tests")
        try:
            for name in names:
                await api(connection, f"STREAM.DELETE.{name}")
        finally:
            await disconnect(connection)


@contextmanager
def given_nats(url: str) -> Iterator[GivenNats]:
    """The server at ``url`` without Thaman's streams, now and afterwards.

    Raises:
        EmbeddedError: streams of an installation are there already.
    """
    server = GivenNats(url)
    if found := server.streams():
        raise EmbeddedError(
            f"the server of {NATS_URL} has streams of an installation ({', '.join(found)}); tests would delete them."
            " Use a server for tests alone, or delete these streams."
        )
    try:
        yield server
    finally:
        server.wipe()
