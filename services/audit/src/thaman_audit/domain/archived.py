"""Entries whose bodies rest in files: how a stub looks, and how a file is written and read back."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath

from thaman_audit.domain.store_ids import store_id_of
from thaman_audit.verify import GENESIS, Entry, Head, entry_hash

STUB = b'{"$archived":true'
"""What stands in place of a body begins so. No event has a field of that name."""
SEGMENT = 10_000
"""Entries in one file at most."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Entries of a chain in one file. ``digest`` is the file's SHA-256, ``previous_hash`` that of the entry before."""

    store_id: str
    first: int
    last: int
    file: str
    folder: str
    digest: bytes
    previous_hash: bytes
    hash: bytes
    checkpoint: int

    @property
    def start(self) -> Head:
        """The entry before the first one."""
        return Head(self.store_id, self.first - 1, self.previous_hash if self.first > 1 else GENESIS)

    @property
    def end(self) -> Head:
        """The last entry."""
        return Head(self.store_id, self.last, self.hash)


def is_stub(data: bytes) -> bool:
    """Whether a body was taken out, and this stands in its place."""
    return data.startswith(STUB)


def file_of(store_id: str, first: int, last: int) -> str:
    """The name of a segment's file within the archive's folder; names sort as entries do. ``ValueError`` where what
    should be a store's id is none, and could lead out of the folder."""
    return str(PurePosixPath(store_id_of(store_id)) / f"{first:012}-{last:012}.jsonl")


def hashes_of(entries: Iterable[Entry]) -> bytes:
    """One digest over the hashes that entries give, which are worked out anew."""
    found = sha256()
    for entry in entries:
        found.update(entry_hash(entry))
    return found.digest()


def spans(after: int, until: int, size: int = SEGMENT) -> Iterator[tuple[int, int]]:
    """The segments, first and last entry, into which the entries after one and up to another are cut."""
    for first in range(after + 1, until + 1, size):
        yield first, min(first + size - 1, until)
