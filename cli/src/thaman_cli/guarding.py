"""The supervisor's end of the guard (``guard.py``): register what was started, forget what ended."""

import signal
import subprocess
import sys
from pathlib import Path

from thaman_cli import guard
from thaman_cli.errors import StartFailed


class Guard:
    """A running guard process; its pipe closes with this process, and then it ends every ward."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    @classmethod
    def start(cls, lock: Path) -> "Guard":
        """Start the guard and wait until it holds ``lock``, which it keeps until the last ward is gone."""
        process = subprocess.Popen(  # noqa: S603 -- our own module
            [sys.executable, "-I", guard.__file__, str(lock)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
            cwd="/",
        )
        if process.stdout is None or process.stdout.readline() != "guarding\n":
            process.kill()
            raise StartFailed("The guard process did not start", f"exit code {process.wait()}", "Run `thaman doctor`.")
        process.stdout.close()
        return cls(process)

    @property
    def pid(self) -> int:
        """The guard's pid."""
        return self._process.pid

    def watch(self, pid: int, stop_signal: int = signal.SIGTERM) -> None:
        """End ``pid`` with ``stop_signal`` when this process is gone."""
        self._tell(f"+ {pid} {guard.start_time(pid) or '?'} {int(stop_signal)}")

    def forget(self, pid: int) -> None:
        """``pid`` has ended; its number may be given to somebody else."""
        self._tell(f"- {pid}")

    def close(self) -> None:
        """Let the guard end what is still registered, and wait for it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(timeout=guard.GRACE_SECONDS * 3)

    def _tell(self, line: str) -> None:
        if self._process.stdin is None:
            raise StartFailed("The guard process has no input", "its pipe was never opened", "Start again.")
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
