"""Retention: bodies of old entries go to files, and leave the ledger once the files were read back.

Five steps for each file, each safe to be the last one: write it, read it back, note both, write the manifest, remove
the bodies. A body is in the ledger or in a file that was read back, at every moment; whoever begins again goes on where
the last one stopped.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from hashlib import sha256
from typing import Any, Protocol

from thaman_audit.archive_listing import MANIFEST, manifest, require_own
from thaman_audit.archive_seals import Seals
from thaman_audit.domain.archived import SEGMENT, Segment, file_of, hashes_of, spans
from thaman_audit.errors import ArchiveRefused, UnreadableExport
from thaman_audit.ledger_export import entry_fields
from thaman_audit.ledger_read import read_entries
from thaman_audit.ports import Provable
from thaman_audit.verify import GENESIS, Entry, Head, entry_hash
from thaman_contracts.envelope import encode

FORMAT = "thaman-ledger-segment-1"

Tell = Callable[[str], None]
"""Hears of each step that is done: written, read, noted, listed, removed."""


class Files(Protocol):
    """The archive's folder."""

    folder: str

    def add(self, name: str, lines: Iterable[bytes]) -> None:
        """A whole new file, on the disk when this returns; ``ArchiveRefused`` where another one has its name."""

    def replace(self, name: str, lines: Iterable[bytes]) -> None:
        """A whole file in the place of an older one, on the disk when this returns."""

    def read(self, name: str) -> Iterator[bytes]:
        """A file's lines, as the disk has them."""

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""


class ArchiveTables(Protocol):
    """What is on record of the archive."""

    def store_ids(self) -> list[str]:
        """Every store that has a chain."""

    def archivable(self, store_id: str, before: datetime) -> int:
        """Up to which entry a chain may be archived."""

    def segments(self, store_id: str | None = None) -> list[Segment]:
        """All files of a store, or of all."""

    def unfinished(self) -> list[Segment]:
        """Files that are noted and whose bodies are still in the ledger, in the order of the chains."""

    def covering(self, store_id: str, seq: int) -> int:
        """The first checkpoint that holds an entry."""

    def ledger(self) -> Provable:
        """The ledger, to be read row by row."""

    def reading(self) -> AbstractContextManager[Provable]:
        """The ledger, to be read for a while."""

    def note(self, segment: Segment, hashes: bytes) -> None:
        """Note a file, and that it was read back."""

    def remove(self, segment: Segment) -> int:
        """Take a file's bodies out of the ledger; how many left."""


