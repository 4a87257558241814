"""The ledger's tables. What is written goes in whole batches: one statement per kind of row, a parameter a column."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, LiteralString
from weakref import WeakKeyDictionary

from psycopg import Cursor
from psycopg.rows import DictRow

from thaman_audit.adapters.archive import Archive
from thaman_audit.domain.linking import Arrival, Link, linked
from thaman_audit.domain.rows import UNORDERED, Row, Rows, together
from thaman_audit.verify import Entry, Head
from thaman_contracts.envelope import Envelope
from thaman_kit.application import UnitOfWork
from thaman_kit.database import Database, copy_rows, load_queries
from thaman_kit.packing import packed

_queries = partial(load_queries, "thaman_audit", "adapters/queries.sql")
_projections = partial(load_queries, "thaman_audit", "adapters/projections.sql")
PAGE = 1_000


class Columns(Mapping[str, list[Any]]):
    """Rows seen as columns, each made when it is asked for."""

    def __init__(self, rows: list[Row]) -> None:
        self._rows = rows

    def __getitem__(self, name: str) -> list[Any]:
        return [row[name] for row in self._rows]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows[0])

    def __len__(self) -> int:
        return len(self._rows[0])


class Batch:
    """What one unit of work appends to the ledger, and what follows from it for the read models."""

    def __init__(self, unit: UnitOfWork) -> None:
        self.arrivals: list[Arrival] = []
        self._rows: dict[int, Rows] = defaultdict(Rows)
        unit.run("append to the ledger", self._append)

    @property
    def rows(self) -> Rows:
        """What follows from the last event, if it is an entry of its own."""
        return self._rows[len(self.arrivals)]

    def append(self, envelope: Envelope, body: bytes) -> None:
        """One more event, with its bytes as they were received."""
        self.arrivals.append(
            Arrival(
                envelope.store_id,
                envelope.event_id,
                envelope.service,
                envelope.type,
                envelope.position,
                envelope.time,
                body,
            )
        )

    def _append(self, cursor: Cursor[DictRow]) -> None:
        """Make the links under the locks of the stores' heads, and let the read models follow.

        What is in the ledger already is left out of both: said again at a later place it would undo what came between.
        Batches of one store wait for each other at its head, so all that can be done is done before: nobody else takes
        the events of this feed meanwhile, for its place was moved first, and where somebody puts one of them in by hand
        the ledger's own key refuses the batch, which is then taken again.
        """
        fresh = self._fresh(self._known(cursor))
        if not fresh:
            return
        arrivals = [self.arrivals[place - 1] for place in fresh]
        stores, append = sorted({one.store_id for one in arrivals}), _queries()["append"]
        ready = packed(append, _told(arrivals))
        rows = together(self._rows[place] for place in fresh if place in self._rows)
        put_rows(cursor, rows.taken(UNORDERED))
        opened = _run(cursor, _queries()["open"], {"stores": stores}).fetchall()
        heads = {row["store"]: Head(row["store"], row["head_seq"], row["head_hash"]) for row in opened}
        links = list(linked(arrivals, heads, opened[0]["opened_at"]))
        _run(cursor, append, ready | _linked(links) | {"recorded_at": opened[0]["opened_at"]})
        ends = [heads[store_id] for store_id in stores]
        columns = {"store_ids": stores, "seqs": [head.seq for head in ends], "hashes": [head.hash for head in ends]}
        _run(cursor, _queries()["move"], columns)
        put_rows(cursor, rows)

    def _known(self, cursor: Cursor[DictRow]) -> set[int]:
        """The places, from one on, of events that are in the ledger."""
        given = {
            "services": [one.service for one in self.arrivals],
            "event_ids": [one.event_id for one in self.arrivals],
        }
        return {row["place"] for row in _run(cursor, _queries()["known"], given)}

    def _fresh(self, known: Collection[int]) -> list[int]:
        """The places, from one on, of events that are neither in the ledger nor earlier in this batch."""
        first: dict[tuple[str, str], int] = {}
        for place, one in enumerate(self.arrivals, 1):
            if place not in known:
                first.setdefault((one.service, one.event_id), place)
        return list(first.values())


def _told(arrivals: Sequence[Arrival]) -> dict[str, list[Any]]:
    """The columns of entries that are known before their place is."""
    return {
        "store_ids": [one.store_id for one in arrivals],
        "event_ids": [one.event_id for one in arrivals],
        "services": [one.service for one in arrivals],
        "types": [one.type for one in arrivals],
        "positions": [one.position for one in arrivals],
        "occurred": [one.occurred_at for one in arrivals],
        "bodies": [one.data for one in arrivals],
    }


def _linked(links: Sequence[Link]) -> dict[str, list[Any]]:
    """The columns of entries that follow from their place."""
    return {
        "seqs": [link.seq for link in links],
        "prev_hashes": [link.prev_hash for link in links],
        "hashes": [link.hash for link in links],
    }


class Batches:
    """The batch of each unit of work; forgotten with the unit."""

    def __init__(self) -> None:
        self._batches: WeakKeyDictionary[UnitOfWork, Batch] = WeakKeyDictionary()

    def of(self, unit: UnitOfWork) -> Batch:
        """The unit's batch, begun with its first event."""
        batch = self._batches.get(unit)
        if batch is None:
            batch = self._batches[unit] = Batch(unit)
        return batch


class LedgerTables:
    """Reads the ledger and its read models. ``archive`` is where its files are, if not where they were written."""

    def __init__(self, database: Database, archive: Path | None = None) -> None:
        self._database = database
        self._archive = Archive(database, archive)

    def select(self, query: str, **params: Any) -> list[dict[str, Any]]:
        """The rows of a named query."""
        return self._archive.filled(self._database.fetch_all(_queries()[query], params))

    def head(self, store_id: str) -> Head | None:
        """The end of a store's chain."""
        row = self._database.fetch_one(_queries()["head"], {"store_id": store_id})
        return Head(**row) if row else None

    def chain(self, store_id: str) -> Iterator[Entry]:
        """A store's whole chain, oldest first, a page in memory at a time."""
        after = 0
        while True:
            page = self.select("chain", store_id=store_id, after=after, limit=PAGE)
            for row in page:
                yield Entry(**row)
            if len(page) < PAGE:
                return
            after = page[-1]["seq"]

    def progress(self) -> list[dict[str, Any]]:
        """Up to which place of each service's log the ledger has read, by partition."""
        return self.select("progress")

    def put(self, rows: Rows) -> None:
        """Add rows to the read models."""
        with self._database.transaction() as cursor:
            put_rows(cursor, rows)

    def fill(self, table: LiteralString, columns: Mapping[LiteralString, str], rows: Sequence[Sequence[Any]]) -> None:
        """Add many rows to a table, of columns with these types."""
        with self._database.transaction() as cursor:
            copy_rows(cursor, table, columns, rows)


def put_rows(cursor: Cursor[DictRow], rows: Rows) -> None:
    """Add rows to the read models in the cursor's transaction."""
    for statement, found in rows.by_statement.items():
        _run(cursor, _projections()[statement], Columns(found))


def _run(cursor: Cursor[DictRow], statement: str, columns: Mapping[str, Any]) -> Cursor[DictRow]:
    return cursor.execute(statement.encode(), packed(statement, columns))
