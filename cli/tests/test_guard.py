"""The guard leaves nothing behind, whatever way the supervisor ends, and signals nobody else."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from thaman_cli import guard
from thaman_cli.guarding import Guard
from thaman_kit.testing import wait_until

PARENT = """
import os, signal, subprocess, sys
from pathlib import Path
from thaman_cli.guarding import Guard
guarding = Guard.start(Path(sys.argv[1]))
deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
code = deaf if sys.argv[2] == "deaf" else "import time; print('ready', flush=True); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", code], start_new_session=True, stdout=subprocess.PIPE, text=True)
child.stdout.readline()
guarding.watch(child.pid)
if sys.argv[2] == "stopped":
    os.kill(child.pid, signal.SIGSTOP)
print(child.pid, guarding.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("manner", ["polite", "deaf", "stopped"])
def test_a_killed_supervisor_leaves_nothing(tmp_path: Path, manner: str) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path / "guard.lock"), manner]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child, guarding = (int(part) for part in parent.stdout.readline().split())
        assert guard.start_time(child)
        parent.send_signal(signal.SIGKILL)
        wait_until(lambda: not guard.start_time(child), 15, "the child's end")
        wait_until(lambda: not guard.start_time(guarding), 5, "the guard's end")


def test_closing_ends_what_is_left(tmp_path: Path) -> None:
    guarding = Guard.start(tmp_path / "guard.lock")
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as child:
        guarding.watch(child.pid)
        guarding.close()
        assert child.wait(10) == -signal.SIGTERM


def test_what_was_forgotten_lives_on(tmp_path: Path) -> None:
    guarding = Guard.start(tmp_path / "guard.lock")
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as child:
        guarding.watch(child.pid)
        guarding.forget(child.pid)
        guarding.close()
        assert child.poll() is None
        child.kill()


def test_lines_are_followed_to_the_end() -> None:
    lines = io.StringIO("+ 11 100 15\n+ 12 101 2\n- 11\n+ 13 102 15\n+ 1")
    assert guard.read_wards(lines) == [guard.Ward(13, "102", 15), guard.Ward(12, "101", 2)]


def test_a_reused_pid_is_not_signalled() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as stranger:
        guard.end_all([guard.Ward(stranger.pid, "1", signal.SIGTERM)], grace=0.1)
        assert stranger.poll() is None
        stranger.kill()


def test_own_start_time_is_known() -> None:
    assert guard.start_time(os.getpid())
