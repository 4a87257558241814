"""A folder in memory for tests: their databases come and go by the thousand, and nobody needs one afterwards.

On a disk, making and removing the files of those databases took a fifth of the processors' time of a whole run.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SHARED = Path("/dev/shm")  # noqa: S108 - the folder is made for this process alone
LEAST_FREE = 2 << 30
"""Bytes; with less the tests stay on the disk."""

_NAME = "thaman-tests-"


@contextmanager
def passing_folder(otherwise: Path, shared: Path = SHARED) -> Iterator[Path]:
    """A new folder of this process in memory, removed at the end; ``otherwise`` where there is none or too little.

    Folders of processes that were killed are removed, too.
    """
    if not _is_roomy(shared):
        yield otherwise
        return
    for left in shared.glob(f"{_NAME}*"):
        if left.stat().st_uid == os.geteuid() and not _is_alive(left.name.removeprefix(_NAME).partition("-")[0]):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{_NAME}{os.getpid()}-", dir=shared))
    folder.chmod(0o755)  # PostgreSQL runs as another user where the tests run as root
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_roomy(shared: Path) -> bool:
    return os.access(shared, os.W_OK) and shutil.disk_usage(shared).free >= LEAST_FREE


def _is_alive(pid: str) -> bool:
    return not pid.isdecimal() or Path("/proc", pid).exists()
