"""Histories as they are stored: their roots by checkpoint, and the nodes over whole chunks."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from thaman_audit.adapters.checkpoints import Rows
from thaman_audit.domain.histories import CHUNK, History, Reader, chunks
from thaman_kit.application import UnitOfWork
from thaman_kit.database import load_queries

queries = partial(load_queries, "thaman_audit", "adapters/histories.sql")
LATEST = 2**62
Node = tuple[str, int, bytes]
"""The store, the chunk's number, and the node over it."""


class HistoryTables:
    """Reads histories, and notes them in a unit of work."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def held(self, number: int = LATEST) -> Mapping[str, History]:
        """By store, the history that a checkpoint holds; the latest one by default."""
        return {row["store_id"]: History(**row) for row in self._select("held", number=number)}

    def moved(self, number: int) -> list[History]:
        """The histories that a checkpoint noted, because their chains moved."""
        return [History(**row) for row in self._select("moved", number=number)]

    def covering(self, store_id: str, seq: int) -> tuple[int, int] | None:
        """The first checkpoint whose history of a store has an entry, and that history's length."""
        return _place(self._select("covering", store_id=store_id, seq=seq))

    def last(self, store_id: str) -> tuple[int, int] | None:
        """The last checkpoint that noted a history of a store, and that history's length."""
        return _place(self._select("last", store_id=store_id))

    def of_store(self, store_id: str, until: int) -> Iterator[tuple[int, History]]:
        """All histories of a store that checkpoints up to a number noted, oldest first, with the numbers."""
        for row in self._select("of_store", store_id=store_id, until=until):
            yield row.pop("number"), History(**row)

    def leaves(self, store_id: str, first: int, end: int) -> list[bytes]:
        """The hashes of entries by their places, which count from zero."""
        return [row["hash"] for row in self._select("leaves", store_id=store_id, after=first, until=end)]

    def reader(self, store_id: str, size: int) -> Reader:
        """A store's history when its chain had so many entries."""
        nodes = [row["hash"] for row in self._nodes(store_id, size)]
        return Reader(size, nodes, partial(self.leaves, store_id))

    def grown(self, store_id: str, size: int) -> tuple[Reader, list[Node]]:
        """The history of a chain that grew to so many entries, and the nodes that nobody kept yet."""
        kept = [row["hash"] for row in self._nodes(store_id, size)]
        made = list(chunks(len(kept), size // CHUNK, partial(self.leaves, store_id)))
        reader = Reader(size, [*kept, *(node for _, node in made)], partial(self.leaves, store_id))
        return reader, [(store_id, chunk, node) for chunk, node in made]

    def note(self, unit: UnitOfWork, number: int, moved: Sequence[History], nodes: Sequence[Node]) -> None:
        """Store the histories that moved until a checkpoint, and nodes over chunks that are whole now."""
        unit.execute(queries()["note"], columns_of(number, moved))
        unit.execute(queries()["keep"], keep_columns(nodes))

    def _nodes(self, store_id: str, size: int) -> list[dict[str, Any]]:
        """The nodes that follow each other without a gap; one that was taken out ends what can be used."""
        rows = self._select("nodes", store_id=store_id, until=size // CHUNK)
        return [row for place, row in enumerate(rows) if row["chunk"] == place]

    def _select(self, query: str, **params: Any) -> list[dict[str, Any]]:
        return self._rows.fetch_all(queries()[query], params)


def _place(rows: list[dict[str, Any]]) -> tuple[int, int] | None:
    return (rows[0]["number"], rows[0]["seq"]) if rows else None


def columns_of(number: int, moved: Sequence[History]) -> dict[str, Any]:
    """The columns of the histories that a checkpoint notes."""
    return {
        "number": number,
        "store_ids": [history.store_id for history in moved],
        "seqs": [history.seq for history in moved],
        "hashes": [history.hash for history in moved],
        "roots": [history.root for history in moved],
    }


def keep_columns(nodes: Sequence[Node]) -> dict[str, list[Any]]:
    """The columns of nodes to keep."""
    rows: tuple[Sequence[Any], ...] = tuple(zip(*nodes, strict=True)) or ((), (), ())
    return {"store_ids": list(rows[0]), "chunks": list(rows[1]), "hashes": list(rows[2])}
