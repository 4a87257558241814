"""A walk along entries whose bodies rest in a file."""

from collections.abc import Callable, Iterable

from thaman_audit.adapters.archive import Archive
from thaman_audit.errors import ArchiveMissing, ArchiveSpoiled
from thaman_audit.verify import Entry, Head, Sealed, entry_hash


def walk_archived(
    archive: Archive, rows: Iterable[Entry], start: Head, sealed: Sealed, leaves: Callable[[list[bytes]], None]
) -> Head:
    """The last good entry of ``rows``, which follow ``start`` and rest in a file.

    Where the file is here, an entry's hash is worked out from its row and the file's body. Where it is not, the row's
    hash is taken as it stands: it must follow the one before, and what checkpoints sealed of it must fit.
    """
    last, good = start, list[bytes]()
    for row in rows:
        if row.seq != last.seq + 1 or row.prev_hash != last.hash:
            break
        try:
            expected = entry_hash(archive.whole(row))
        except ArchiveMissing:
            expected = row.hash
        except ArchiveSpoiled:
            break
        if row.hash != expected or sealed.get(row.seq, (0, expected))[1] != expected:
            break
        last = Head(row.store_id, row.seq, row.hash)
        good.append(row.hash)
    leaves(good)
    return last
