"""Files that are either the old ones or the new ones, never half, and on the disk once they are there."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def beside(path: Path, *, is_new: bool = False) -> Iterator[Path]:
    """A place to write a file to, which takes the old one's place at once when the block ends well.

    Raises:
        FileExistsError: the file should be a new one, and somebody else made it meanwhile.
    """
    place = path.resolve()
    made = place.with_name(f".{place.name}.{secrets.token_hex(4)}.tmp")
    try:
        yield made
        with made.open("rb") as stream:
            os.fsync(stream.fileno())
        if is_new:
            _put_new(made, place)
        else:
            made.replace(place)
        sync_folder(place.parent)
    finally:
        made.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Put a folder's list of files on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _put_new(made: Path, place: Path) -> None:
    """Unlike a rename, a link never takes a file's place; some file systems have none."""
    try:
        place.hardlink_to(made)
    except FileExistsError:
        raise
    except OSError:
        if place.exists():
            raise
        made.replace(place)
