"""Files that are either the old ones or the new ones, never half."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO


def write_whole(path: Path, content: bytes) -> None:
    """Write beside the file and put it in place at once; what is no ordinary file (a pipe) is written to."""
    write_lines(path, (content,))


def write_lines(path: Path, lines: Iterable[bytes]) -> int:
    """The same for what comes bit by bit; how many bits there were."""
    if path.exists() and not path.is_file():
        with path.open("wb") as stream:
            return _write(stream, lines)
    place = path.resolve()
    beside = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as stream:
            count = _write(stream, lines)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)
    return count


def _write(stream: IO[bytes], lines: Iterable[bytes]) -> int:
    count = 0
    for line in lines:
        stream.write(line)
        count += 1
    return count
