"""The archive's folder and what is on record of it, for whoever archives."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg.rows import DictRow, dict_row

from thaman_audit.adapters.archive import Archive, queries
from thaman_audit.adapters.moment import Moment
from thaman_audit.domain.archived import Segment
from thaman_audit.errors import ArchiveRefused
from thaman_kit.files import beside, sync_folder

_OPTIONS = "-c search_path=audit -c timezone=UTC -c statement_timeout=0"


class Folder:
    """A folder of the archive. What it says is written is on the disk: the file and the folders that name it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self.folder = str(self._folder)

    def add(self, name: str, lines: Iterable[bytes]) -> None:
        """A whole new file; a file that is there already stays, and must have every byte of it.

        Raises:
            ArchiveRefused: it has others. It may be the only copy of what is in it, so it is not touched.
        """
        place = self._folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            with place.open("rb") as stream:
                if any(one != other for one, other in zip_longest(stream, lines)):
                    raise ArchiveRefused(
                        f"{place} is there already and is another file than the one to be written; it may be the only"
                        " copy of what is in it. Name a folder of its own for this installation"
                    )
                os.fsync(stream.fileno())
        else:
            self._write(place, lines, is_new=True)
        self._sync(place)

    def replace(self, name: str, lines: Iterable[bytes]) -> None:
        """A whole file, put in the place of an older one at once."""
        place = self._folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        self._write(place, lines, is_new=False)
        self._sync(place)

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return (self._folder / name).exists()

    def read(self, name: str) -> Iterator[bytes]:
        """A file's lines."""
        with (self._folder / name).open("rb") as stream:
            yield from stream

    def _write(self, place: Path, lines: Iterable[bytes], *, is_new: bool) -> None:
        with beside(place, is_new=is_new) as made, made.open("wb") as stream:
            stream.writelines(lines)

    def _sync(self, place: Path) -> None:
        for folder in {place.parent, self._folder, self._folder.parent}:
            sync_folder(folder)


class ArchivingTables:
    """Notes files, and lets bodies go. Each step is a transaction of its own."""

    def __init__(self, connection: psycopg.Connection[DictRow], folder: Path) -> None:
        self._connection = connection
        self._moment = Moment(connection, folder)
        self._archive = Archive(self._moment, folder)

    @classmethod
    @contextmanager
    def of(cls, url: str, folder: Path) -> Iterator[Self]:
        """``url`` is the role that migrates, or one that it granted EXECUTE on ``ledger_remove_bodies``.

        Raises:
            ArchiveRefused: somebody else is archiving.
        """
        with psycopg.connect(url, row_factory=dict_row, options=_OPTIONS, autocommit=True) as connection:
            lock = connection.execute(queries()["lock"].encode()).fetchone()
            if lock is None or not lock["mine"]:
                raise ArchiveRefused("somebody else is archiving at this moment")
            yield cls(connection, folder.resolve())

    def store_ids(self) -> list[str]:
        """Every store that has a chain."""
        return self._moment.store_ids()

    def archivable(self, store_id: str, before: datetime) -> int:
        """Up to which entry a chain may be archived; 0 for none."""
        row = self._run("archivable", store_id=store_id, before=before)[0]
        return row["until"] or 0

    def segments(self, store_id: str | None = None) -> list[Segment]:
        """All files of a store, or of all."""
        return self._archive.segments(store_id)

    def covering(self, store_id: str, seq: int) -> int:
        """The first checkpoint that holds an entry."""
        number: int = self._run("covering", store_id=store_id, seq=seq)[0]["number"]
        return number

    def ledger(self) -> Moment:
        """The ledger, to be read row by row: outside of :meth:`reading` each query sees its own moment."""
        return self._moment

    @contextmanager
    def reading(self) -> Iterator[Moment]:
        """The ledger, to be read for a while."""
        with self._connection.transaction():
            yield self._moment

    def unfinished(self) -> list[Segment]:
        """Files that are noted and whose bodies are still in the ledger, in the order of the chains."""
        return [Segment(**row) for row in self._run("unfinished")]

    def note(self, segment: Segment, hashes: bytes) -> None:
        """Note a file and that it was read back, in one transaction."""
        with self._connection.transaction():
            self._execute("record", asdict(segment))
            read = {"store_id": segment.store_id, "first": segment.first, "digest": segment.digest, "hashes": hashes}
            self._execute("reading", read)

    def remove(self, segment: Segment) -> int:
        """Take a file's bodies out of the ledger; how many left.

        Raises:
            ArchiveRefused: the file is not where it was written, or not as it was.
        """
        path = self._archive.path(segment)
        if not self._archive.is_here(segment) or self._archive.digest(segment) != segment.digest:
            raise ArchiveRefused(f"{path} is missing or changed, so no body of it leaves the ledger")
        removed: int = self._run("remove", store_id=segment.store_id, first=segment.first)[0]["removed"]
        return removed

    def _run(self, query: str, **params: Any) -> list[dict[str, Any]]:
        return self._connection.execute(queries()[query].encode(), params).fetchall()

    def _execute(self, query: str, params: dict[str, Any]) -> None:
        self._connection.execute(queries()[query].encode(), params)
