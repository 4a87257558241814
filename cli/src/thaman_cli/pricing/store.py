"""Files that are either the old ones or the new ones, never half."""

from collections.abc import Iterable
from pathlib import Path
from typing import IO

from thaman_kit.files import beside


def write_whole(path: Path, content: bytes) -> None:
    """Write beside the file and put it in place at once; what is no ordinary file (a pipe) is written to."""
    write_lines(path, (content,))


def write_lines(path: Path, lines: Iterable[bytes]) -> int:
    """The same for what comes bit by bit; how many bits there were."""
    if path.exists() and not path.is_file():
        with path.open("wb") as stream:
            return _write(stream, lines)
    with beside(path) as place, place.open("wb") as stream:
        return _write(stream, lines)


def _write(stream: IO[bytes], lines: Iterable[bytes]) -> int:
    count = 0
    for line in lines:
        stream.write(line)
        count += 1
    return count
