"""For tests of the archive: a story's database, archived in small files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from thaman_audit.adapters.archiving import ArchivingTables, Folder
from thaman_audit.archiving import Archiver
from thaman_audit.domain.archived import STUB, Segment
from thaman_audit.testing_proofs import OTHER, STORE, export, tell_story
from thaman_contracts.ids import SYSTEM
from thaman_kit.embedded import EmbeddedPostgres
from thaman_kit.migrate import migrate
from thaman_kit.testing import ROLE_PASSWORD, own_database, template_database

EVER = datetime.now(UTC) + timedelta(days=1)
SIZE = 9
STORES = (STORE, OTHER, "9", SYSTEM)
Rows = psycopg.Connection[dict[str, Any]]


@contextmanager
def told(server: EmbeddedPostgres) -> Iterator[str]:
    """A database with the story, for as long as the block."""

    def prepare(url: str) -> None:
        migrate(url, ["audit"], {"audit": ROLE_PASSWORD})
        tell_story(url)

    with own_database(server, template=template_database(server, "audit_story", prepare)) as url:
        yield url


@contextmanager
def rows_of(url: str) -> Iterator[Rows]:
    """The audit's tables as the superuser sees them."""
    with psycopg.connect(url, row_factory=dict_row, options="-c search_path=audit -c timezone=UTC") as rows:
        yield rows


def archive(
    url: str, folder: Path, before: datetime = EVER, tell: Callable[[str], None] = lambda _: None
) -> list[Segment]:
    """Archive all that is older, in files of :data:`SIZE` entries."""
    with ArchivingTables.of(url, folder) as tables:
        return Archiver(tables, Folder(folder), tell, SIZE).archive(before)


def exports(url: str) -> dict[str, list[bytes]]:
    """The lines of every chain's export, by store."""
    with rows_of(url) as rows:
        return {store: export(rows, store) for store in STORES}


def stubs(url: str) -> dict[str, int]:
    """How many bodies left, by store."""
    with rows_of(url) as rows:
        found = rows.execute(
            "SELECT store_id, count(*) AS n FROM ledger WHERE position(%s::bytea IN data) = 1 GROUP BY store_id",
            (STUB,),
        )
        return {row["store_id"]: row["n"] for row in found}
