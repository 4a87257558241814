"""The ledger as a feed, chain by chain, and the read models made from it."""

from collections.abc import Iterator, Sequence
from typing import Any

from psycopg import Connection

from thaman_audit.adapters.ledger import PAGE, LedgerTables
from thaman_audit.application import envelope_of
from thaman_audit.domain.rows import Rows, project
from thaman_audit.errors import MissingEntry
from thaman_audit.verify import Entry
from thaman_contracts.events import REGISTRY
from thaman_kit.recorded import Page
from thaman_kit.restoring import Told


class LedgerLog:
    """The ledger's entries; each took effect in the transaction that appended it. Types this release does not know make
    no row, as when they came in."""

    def __init__(self, tables: LedgerTables) -> None:
        self._tables = tables
        self._read: dict[str, int] = {}

    def size(self, connection: Connection[Any]) -> int:
        """As :class:`thaman_kit.recorded.Feed`."""
        return sum(self.mark(connection).values()) - sum(self._read.values())

    def mark(self, connection: Connection[Any]) -> dict[str, int]:
        """How long each store's chain is."""
        return {store_id: seq for store_id, seq in connection.execute("SELECT store_id, seq FROM audit.heads")}

    def pages(self, mark: dict[str, int]) -> Iterator[Page[Told]]:
        """The entries up to the mark, store after store.

        Raises:
            MissingEntry: one is not there; what would be made without it would be less than what was.
        """
        for store_id, end in sorted(mark.items()):
            after = self._read.get(store_id, 0)
            while after < end:
                rows = self._tables.select("chain", store_id=store_id, after=after, limit=min(PAGE, end - after))
                for row in rows:
                    if row["seq"] != after + 1:
                        break
                    after += 1
                if not rows or after != rows[-1]["seq"]:
                    raise MissingEntry(store_id, after + 1)
                told = [one for row in rows if (one := _told(Entry(**row)))]
                yield Page(told, frozenset((store_id,)), len(rows))
            self._read[store_id] = max(self._read.get(store_id, 0), end)


class RecordedFold:
    """Fills empty tables, the index by item among them."""

    def __init__(self, tables: LedgerTables) -> None:
        self._tables = tables

    def told(self, page: Sequence[Told]) -> None:
        """Take in the next entries."""
        rows = Rows()
        for envelope, event in page:
            project(event, envelope, rows)
        self._tables.put(rows)


def _told(entry: Entry) -> Told | None:
    model = REGISTRY.get(entry.type)
    return None if model is None else (envelope_of(entry), model.model_validate_json(entry.data))
