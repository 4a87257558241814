"""The ledger at one moment, on a connection of its own: what a proof and an export read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg.rows import DictRow, dict_row

from thaman_audit.adapters.archive import Archive
from thaman_audit.adapters.checkpoints import CheckpointTables
from thaman_audit.adapters.histories import HistoryTables
from thaman_audit.adapters.resting import walk_archived
from thaman_audit.adapters.walking import walk
from thaman_audit.domain.archived import Segment
from thaman_audit.verify import Entry, Head, Sealed
from thaman_kit.database import load_queries

_queries = partial(load_queries, "thaman_audit", "adapters/moment.sql")
_OPTIONS = "-c search_path=audit -c timezone=UTC -c idle_in_transaction_session_timeout=0 -c statement_timeout=0"
_LATEST = 2**62


class Moment(CheckpointTables):
    """Reads with one connection that sees one moment and changes nothing."""

    def __init__(self, connection: psycopg.Connection[DictRow], archive: Path | None = None) -> None:
        super().__init__(self)
        self.histories = HistoryTables(self)
        self._connection = connection
        self._archive = Archive(self, archive)

    @classmethod
    @contextmanager
    def of(cls, url: str, archive: Path | None = None) -> Iterator[Self]:
        """Open the moment; ``url`` is a role that reads the audit's schema, ``archive`` as for the ledger's tables."""
        with psycopg.connect(url, row_factory=dict_row, options=_OPTIONS) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            yield cls(connection, archive)

    def fetch_all(self, sql: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """All rows of a query."""
        return self._connection.execute(sql.encode(), params).fetchall()

    def store_ids(self) -> list[str]:
        """Every store that has entries, a head or a sealed head."""
        return [row["store_id"] for row in self.fetch_all(_queries()["stores"])]

    def count(self) -> int:
        """How many entries the chains' ends speak of."""
        return int(self.fetch_all(_queries()["count"])[0]["entries"])

    def head(self, store_id: str) -> Head | None:
        """The end that is kept of a chain."""
        return _head(self.fetch_all(_queries()["head"], {"store_id": store_id}))

    def entry_head(self, store_id: str, seq: int) -> Head | None:
        """An entry's hash as it is stored."""
        return _head(self.fetch_all(_queries()["entry_head"], {"store_id": store_id, "seq": seq}))

    def entries(self, store_id: str, after: int, until: int | None) -> Iterator[Entry]:
        """A chain's entries after one and up to another, oldest first, through a cursor of the server."""
        with self._connection.cursor("entries") as cursor:
            cursor.itersize = 1_000
            places = {"store_id": store_id, "after": after, "until": _LATEST if until is None else until}
            cursor.execute(_queries()["entries"].encode(), places)
            for row in cursor:
                yield self._archive.whole(Entry(**row))

    def happened(self, store_id: str, at: datetime) -> Iterator[Entry]:
        """A chain's entries whose events had occurred at an instant, oldest first."""
        with self._connection.cursor(f"happened_{store_id}") as cursor:
            cursor.itersize = 1_000
            cursor.execute(_queries()["happened"].encode(), {"store_id": store_id, "at": at})
            for row in cursor:
                yield self._archive.whole(Entry(**row))

    def resting(self, store_id: str) -> list[Segment]:
        """The files of a chain that are not here, so that nobody can see the bodies in them."""
        return [segment for segment in self._archive.segments(store_id) if not self._archive.is_here(segment)]

    def altered(self, store_id: str) -> Segment | None:
        """The first file of a chain that is here and is not the one that was archived."""
        here = filter(self._archive.is_here, self._archive.segments(store_id))
        return next((segment for segment in here if self._archive.digest(segment) != segment.digest), None)

    def walk(
        self, start: Head, until: int, sealed: Sealed, tell: Callable[[int], None], leaf: Callable[[bytes], None]
    ) -> Head:
        """The last entry that is good, walking from ``start`` and not beyond ``until``."""
        for segment in self._archive.segments(start.store_id):
            if start.seq < min(segment.last, until):
                end, begun = min(segment.last, until), start.seq
                with self._connection.cursor("archived") as cursor:
                    cursor.itersize = 1_000
                    places = {"store_id": start.store_id, "after": start.seq, "until": end}
                    cursor.execute(_queries()["entries"].encode(), places)
                    rows = (Entry(**row) for row in cursor)
                    start = walk_archived(self._archive, rows, start, sealed, leaf)
                tell(start.seq - begun)
                if start.seq < end:
                    return start
        return walk(self._connection, start, until, sealed, tell, leaf)


def _head(rows: list[dict[str, Any]]) -> Head | None:
    return Head(**rows[0]) if rows else None
