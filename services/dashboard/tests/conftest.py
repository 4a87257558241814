"""A dashboard on a real PostgreSQL, and the four streams it reads."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from thaman_contracts.events.settings import StoreSettings
from thaman_dashboard.bootstrap import Container, build
from thaman_dashboard.testing import NOW, Streams, settings_for
from thaman_dashboard.testing_events import item
from thaman_kit.clock import ManualClock
from thaman_kit.embedded.databases import Databases
from thaman_kit.migrate import migrate
from thaman_kit.testing import ROLE_PASSWORD, own_database, own_nats, postgres_server, template_database  # noqa: F401

if TYPE_CHECKING:
    from tests.support.owners import Owned


def _prepare(url: str) -> None:
    migrate(url, ["dashboard"], {"dashboard": ROLE_PASSWORD})


@pytest.fixture
def dashboard_url(postgres_server: Databases) -> Iterator[str]:  # noqa: F811
    """The address of a migrated database, as the dashboard's own role."""
    template = template_database(postgres_server, "dashboard_template", _prepare)
    with own_database(postgres_server, template=template) as url:
        database = urlsplit(url).path.removeprefix("/")
        yield postgres_server.url_for(database, user="dashboard_app", password=ROLE_PASSWORD)


@pytest.fixture
def dashboard_clock() -> ManualClock:
    """The clock of the dashboard under test."""
    return ManualClock(NOW)


@pytest.fixture
def container(dashboard_url: str, dashboard_clock: ManualClock) -> Iterator[Container]:
    """The dashboard's parts."""
    built = build(settings_for(dashboard_url), dashboard_clock)
    yield built
    built.close()


@pytest.fixture
def streams(container: Container) -> Streams:
    """The streams that the dashboard reads."""
    return Streams(container)


@pytest.fixture(scope="session")
def owned(postgres_server: Databases) -> Iterator["Owned"]:  # noqa: F811
    """A store before onboarding and the optimizer themselves: an item far above its floor, one just above, and one
    whose cost nobody knows."""
    from tests.support.owners import owned_house

    items = (item("1", 10_000), item("2", 20_000, cost=17_000, name="<b>عود</b>"), item("3", 5_000, cost=None))
    with owned_house(postgres_server, items, StoreSettings()) as standing:
        yield standing
