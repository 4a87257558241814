"""Child processes of a benchmark: none outlives it, and what they use is sampled while they work."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from thaman_kit.embedded.process import Child

ROOT = Path(__file__).parents[2]
READY_SECONDS = 60.0
_FOREIGN = ("THAMAN_DATABASE_URL", "THAMAN_NATS_URL", "OTEL_EXPORTER_OTLP_ENDPOINT")
_STATUS = Path("/proc/self/smaps_rollup")
_SHARE = 0.01
"""Most of one processor that sampling may take."""


def environment(**more: str) -> dict[str, str]:
    """The environment of a child: ours, without what would make it use other servers than the benchmark's own."""
    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    path = os.pathsep.join(filter(None, (str(ROOT), kept.get("PYTHONPATH"))))
    return kept | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"} | more


class Process:
    """A named child on a folder of its own."""

    def __init__(
        self, name: str, home: Path, command: Sequence[str], env: Mapping[str, str], stop: signal.Signals
    ) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.log = home / "log"
        self._command, self._env, self._stop = list(command), dict(env), stop
        self._child = Child(home, self.log, owner=None, death_signal=stop)

    def start(self, ready: Callable[[], bool], within: float = READY_SECONDS) -> None:
        """Start it and wait until it is ready."""
        self._child.start(self._command, environment=self._env, ready=ready, within=within)

    def stop(self, within: float = 20.0) -> None:
        """End it in order."""
        self._child.stop(self._stop, within)

    @property
    def pids(self) -> dict[str, int]:
        """Its name and process id, if it runs."""
        pid = self._child.pid
        return {} if pid is None else {self.name: pid}


def prepare_environment() -> None:
    """Let nothing in our own environment point a side to servers that are not the benchmark's own."""
    for name in _FOREIGN:
        os.environ.pop(name, None)


@dataclass(frozen=True, slots=True)
class Memory:
    """Proportional memory in MiB: the peak, and the mean of the sweep's first and last quarter."""

    peak: float
    first_quarter: float
    last_quarter: float

    @property
    def growth(self) -> float:
        """How much more the last quarter took than the first."""
        return self.last_quarter - self.first_quarter


@dataclass
class Sampler:
    """Looks once a second how much memory groups of processes take, children included; ``None`` without /proc.

    Proportional set sizes are summed, so that memory shared by forked workers counts once.
    """

    groups: Callable[[], Mapping[str, Iterable[int]]]
    samples: dict[str, list[float]] = field(default_factory=dict)
    _done: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Begin."""
        if _STATUS.exists():
            self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    def memory(self, group: str) -> Memory | None:
        """What a group took."""
        taken = self.samples.get(group)
        if not taken:
            return None
        quarter = max(len(taken) // 4, 1)
        return Memory(max(taken), sum(taken[:quarter]) / quarter, sum(taken[-quarter:]) / quarter)

    def _run(self) -> None:
        while not self._done.is_set():
            began = time.thread_time()
            children = _children()
            for name, pids in self.groups().items():
                self.samples.setdefault(name, []).append(sum(_pss(pid) for pid in _family(pids, children)) / 1024)
            # Looking is work for the kernel, and it must not slow down what is looked at.
            self._done.wait(max(1.0, (time.thread_time() - began) / _SHARE))


def _family(pids: Iterable[int], children: Mapping[int, list[int]]) -> set[int]:
    found: set[int] = set()
    waiting = list(pids)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, [])
    return found


def _children() -> dict[int, list[int]]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it ended while we looked
            children.setdefault(parent, []).append(int(entry.name))
    return children


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0  # it ended while we looked, or belongs to somebody else
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def cpu_seconds(pids: Iterable[int]) -> float:
    """Processor time that processes and their living children took so far."""
    ticks = 0
    for pid in _family(pids, _children()):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended while we looked
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def wait_until(condition: Callable[[], bool], within: float, poll: float = 0.25) -> bool:
    """Wait until ``condition()`` holds; whether it did."""
    until = time.monotonic() + within
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(poll)
    return True


def stop_like_ctrl_c() -> None:
    """Let SIGTERM end the benchmark as Ctrl-C does, so that it takes its children along in order."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
