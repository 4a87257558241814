"""Fixtures for tests on real parts. A ``conftest.py`` imports those it needs, and pytest finds them there:

    from thaman_kit.testing import clock, database_url, nats_server, postgres_server  # noqa: F401

One PostgreSQL and one nats-server per test session; a database of its own for each test that asks for one.
"""

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from thaman_kit.clock import ManualClock
from thaman_kit.embedded import EmbeddedNats, EmbeddedPostgres
from thaman_kit.migrate import migrate, service_url

POLL = 0.01
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL server without durability, shared by the session."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), durable=False)
    try:
        yield server.start()
    finally:
        server.destroy()


@pytest.fixture(scope="session")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedNats]:
    """A nats-server shared by the session; a test that stops it should start one of its own instead."""
    with EmbeddedNats(tmp_path_factory.mktemp("nats"), sync_always=False) as server:
        yield server


@pytest.fixture
def own_nats(tmp_path: Path) -> Iterator[EmbeddedNats]:
    """A nats-server of this test alone, empty, free to be killed."""
    with EmbeddedNats(tmp_path / "nats", sync_always=False) as server:
        yield server


@pytest.fixture
def database_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """The superuser's address of an empty database of this test alone."""
    with own_database(postgres_server) as url:
        yield url


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still."""
    return ManualClock()


@contextmanager
def own_database(server: EmbeddedPostgres, template: str | None = None) -> Iterator[str]:
    """A database that lives as long as the ``with`` block, empty or a copy of ``template``; gives its address."""
    name = f"test_{next(_numbers)}"
    try:
        yield server.create_database(name, template=template)
    finally:
        server.drop_database(name)


def template_database(server: EmbeddedPostgres, name: str, prepare: Callable[[str], None]) -> str:
    """Make the database ``name`` with ``prepare(url)`` (migrations, say) unless it exists; returns ``name``.

    Tests then copy it in milliseconds: ``with own_database(server, template=name) as url``.
    """
    if name not in server.databases():
        url = server.create_database(name)
        prepare(url)
    return name


def wait_until(condition: Callable[[], bool], within: float = 10.0, what: str = "the condition") -> None:
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
    passwords = {service: f"only-for-tests-{service}" for service in services}
    migrate(admin_url, services, passwords)
    return {service: service_url(admin_url, service, passwords[service]) for service in services}
