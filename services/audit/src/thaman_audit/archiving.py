"""Retention: bodies of old entries go to files, and leave the ledger once the files were read back.

Five steps for each file, each safe to be the last one: write it, read it back, note both, write the manifest, remove
the bodies. A body is in the ledger or in a file that was read back, at every moment; whoever begins again goes on where
the last one stopped.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from typing import Any, Protocol

from thaman_audit.domain.archived import SEGMENT, Segment, file_of, hashes_of, spans
from thaman_audit.domain.checkpoints import Checkpoint, head_leaf
from thaman_audit.domain.merkle import Tree
from thaman_audit.errors import ArchiveRefused
from thaman_audit.ledger_export import checkpoint_fields, entry_fields
from thaman_audit.ledger_read import read_entries
from thaman_audit.ports import Provable
from thaman_audit.verify import GENESIS, Entry, Head, verify_chain
from thaman_contracts.envelope import encode

FORMAT = "thaman-ledger-segment-1"
SET_FORMAT = "thaman-ledger-archive-1"
MANIFEST = "manifest.json"

Tell = Callable[[str], None]
"""Hears of each step that is done: written, read, noted, listed, removed."""


class Files(Protocol):
    """The archive's folder."""

    folder: str

    def write(self, name: str, lines: Iterable[bytes]) -> None:
        """A whole file, on the disk when this returns."""

    def read(self, name: str) -> Iterator[bytes]:
        """A file's lines, as the disk has them."""


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

    def reading(self) -> AbstractContextManager[Provable]:
        """The ledger, to be read for a while."""

    def note(self, segment: Segment, hashes: bytes) -> None:
        """Note a file, and that it was read back."""

    def remove(self, segment: Segment) -> int:
        """Take a file's bodies out of the ledger; how many left."""


class Archiver:
    """Archives what is older than an instant. Only one may be at it."""

    def __init__(self, tables: ArchiveTables, files: Files, tell: Tell, size: int = SEGMENT) -> None:
        self._tables = tables
        self._files = files
        self._tell = tell
        self._size = size

    def archive(self, before: datetime) -> list[Segment]:
        """Archive all that was recorded before an instant and is sealed; the files that were made.

        Raises:
            ArchiveRefused: an entry does not hold, or a file cannot be read back; bodies are where they were.
        """
        self._finish()
        made = []
        for store_id in self._tables.store_ids():
            archived = max((segment.last for segment in self._tables.segments(store_id)), default=0)
            for first, last in spans(archived, self._tables.archivable(store_id, before), self._size):
                segment, hashes = self._write(store_id, first, last)
                self._tables.note(segment, hashes)
                self._tell("noted")
                self._list()
                self._remove(segment)
                made.append(segment)
        return made

    def _finish(self) -> None:
        """Go on where somebody stopped: what is noted was read back, so that its bodies may go."""
        unfinished = self._tables.unfinished()
        if unfinished:
            self._list()
        for segment in unfinished:
            self._remove(segment)

    def _write(self, store_id: str, first: int, last: int) -> tuple[Segment, bytes]:
        number, name = self._tables.covering(store_id, last), file_of(store_id, first, last)
        with self._tables.reading() as ledger:
            start = ledger.entry_head(store_id, first - 1) or Head(store_id, 0, GENESIS)
            end = ledger.entry_head(store_id, last)
            if end is None or start.seq != first - 1:
                raise ArchiveRefused(f"store {store_id} has not all entries from {first} to {last}")
            header = encode(_header(ledger, start, end, number)) + b"\n"
            entries = _checked(ledger.entries(store_id, first - 1, last), start, end)
        self._files.write(name, _lines(header, entries))
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
        hashes = hashes_of(_checked(read_entries(start.store_id, read), start, end))
        return digest.digest(), hashes

    def _remove(self, segment: Segment) -> None:
        self._tables.remove(segment)
        self._tell("removed")

    def _list(self) -> None:
        self._files.write(MANIFEST, [manifest(self._tables.segments())])
        self._tell("listed")


def manifest(segments: Iterable[Segment]) -> bytes:
    """What the archive has, in canonical JSON: of each file its entries, hashes at both ends, digest and checkpoint."""
    files = []
    for segment in segments:
        said = {name: value.hex() if isinstance(value, bytes) else value for name, value in asdict(segment).items()}
        del said["folder"]
        files.append(said)
    return encode({"format": SET_FORMAT, "files": files}) + b"\n"


def _checked(entries: Iterable[Entry], start: Head, end: Head) -> list[Entry]:
    """The same entries, which must follow ``start`` and end with ``end``, each with the hash that it gives."""
    found: list[Entry] = []

    def passing() -> Iterator[Entry]:
        for entry in entries:
            found.append(entry)
            yield entry

    verdict = verify_chain(passing(), end, None, start)
    if verdict.broken is not None:
        broken = verdict.broken
        raise ArchiveRefused(f"entry {broken.seq} of store {end.store_id} does not hold: {broken.reason}")
    return found


def _lines(header: bytes, entries: Iterable[Entry]) -> Iterator[bytes]:
    yield header
    for entry in entries:
        yield encode(entry_fields(entry)) + b"\n"


def _header(ledger: Provable, start: Head, end: Head, number: int) -> dict[str, Any]:
    """What a file says of itself: its entries, and the checkpoint that holds the last one, with the way to its root."""
    tree, own, sealed = Tree(), None, None
    for checkpoint in ledger.checkpoints():
        for moved in ledger.moved(checkpoint.statement.number):
            tree.put(moved.store_id, head_leaf(moved))
            own = moved if moved.store_id == end.store_id else own
        sealed = checkpoint
        if checkpoint.statement.number == number:
            break
    way = tree.path(end.store_id)
    if sealed is None or own is None or way is None or sealed.statement.root != tree.root():
        raise ArchiveRefused(f"the heads that are kept for checkpoint {number} are not those it sealed")
    return {
        "format": FORMAT,
        "store_id": end.store_id,
        "first": start.seq + 1,
        "last": end.seq,
        "previous_hash": start.hash.hex(),
        "hash": end.hash.hex(),
        "checkpoint": _sealed(sealed, own, way),
    }


def _sealed(sealed: Checkpoint, own: Head, way: tuple[int, list[bytes]]) -> dict[str, Any]:
    proof = {"seq": own.seq, "hash": own.hash.hex(), "index": way[0], "path": [sibling.hex() for sibling in way[1]]}
    return checkpoint_fields(sealed) | {"public_key": sealed.public_key.hex(), "proof": proof}
