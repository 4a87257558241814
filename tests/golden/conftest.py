"""An empty installation's tables, filled with the golden histories of the first release."""

from collections.abc import Iterator

import pytest

from tests.golden.history import RELEASE_0_1, Golden, restore_ledger, restore_logs
from thaman_contracts.subjects import SERVICES
from thaman_kit.embedded.databases import Databases
from thaman_kit.migrate import lay_out
from thaman_kit.testing import own_database, postgres_server  # noqa: F401


@pytest.fixture(scope="session")
def golden() -> Golden:
    return Golden(RELEASE_0_1)


@pytest.fixture(scope="module")
def restored(postgres_server: Databases, golden: Golden) -> Iterator[str]:  # noqa: F811
    """The administrator's address of a database with logs and ledger, and no read model."""
    with own_database(postgres_server) as url:
        lay_out(url, SERVICES)
        restore_logs(golden, url, SERVICES)
        restore_ledger(golden, url)
        yield url
