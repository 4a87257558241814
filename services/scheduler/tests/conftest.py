"""A scheduler on a real PostgreSQL under a clock that the test moves."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from thaman_kit.clock import ManualClock
from thaman_kit.embedded import EmbeddedPostgres
from thaman_kit.migrate import migrate
from thaman_kit.testing import ROLE_PASSWORD, own_database, own_nats, postgres_server, template_database  # noqa: F401
from thaman_scheduler.bootstrap import build
from thaman_scheduler.testing import START, World, settings_for


def _prepare(url: str) -> None:
    migrate(url, ["scheduler"], {"scheduler": ROLE_PASSWORD})


@pytest.fixture
def scheduler_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:  # noqa: F811
    """The address of a migrated database, as the service's own role."""
    template = template_database(postgres_server, "scheduler_template", _prepare)
    with own_database(postgres_server, template=template) as url:
        database = urlsplit(url).path.removeprefix("/")
        yield postgres_server.url_for(database, user="scheduler_app", password=ROLE_PASSWORD)


@pytest.fixture
def world(scheduler_url: str) -> Iterator[World]:
    """A scheduler with nothing connected yet."""
    clock = ManualClock(START)
    container = build(settings_for(scheduler_url), clock)
    container.scheduler.ensure_started()
    yield World(container, clock, scheduler_url)
    container.close()