class Archiver:
    """Archives what is older than an instant. Only one may be at it. ``is_set`` where the setting names the folder."""

    def __init__(
        self, tables: ArchiveTables, files: Files, tell: Tell, size: int = SEGMENT, *, is_set: bool = False
    ) -> None:
        self._tables = tables
        self._files = files
        self._tell = tell
        self._size = size
        self._is_set = is_set

    def archive(self, before: datetime) -> list[Segment]:
        """Archive all that was recorded before an instant and is sealed; the files that were made.

        Raises:
            ArchiveRefused: the folder is not this archive's, an entry does not hold, or a file cannot be read back;
                bodies are where they were.
        """
        listed = b"".join(self._files.read(MANIFEST)) if self._files.has(MANIFEST) else None
        require_own(self._files.folder, listed, self._tables.segments(), is_set=self._is_set)
        self._finish()
        made, seals = [], Seals(self._tables.ledger())
        for number, store_id, first, last in self._planned(before):
            segment, hashes = self._write(seals, number, store_id, first, last)
            self._tables.note(segment, hashes)
            self._tell("noted")
            self._list()
            self._remove(segment)
            made.append(segment)
        return made

    def _planned(self, before: datetime) -> list[tuple[int, str, int, int]]:
        """The files to make: checkpoint, store, first and last entry. In the order of the checkpoints, which is that of
        each chain, too."""
        found = []
        for store_id in self._tables.store_ids():
            archived = max((segment.last for segment in self._tables.segments(store_id)), default=0)
            for first, last in spans(archived, self._tables.archivable(store_id, before), self._size):
                found.append((self._tables.covering(store_id, last), store_id, first, last))
        return sorted(found)

    def _finish(self) -> None:
        """Go on where somebody stopped: what is noted was read back, so that its bodies may go."""
        unfinished = self._tables.unfinished()
        if unfinished:
            self._list()
        for segment in unfinished:
            self._remove(segment)

    def _write(self, seals: Seals, number: int, store_id: str, first: int, last: int) -> tuple[Segment, bytes]:
        try:
            name = file_of(store_id, first, last)
        except ValueError as error:
            raise ArchiveRefused(f"no file can be named after a store: {error}") from error
        with self._tables.reading() as ledger:
            start = ledger.entry_head(store_id, first - 1) or Head(store_id, 0, GENESIS)
            end = ledger.entry_head(store_id, last)
            if end is None or start.seq != first - 1:
                raise ArchiveRefused(f"store {store_id} has not all entries from {first} to {last}")
            header = encode(_header(start, end, seals.proof(store_id, number))) + b"\n"
            self._files.add(name, _lines(header, _checked(ledger.entries(store_id, first - 1, last), start, end)))
        self._tell("written")
        digest, hashes = self._read(name, header, start, end)
        self._tell("read")
        folder = self._files.folder
        return Segment(store_id, first, last, name, folder, digest, start.hash, end.hash, number), hashes

    def _read(self, name: str, header: bytes, start: Head, end: Head) -> tuple[bytes, bytes]:
        """The digests of a file that was just written: over its bytes, and over the hashes that its entries give."""
        digest = sha256()

        def lines() -> Iterator[bytes]:
            for line in self._files.read(name):
                digest.update(line)
                yield line

        read = lines()
        if next(read, b"") != header:
            raise ArchiveRefused(f"{name} does not begin as it was written")
        try:
            hashes = hashes_of(_checked(read_entries(start.store_id, read), start, end))
        except UnreadableExport as error:
            raise ArchiveRefused(f"{name} cannot be read back: {error}") from error
        return digest.digest(), hashes

    def _remove(self, segment: Segment) -> None:
        self._tables.remove(segment)
        self._tell("removed")

    def _list(self) -> None:
        self._files.replace(MANIFEST, [manifest(self._tables.segments())])
        self._tell("listed")


def _checked(entries: Iterable[Entry], start: Head, end: Head) -> Iterator[Entry]:
    """The same entries one by one, which must follow ``start`` and end with ``end``, each with the hash it gives."""
    last = start
    for entry in entries:
        if (entry.seq, entry.prev_hash) != (last.seq + 1, last.hash):
            raise _unfit(last, "what follows is not the next entry")
        if entry.hash != entry_hash(entry):
            raise _unfit(last, "its hash is not that of what it says")
        last = Head(end.store_id, entry.seq, entry.hash)
        yield entry
    if last != end:
        raise _unfit(last, f"the entries should end with {end.seq}")


def _unfit(last: Head, reason: str) -> ArchiveRefused:
    return ArchiveRefused(f"entry {last.seq + 1} of store {last.store_id} does not hold: {reason}")


def _lines(header: bytes, entries: Iterable[Entry]) -> Iterator[bytes]:
    yield header
    for entry in entries:
        yield encode(entry_fields(entry)) + b"\n"


def _header(start: Head, end: Head, sealed: dict[str, Any]) -> dict[str, Any]:
    """What a file says of itself: its entries, and the checkpoint that holds the last one, with the way to its root."""
    return {
        "format": FORMAT,
        "store_id": end.store_id,
        "first": start.seq + 1,
        "last": end.seq,
        "previous_hash": start.hash.hex(),
        "hash": end.hash.hex(),
        "checkpoint": sealed,
    }
