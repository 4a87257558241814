"""The ``thaman`` command as a process of its own, and what it leaves behind."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

from thaman_cli.plan import PROCESSES
from thaman_kit.testing import wait_until

_MARK = "THAMAN_TEST_MARK"
_OURS = ("THAMAN_", "OTEL_")


class Thaman:
    """Runs commands on the installation in ``home``; its processes carry a mark in their environment."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.mark = uuid4().hex
        self.started: list[subprocess.Popen[str]] = []
        clean = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        self.env = clean | {_MARK: self.mark}

    def run(self, *arguments: str, timeout: float = 280) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        return subprocess.run(
            self._command(arguments), env=self.env, capture_output=True, text=True, timeout=timeout, check=False
        )

    def json(self, *arguments: str) -> dict[str, Any]:
        """The object on the last line of what a command prints with ``--json``."""
        return last_object(self.run(*arguments, "--json").stdout)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a command that stays; its words go to ``<home>.out``."""
        with self.home.with_suffix(".out").open("a") as words:
            process = subprocess.Popen(self._command(arguments), env=self.env, stdout=words, stderr=words, text=True)
        self.started.append(process)
        return process

    def close(self) -> None:
        """End whatever still runs, however the test went."""
        for line in self.left_behind():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(line.partition(":")[0]), signal.SIGKILL)
        for process in self.started:
            process.wait(30)

    def is_ready(self) -> bool:
        """Whether every process, with the local Salla, is up and says that it is ready."""
        status = self.json("status")
        states = [process["state"] for process in status["processes"]]
        return len(states) > len(PROCESSES) and set(states) == {"ready"}

    def wait_ready(self, process: "subprocess.Popen[str]", within: float = 120) -> None:
        """Wait until everything is ready; a command that ends before that fails the test with its words."""

        def look() -> bool:
            assert process.poll() is None, self.home.with_suffix(".out").read_text()
            return self.is_ready()

        wait_until(look, within, "readiness")

    def left_behind(self) -> list[str]:
        """Processes that still carry the mark, or work in the installation's folder."""
        found = []
        for place in Path("/proc").iterdir():
            if not place.name.isdigit() or int(place.name) == os.getpid():
                continue
            try:
                environment, command = (place / "environ").read_bytes(), (place / "cmdline").read_bytes()
            except OSError:
                continue
            if self.mark.encode() in environment or str(self.home).encode() in command:
                found.append(f"{place.name}: {command.replace(bytes(1), b' ').decode(errors='replace')}")
        return found

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "thaman_cli", *arguments, "--home", str(self.home)]


def last_object(words: str) -> dict[str, Any]:
    """The JSON object on the last line."""
    found = json.loads(words.splitlines()[-1])
    assert isinstance(found, dict)
    return found
