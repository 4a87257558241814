"""One supervised process: started with its own session and log file, watched, restarted with backoff, stopped in time.

A child is started through the kit's launcher, which asks the kernel for SIGTERM at its parent's death; the guard covers
other systems and children that do not listen.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from thaman_cli.guarding import Guard
from thaman_kit.embedded import launch

_FIRST_PAUSE, _LONGEST_PAUSE, _HEALTHY_AFTER = 0.25, 15.0, 30.0
STOP_SECONDS = 12.0


@dataclass(frozen=True)
class Spec:
    """What to run: a name, the command, its environment, and where it says that it is ready."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    ready_url: str | None = None


@dataclass
class Child:
    """A supervised process. ``on_change`` is called after every start and end."""

    spec: Spec
    log: Path
    guard: Guard
    on_change: Callable[[], None]
    restarts: int = 0
    last_exit: int | None = None
    _process: asyncio.subprocess.Process | None = None
    _keeper: asyncio.Task[None] | None = None
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Start the process and keep it running."""
        self._stopping.clear()
        await self._spawn()
        self._keeper = asyncio.create_task(self._keep(), name=f"keep-{self.spec.name}")

    async def stop(self, seconds: float = STOP_SECONDS) -> None:
        """SIGTERM, and SIGKILL when it has not ended in ``seconds``."""
        self._stopping.set()
        if (pid := self.pid) is not None:
            self._signal(pid, signal.SIGTERM)
            self._signal(pid, signal.SIGCONT)
        if self._keeper is not None:
            done, _ = await asyncio.wait([self._keeper], timeout=seconds)
            if not done and (pid := self.pid) is not None:
                self._signal(pid, signal.SIGKILL)
            await self._keeper

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Signal the process as a fault would; it is restarted when it ends."""
        if (pid := self.pid) is not None:
            self._signal(pid, number)

    async def is_ready(self, client: httpx.AsyncClient) -> bool:
        """Whether the process runs and says that it is ready."""
        if self.pid is None:
            return False
        if self.spec.ready_url is None:
            return True
        try:
            return (await client.get(self.spec.ready_url, timeout=2.0)).status_code == 200
        except httpx.TransportError:
            return False

    def last_lines(self, count: int = 5) -> str:
        """The end of the log, for an error message."""
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])

    async def _keep(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            began = time.monotonic()
            await self._ended()
            if self._stopping.is_set():
                return
            pause = _FIRST_PAUSE if time.monotonic() - began > _HEALTHY_AFTER else min(pause * 2, _LONGEST_PAUSE)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            if self._stopping.is_set():
                return
            self.restarts += 1
            await self._spawn()

    async def _ended(self) -> None:
        if self._process is None:
            return
        pid = self._process.pid
        self.last_exit = await self._process.wait()
        self._signal(pid, signal.SIGKILL)  # whatever it had started in its own group
        self.guard.forget(pid)
        self.on_change()

    async def _spawn(self) -> None:
        head = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), str(int(signal.SIGTERM)), "-"]
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *head,
                *self.spec.command,
                env=dict(self.spec.env),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.guard.watch(self._process.pid)
        self.on_change()

    @staticmethod
    def _signal(pid: int, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, number)
