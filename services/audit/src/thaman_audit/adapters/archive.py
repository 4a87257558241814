"""Bodies from the archive's files, as somebody asks for them."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from thaman_audit.adapters.checkpoints import Rows
from thaman_audit.domain.archived import Segment, is_stub
from thaman_audit.errors import ArchiveMissing, ArchiveSpoiled
from thaman_audit.ledger_read import read_entry
from thaman_audit.verify import Entry, entry_hash
from thaman_kit.database import load_queries

queries = partial(load_queries, "thaman_audit", "adapters/archive.sql")
_OPEN = 32
"""Files whose lines are remembered; of each about 100 bytes for an entry."""


class Archive:
    """Reads the files, for any number of threads. ``folder`` is where they are now; without one, where they were
    written."""

    def __init__(self, rows: Rows, folder: Path | None = None) -> None:
        self._rows = rows
        self._folder = folder
        self._last: Segment | None = None
        self._places: OrderedDict[tuple[Path, int, int], list[int]] = OrderedDict()
        self._lock = Lock()

    def filled(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Rows with their bodies, where some have stubs. Who asks for ``data`` asks for ``store_id``, ``seq`` and
        ``hash``, too.

        Raises:
            ArchiveMissing: a file is needed that cannot be read here.
            ArchiveSpoiled: a file does not hold what was archived.
        """
        for row in rows:
            if is_stub(row.get("data") or b""):
                segment = self.segment(row["store_id"], row["seq"])
                if segment is not None:  # what looks like a stub and rests in no file is the body itself
                    row["data"] = self._data(segment, row["seq"], row["hash"])
        return rows

    def whole(self, entry: Entry) -> Entry:
        """An entry with its body. Raises as :meth:`filled`."""
        segment = self.segment(entry.store_id, entry.seq) if is_stub(entry.data) else None
        return entry if segment is None else replace(entry, data=self._data(segment, entry.seq, entry.hash))

    def segment(self, store_id: str, seq: int) -> Segment | None:
        """The file in which an entry rests."""
        last = self._last
        if last is not None and last.store_id == store_id and last.first <= seq <= last.last:
            return last  # files are never taken back, and entries are mostly asked for in their order
        found = self._rows.fetch_all(queries()["segment"], {"store_id": store_id, "seq": seq})
        segment = Segment(**found[0]) if found else None
        self._last = segment
        return segment

    def segments(self, store_id: str | None = None) -> list[Segment]:
        """All files of a store, or of all, in the order of the chains."""
        return [Segment(**row) for row in self._rows.fetch_all(queries()["segments"], {"store_id": store_id})]

    def path(self, segment: Segment) -> Path:
        """Where a file should be."""
        return (self._folder or Path(segment.folder)) / segment.file

    def is_here(self, segment: Segment) -> bool:
        """Whether a file is where it should be, and may be read."""
        try:
            with self.path(segment).open("rb"):
                return True
        except OSError:
            return False

    def digest(self, segment: Segment) -> bytes:
        """The SHA-256 of a file as it is; ``ArchiveMissing`` where it cannot be read."""
        found, path = sha256(), self.path(segment)
        try:
            with path.open("rb") as stream:
                while block := stream.read(1 << 20):
                    found.update(block)
        except OSError as error:
            raise ArchiveMissing(segment, path, error) from error
        return found.digest()

    def _data(self, segment: Segment, seq: int, hash: bytes) -> bytes:
        """An entry's body. What the file has must give its own hash, and that is the row's."""
        entry = self._entry(segment, seq)
        if entry.seq != seq or entry.hash != entry_hash(entry) or entry.hash != hash:
            raise ArchiveSpoiled(segment, seq)
        return entry.data

    def _entry(self, segment: Segment, seq: int) -> Entry:
        path = self.path(segment)
        try:
            places = self._places_of(path)
            place = seq - segment.first + 1
            with path.open("rb") as stream:
                stream.seek(places[place])
                line = stream.read(places[place + 1] - places[place])
        except OSError as error:
            raise ArchiveMissing(segment, path, error) from error
        except IndexError:
            raise ArchiveSpoiled(segment, seq) from None
        try:
            return read_entry(segment.store_id, line)
        except (ValueError, OverflowError, TypeError, KeyError):
            raise ArchiveSpoiled(segment, seq) from None

    def _places_of(self, path: Path) -> Sequence[int]:
        """Where each line of a file begins, and where the last one ends."""
        as_it_is = path.stat()
        key = (path, as_it_is.st_mtime_ns, as_it_is.st_size)
        with self._lock:
            known = self._places.get(key)
        if known is None:
            known = [0]
            with path.open("rb") as stream:
                for line in stream:
                    known.append(known[-1] + len(line))
        with self._lock:
            self._places[key] = known
            self._places.move_to_end(key)
            if len(self._places) > _OPEN:
                self._places.popitem(last=False)
        return known
