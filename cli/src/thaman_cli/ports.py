"""Free TCP ports on the loopback address: the preferred one when it is free, otherwise the next that is.

The search stays below the ranges that operating systems hand out to outgoing connections. Between choosing a port and
binding it a second installation of the same user could choose it, too; a lock file per port, held as long as this
process lives, keeps the two apart.
"""

import fcntl
import os
import socket
import tempfile
from pathlib import Path
from typing import TextIO

from thaman_cli.errors import StartFailed

HOST = "127.0.0.1"
_STEP = 100
_END = 30_000


class PortBook:
    """Hands out ports; never the same twice, nor one that another book of this user holds."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or Path(tempfile.gettempdir()) / f"thaman-ports-{os.geteuid()}"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._held: dict[int, TextIO] = {}

    def take(self, preferred: int) -> int:
        """``preferred`` when free, otherwise the next free one in steps of a hundred."""
        for port in range(preferred, _END, _STEP):
            if port not in self._held and self._hold(port):
                return port
        raise StartFailed(
            f"No free port from {preferred} on",
            f"every port tried up to {_END} is taken on {HOST}",
            "Stop what uses them (`ss -ltnp` shows it) and start again.",
        )

    def close(self) -> None:
        """Let others have the ports."""
        for handle in self._held.values():
            handle.close()
        self._held.clear()

    def _hold(self, port: int) -> bool:
        handle = (self._folder / str(port)).open("a")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            return False
        if not is_free(port):
            handle.close()
            return False
        self._held[port] = handle
        return True


def is_free(port: int) -> bool:
    """Whether something could listen on ``port`` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
