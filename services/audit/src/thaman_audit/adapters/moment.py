"""The ledger at one moment, on a connection of its own: what a proof and an export read."""

from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg import sql
from psycopg.rows import DictRow, args_row, dict_row

from thaman_audit.adapters.archive import Archive
from thaman_audit.adapters.checkpoints import CheckpointTables
from thaman_audit.adapters.hearing import Heard, bodies, heard
from thaman_audit.adapters.histories import HistoryTables
from thaman_audit.adapters.resting import walk_archived
from thaman_audit.adapters.walking import steps, walk
from thaman_audit.domain.archived import Segment
from thaman_audit.verify import GENESIS, Entry, Head, Sealed
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
        self._cursors = count()

    @classmethod
    @contextmanager
    def of(cls, url: str, archive: Path | None = None, snapshot: str | None = None) -> Iterator[Self]:
        """Open the moment; ``url`` is a role that reads the audit's schema, ``archive`` as for the ledger's tables.
        With the ``snapshot`` of another moment that is still open it is the same one."""
        with psycopg.connect(url, row_factory=dict_row, options=_OPTIONS) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            if snapshot is not None:
                connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(snapshot)))
            yield cls(connection, archive)

    def snapshot(self) -> str:
        """What another connection needs to see this moment, as long as it is open."""
        return str(self.fetch_all("SELECT pg_export_snapshot() AS snapshot")[0]["snapshot"])

    def fetch_all(self, query: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """All rows of a query."""
        return self._connection.execute(query.encode(), params).fetchall()

    def store_ids(self) -> list[str]:
        """Every store that has entries, a head or a sealed head."""
        return [row["store_id"] for row in self.fetch_all(_queries()["stores"])]

    def count(self) -> int:
        """How many entries the chains' ends speak of."""
        return int(self.fetch_all(_queries()["count"])[0]["entries"])

    def lengths(self) -> dict[str, int]:
        """How many entries each chain's end speaks of."""
        return {row["store_id"]: row["seq"] for row in self.fetch_all(_queries()["lengths"])}

    def head(self, store_id: str) -> Head | None:
        """The end that is kept of a chain."""
        return _head(self.fetch_all(_queries()["head"], {"store_id": store_id}))

    def entry_head(self, store_id: str, seq: int) -> Head | None:
        """An entry's hash as it is stored; of a place that two entries claim there is none."""
        return _head(self.fetch_all(_queries()["entry_head"], {"store_id": store_id, "seq": seq}))

    def entries(self, store_id: str, after: int, until: int | None) -> Iterator[Entry]:
        """A chain's entries after one and up to another, oldest first, through a cursor of the server."""
        places = {"store_id": store_id, "after": after, "until": _LATEST if until is None else until}
        return map(self._archive.whole, self._entries("entries", places))

    def happened(self, store_id: str, at: datetime) -> Iterator[Entry]:
        """A chain's entries whose events had occurred at an instant, oldest first."""
        return map(self._archive.whole, self._entries("happened", {"store_id": store_id, "at": at}))

    def is_whole(self, store_id: str) -> bool:
        """Whether all bodies of a chain are in the database, none in the archive's files."""
        return not self._archive.segments(store_id)

    def bodies(self, store_id: str, at: datetime, types: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """Types and bodies of a whole chain's events of some types that had occurred at an instant, oldest first. It is
        to be read to its end before anything else is asked."""
        return bodies(self._connection, store_id, at, sorted(types))

    def heard(self, store_id: str, at: datetime, without: Collection[str]) -> Iterator[Heard]:
        """Those of all types but some, likewise."""
        return heard(self._connection, store_id, at, sorted(without))

    def reach(self, store_id: str, at: datetime) -> tuple[int, Head | None]:
        """How many of a chain's events had occurred at an instant, and the last of them."""
        row = self.fetch_all(_queries()["reach"], {"store_id": store_id, "at": at})[0]
        return row["entries"], self.entry_head(store_id, row["seq"]) if row["entries"] else None

    def _entries(self, query: str, params: dict[str, Any]) -> Iterator[Entry]:
        """Entries through a cursor of the server; nothing is decoded that is bytes on both ends."""
        name = f"{query}_{next(self._cursors)}"  # an earlier one may still be open, because nobody read it to its end
        with self._connection.cursor(name, row_factory=args_row(Entry)) as cursor:
            cursor.itersize = 1_000
            cursor.execute(_queries()[query].encode(), params, binary=True)
            yield from cursor

    def resting(self, store_id: str) -> list[Segment]:
        """The files of a chain that are not here, so that nobody can see the bodies in them."""
        return [segment for segment in self._archive.segments(store_id) if not self._archive.is_here(segment)]

    def altered(self, store_id: str) -> Segment | None:
        """The first file of a chain that is here and is not the one that was archived."""
        here = filter(self._archive.is_here, self._archive.segments(store_id))
        return next((segment for segment in here if self._archive.digest(segment) != segment.digest), None)

    def walk(
        self,
        start: Head,
        until: int,
        sealed: Sealed,
        tell: Callable[[int], None],
        leaves: Callable[[list[bytes]], None],
    ) -> Head:
        """The last entry that is good, walking from ``start`` and not beyond ``until``."""
        for segment in self._archive.segments(start.store_id):
            if start.seq < min(segment.last, until):
                end, begun = min(segment.last, until), start.seq
                rows = self._entries("entries", {"store_id": start.store_id, "after": start.seq, "until": end})
                start = walk_archived(self._archive, rows, start, sealed, leaves)
                tell(start.seq - begun)
                if start.seq < end:
                    return start
        return walk(self._connection, start, until, sealed, tell, leaves)

    def steps(self, head: Head) -> Generator[int, None, Head]:
        """The last entry that is good of a whole chain up to its ``head``, pausing with how many were found good."""
        start = Head(head.store_id, 0, GENESIS)
        return steps(self._connection, start, head.seq, {}, lambda _: None)


def _head(rows: list[dict[str, Any]]) -> Head | None:
    return Head(**rows[0]) if len(rows) == 1 else None
