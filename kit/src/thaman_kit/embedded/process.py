"""One child process on one folder: started, watched, stopped, and never left behind.

Three things make sure of it. The kernel signals the child when this process ends, however it ends (Linux). ``atexit``
stops it on a normal end elsewhere. And a lock file whose descriptor the child inherits is held exactly as long as
any process of the server lives, so a second server on the same folder waits or refuses.
"""

import atexit
import contextlib
import fcntl
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from thaman_kit.embedded import launch
from thaman_kit.errors import FolderInUse, StartFailed

POLL = 0.02
LOCK = ".lock"
LOG_KEEP = 10_000_000
LOG_TAIL = 2_000
_GIVEN_OUT: set[int] = set()
"""Ports that this process was given; the system gives one twice that nobody listens on yet."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The operating-system user a server runs as."""

    uid: int
    gid: int


class Child:
    """A server process on the folder ``home``."""

    def __init__(self, home: Path, log: Path, *, owner: Owner | None, death_signal: signal.Signals) -> None:
        """Nothing is started yet. ``death_signal`` is what the child gets when this process ends."""
        self._home = home
        self._log = log
        self._owner = owner
        self._death_signal = death_signal
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = home / LOCK

    @property
    def pid(self) -> int | None:
        """The process id while the child runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(
        self, argv: Sequence[str], *, environment: Mapping[str, str], ready: Callable[[], bool], within: float
    ) -> None:
        """Start ``argv`` and wait until ``ready()``.

        Raises:
            FolderInUse: another server holds the folder.
            StartFailed: the child ended, or was not ready ``within`` seconds.
        """
        lock = acquire(self._lock, within)
        try:
            if self._log.exists() and self._log.stat().st_size > LOG_KEEP:
                self._log.unlink()
            begin = self._log.stat().st_size if self._log.exists() else 0
            self._process = _spawn(self._command(argv), self._log, environment, lock)
        finally:
            os.close(lock)
        atexit.register(self._stop_at_exit, os.getpid())
        self._await(ready, begin, within)

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if the child still runs."""
        if self._process is not None:
            self._process.send_signal(number)

    def stop(self, number: signal.Signals, within: float) -> None:
        """Send ``number``, wait for the end, and use SIGKILL after ``within`` seconds."""
        process, self._process = self._process, None
        if process is None:
            return
        atexit.unregister(self._stop_at_exit)
        process.send_signal(signal.SIGCONT)
        process.send_signal(number)
        try:
            process.wait(within)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _command(self, argv: Sequence[str]) -> list[str]:
        owner = "-" if self._owner is None else f"{self._owner.uid}:{self._owner.gid}"
        head = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), str(int(self._death_signal)), owner]
        return [*head, *argv]

    def _await(self, ready: Callable[[], bool], log_begin: int, within: float) -> None:
        assert self._process is not None
        deadline = time.monotonic() + within
        while not ready():
            code = self._process.poll()
            if code is not None or time.monotonic() > deadline:
                what = f"ended with code {code}" if code is not None else f"was not ready within {within:g} s"
                self.stop(signal.SIGKILL, within)
                raise StartFailed(
                    f"the server on {self._home} {what}. Its log {self._log} ends:\n{self._tail(log_begin)}"
                )
            time.sleep(POLL)

    def _tail(self, begin: int) -> str:
        with self._log.open("rb") as file:
            file.seek(max(begin, self._log.stat().st_size - LOG_TAIL))
            return file.read().decode(errors="replace").strip()

    def _stop_at_exit(self, creator: int) -> None:
        # A fork of this process inherits the registration, but the server is not the fork's to stop.
        if os.getpid() == creator:
            self.stop(self._death_signal, 10)


def acquire(path: Path, within: float) -> int:
    """Lock ``path`` for this process and those that inherit the returned descriptor.

    Waits ``within`` seconds, because a server whose parent was killed needs a moment to end.

    Raises:
        FolderInUse: the lock stayed taken.
    """
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + within
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < deadline:
                time.sleep(POLL)
                continue
            os.close(lock)
            raise FolderInUse(
                f"another server already runs on {path.parent}: stop it first, or choose another folder"
            ) from None
        return lock


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port that nobody listens on at this moment (it may be taken a moment later), another one at each call."""
    while True:
        with contextlib.closing(socket.socket()) as probe:
            probe.bind((host, 0))
            port = int(probe.getsockname()[1])
        if port not in _GIVEN_OUT:
            _GIVEN_OUT.add(port)
            return port


def listening(port: int, host: str = "127.0.0.1") -> bool:
    """Whether somebody accepts connections on the port."""
    with contextlib.closing(socket.socket()) as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def _spawn(command: list[str], log: Path, environment: Mapping[str, str], lock: int) -> subprocess.Popen[bytes]:
    def popen() -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return subprocess.Popen(  # noqa: S603 (the programs come from our own wheels)
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                start_new_session=True,
                pass_fds=(lock,),
            )

    return _forever.call(popen)


class _ForeverThread:
    """A thread that lasts as long as the process.

    The kernel takes a child's parent to be the *thread* that made it, so a child made by a passing thread would be
    told of its parent's death too early.
    """

    def __init__(self) -> None:
        self._tasks: queue.SimpleQueue[tuple[Callable[[], subprocess.Popen[bytes]], Future[subprocess.Popen[bytes]]]]
        self._tasks = queue.SimpleQueue()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None

    def call(self, task: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
        """Run ``task`` there and return what it returns."""
        with self._guard:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="embedded-spawner", daemon=True)
                self._thread.start()
        result: Future[subprocess.Popen[bytes]] = Future()
        self._tasks.put((task, result))
        return result.result()

    def _run(self) -> None:
        while True:
            task, result = self._tasks.get()
            try:
                result.set_result(task())
            except BaseException as error:
                result.set_exception(error)


_forever = _ForeverThread()
