"""The guard: a small process that outlives a killed supervisor just long enough to end what that one had started.

The supervisor writes one line per process to the guard's standard input and keeps the pipe open; the kernel closes it
whatever way the supervisor ends. At the end of input the guard ends every process still registered: politely with each
one's own signal, in the reverse order of their start, and after a grace time with SIGKILL. A pid is only ever signalled
while it still has the start time it was registered with. Standard library only: it has to start fast and stay small.

Lines: ``+ <pid> <start time> <signal>`` and ``- <pid>``.
"""

import contextlib
import fcntl
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

GRACE_SECONDS = 8.0


@dataclass(frozen=True)
class Ward:
    """A process to end: its pid, when the kernel started it, and the signal it stops at."""

    pid: int
    started: str
    stop_signal: int

    def lives(self) -> bool:
        """Whether this very process is still there (a zombie is not)."""
        return start_time(self.pid) == self.started

    def send(self, number: int) -> None:
        """Signal the process, and its group where it leads one."""
        if not self.lives():
            return
        with contextlib.suppress(ProcessLookupError):
            if os.getpgid(self.pid) == self.pid:
                os.killpg(self.pid, number)
            else:
                os.kill(self.pid, number)


def start_time(pid: int) -> str:
    """The kernel's start time of a live process, ``""`` when it is gone or a zombie, ``"?"`` where /proc is missing."""
    if not Path("/proc/self/stat").exists():
        return "?" if _exists(pid) else ""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="latin-1").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def read_wards(lines: TextIO) -> list[Ward]:
    """Follow the supervisor's lines to their end; what is left is to be ended, the youngest first."""
    wards: dict[int, Ward] = {}
    for line in lines:
        match line.split():
            case ["+", pid, started, number]:
                wards[int(pid)] = Ward(int(pid), started, int(number))
            case ["-", pid]:
                wards.pop(int(pid), None)
            case _:  # a line cut short by the supervisor's death names nothing that could be signalled
                continue
    return list(reversed(wards.values()))


def end_all(wards: list[Ward], grace: float = GRACE_SECONDS) -> None:
    """Stop every ward one after the other where it matters, together where it does not, and kill what stays."""
    for number in dict.fromkeys(ward.stop_signal for ward in wards):
        group = [ward for ward in wards if ward.stop_signal == number]
        for ward in group:
            ward.send(number)
            ward.send(signal.SIGCONT)
        _wait(group, grace)
    for ward in wards:
        ward.send(signal.SIGKILL)


def _wait(wards: list[Ward], seconds: float) -> None:
    until = time.monotonic() + seconds
    while any(ward.lives() for ward in wards) and time.monotonic() < until:
        time.sleep(0.02)


def main() -> None:
    """Hold the lock file named by the first argument, and guard until standard input ends."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with Path(sys.argv[1]).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sys.stdout.write("guarding\n")
        sys.stdout.flush()
        end_all(read_wards(sys.stdin))


if __name__ == "__main__":
    main()
