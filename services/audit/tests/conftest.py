"""An audit on a real PostgreSQL, and the four streams it reads."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from thaman_audit.bootstrap import Container, build
from thaman_audit.testing import Streams, settings_for
from thaman_kit.embedded import EmbeddedPostgres
from thaman_kit.migrate import migrate
from thaman_kit.testing import ROLE_PASSWORD, own_database, own_nats, postgres_server, template_database  # noqa: F401


def _prepare(url: str) -> None:
    migrate(url, ["audit"], {"audit": ROLE_PASSWORD})


@pytest.fixture
def admin_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:  # noqa: F811
    """The superuser's address of a migrated database."""
    template = template_database(postgres_server, "audit_template", _prepare)
    with own_database(postgres_server, template=template) as url:
        yield url


@pytest.fixture
def audit_url(postgres_server: EmbeddedPostgres, admin_url: str) -> str:  # noqa: F811
    """The same database, as the service's own role."""
    database = urlsplit(admin_url).path.removeprefix("/")
    return postgres_server.url_for(database, user="audit_app", password=ROLE_PASSWORD)


@pytest.fixture
def container(audit_url: str) -> Iterator[Container]:
    """The audit's parts."""
    built = build(settings_for(audit_url))
    yield built
    built.close()


@pytest.fixture
def streams(container: Container) -> Streams:
    """The streams the audit reads."""
    return Streams(container)
