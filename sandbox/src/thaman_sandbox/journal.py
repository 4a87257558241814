"""The sandbox's memory on disk: one SQLite table of documents, written before each answer is sent.

``synchronous=OFF`` is enough: the promise is to survive a killed process, not a power cut.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

Row = tuple[str, str, bytes | None]
"""Kind, key, and the document; ``None`` deletes it."""


class Journal:
    """Documents by kind and key in a SQLite file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS documents (position INTEGER PRIMARY KEY,"
            " kind TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, UNIQUE (kind, key))"
        )

    def load(self, kind: str) -> Iterator[bytes]:
        """Every document of a kind, in the order in which they first came."""
        for (body,) in self._db.execute("SELECT body FROM documents WHERE kind = ? ORDER BY position", (kind,)):
            yield body

    def write(self, rows: Iterable[Row]) -> None:
        """Write or delete the given documents, all or none."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for kind, key, body in rows:
                if body is None:
                    self._db.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key))
                else:
                    self._db.execute(
                        "INSERT INTO documents (kind, key, body) VALUES (?, ?, ?)"
                        " ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
                        (kind, key, body),
                    )
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._db.close()
