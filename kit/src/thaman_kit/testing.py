"""Fixtures for tests on real parts. A ``conftest.py`` imports those it needs, and pytest finds them there:

    from thaman_kit.testing import clock, database_url, own_nats, postgres_server  # noqa: F401

One PostgreSQL per test session; a database, and a nats-server, of its own for each test that asks for one.
"""

import itertools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from thaman_kit.clock import ManualClock
from thaman_kit.embedded import EmbeddedNats, EmbeddedPostgres
from thaman_kit.embedded.databases import Databases
from thaman_kit.migrate import migrate
from thaman_kit.testing_given import DATABASE_URL, NATS_URL, GivenNats, given_nats, given_postgres
from thaman_kit.testing_memory import passing_folder

POLL = 0.01
_numbers = itertools.count(1)


ROLE_PASSWORD = "only-for-tests"  # noqa: S105 - of roles that live as long as a test
"""What every test gives the services' roles. They belong to the whole server, so there can be only one."""


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """A PostgreSQL server without durability, shared by the session; or the one that ``THAMAN_DATABASE_URL`` names."""
    given = os.environ.get(DATABASE_URL)
    if given:
        with given_postgres(given) as there:
            yield there
        return
    with passing_folder(tmp_path_factory.mktemp("postgres")) as folder:
        server = EmbeddedPostgres(folder / "cluster", durable=False)
        try:
            yield server.start()
        finally:
            server.destroy()


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A durable PostgreSQL server of this test alone, free to be killed, whatever server is given to the others."""
    server = EmbeddedPostgres(tmp_path / "postgres", durable=True)
    try:
        yield server.start()
    finally:
        server.destroy()


@pytest.fixture
def own_nats(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EmbeddedNats | GivenNats]:
    """A nats-server of this test alone, empty, free to be killed; or the one that ``THAMAN_NATS_URL`` names.

    A test that stops it is marked ``own_servers`` and always gets one that it may stop.
    """
    given = os.environ.get(NATS_URL)
    if given and request.node.get_closest_marker("own_servers") is None:
        with given_nats(given) as there:
            yield there
        return
    with EmbeddedNats(tmp_path / "nats", sync_always=False) as server:
        yield server


@pytest.fixture
def database_url(postgres_server: Databases) -> Iterator[str]:
    """The superuser's address of an empty database of this test alone."""
    with own_database(postgres_server) as url:
        yield url


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still."""
    return ManualClock()


@contextmanager
def own_database(server: Databases, template: str | None = None) -> Iterator[str]:
    """A database that lives as long as the ``with`` block, empty or a copy of ``template``; gives its address."""
    name = f"test_{next(_numbers)}"
    try:
        yield server.create_database(name, template=template)
    finally:
        server.drop_database(name)


def template_database(server: Databases, name: str, prepare: Callable[[str], None]) -> str:
    """Make the database ``name`` with ``prepare(url)`` (migrations, say) unless it exists; returns ``name``.

    Tests then copy it in milliseconds: ``with own_database(server, template=name) as url``.
    """
    if name not in server.databases():
        url = server.create_database(name)
        prepare(url)
    return name


def wait_until(condition: Callable[[], bool], within: float = 60.0, what: str = "the condition") -> None:
    """Wait (blocking) until ``condition()`` holds.

    Raises:
        AssertionError: it did not ``within`` seconds.
    """
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {within:g} s")
        time.sleep(POLL)


def migrated(admin_url: str, services: Sequence[str]) -> dict[str, str]:
    """Migrate the database for ``services``; gives each service's own address, with its least-privilege role."""
    migrate(admin_url, services, dict.fromkeys(services, ROLE_PASSWORD))
    return {service: role_url(admin_url, service) for service in services}


def role_url(admin_url: str, service: str) -> str:
    """The address of the same database for the role of ``service``, which has its own rights only."""
    parts = urlsplit(admin_url)
    return parts._replace(netloc=f"{service}_app:{ROLE_PASSWORD}@{parts.netloc.rpartition('@')[2]}").geturl()
