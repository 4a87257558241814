"""Processes as a whole: they start, stop in order, and say by their exit code how it ended."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from thaman_kit.testing import wait_until

PROGRAM = """
import asyncio, sys, threading, time
from fastapi import APIRouter
from thaman_kit import process
from thaman_kit.health import Health
from thaman_kit.http import create_api
from thaman_kit.settings import ServiceSettings

async def good(stop):
    await stop.wait()

async def slow(stop):
    await stop.wait()
    await asyncio.sleep(0.3)
    print("finished in order", flush=True)

async def stubborn(stop):
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            print("cancelled", flush=True)
            raise

async def ends(stop):
    await asyncio.sleep(0)

async def fails(stop):
    raise RuntimeError("password=hunter2")

async def blocks(stop):
    time.sleep(60)

async def hangs(stop):
    await stop.wait()
    await asyncio.to_thread(time.sleep, 60)

def close():
    print("closed", flush=True)

router = APIRouter()

@router.get("/slow")
def slow_request():
    time.sleep(1)
    return "done"

kind, *names = sys.argv[1:]
# Shorter than in production: grace and stall of the supervisor, and the deadline of a stop.
process.Supervisor.__init__.__defaults__ = (0.4 if kind == "worker" else 7.0, 1.0)
process.DEADLINE = 2.0
settings = process.load_settings(ServiceSettings)
parts = {name: globals()[name] for name in names}
if kind == "api":
    process.run_api(create_api(settings, "Demo", [router]), settings, parts=parts)
elif kind == "relay":
    process.run_relay(settings, parts, Health(), closing=[close])
else:
    process.run_worker(settings, parts, Health({"broken": lambda: 1 / 0}), closing=[close])
"""


class Program:
    """The program above, running."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self._log = folder / "log"
        script = folder / "program.py"
        script.write_text(PROGRAM)
        given = {
            "THAMAN_DATABASE_URL": "postgresql://a:b@c/d",
            "THAMAN_API_KEY_PEPPER": "p" * 32,
            "THAMAN_HTTP_PORT": "0",
            "THAMAN_HEALTH_PORT": "0",
        }
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(script), *arguments],
                env=os.environ | given | environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def stderr(self) -> str:
        """What it wrote there so far."""
        return self._log.read_text()

    def events(self) -> list[dict[str, Any]]:
        """Its log, as far as lines are complete."""
        lines = self.stderr().split("\n")[:-1]
        return [json.loads(line) for line in lines if line.startswith("{")]

    def names(self) -> list[str]:
        """The events' names."""
        return [event["event"] for event in self.events()]

    def port(self, server: str) -> int:
        """Where one of its servers listens, once it does."""

        def found() -> list[int]:
            return [e["port"] for e in self.events() if e["event"] == "listening" and e["server"] == server]

        wait_until(lambda: bool(found()), what=f"{server} listening")
        return found()[0]

    def end(self, number: signal.Signals | None = None) -> tuple[int, str]:
        """Perhaps signal it; then its exit code and standard output."""
        if number is not None:
            self.process.send_signal(number)
        output, _ = self.process.communicate(timeout=60)
        return self.process.returncode, output


Start = Callable[..., Program]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the program; whatever still runs at the end is killed."""
    started: list[Program] = []

    def run(*arguments: str, **environment: str) -> Program:
        started.append(Program(tmp_path, *arguments, **environment))
        return started[-1]

    yield run
    for program in started:
        program.process.kill()
        program.process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_stops_in_order(start: Start, number: signal.Signals) -> None:
    program = start("worker", "good", "slow")
    health = f"http://127.0.0.1:{program.port('health')}"
    assert httpx.get(f"{health}/livez").status_code == 200
    ready = httpx.get(f"{health}/readyz")
    assert (ready.status_code, ready.json()["failing"]) == (503, {"broken": "ZeroDivisionError: division by zero"})
    assert "thaman_ready 0.0" in httpx.get(f"{health}/metrics").text
    code, output = program.end(number)
    assert (code, output) == (0, "finished in order\nclosed\n")
    assert program.names()[0] == "starting"
    assert program.events()[-1]["event"] == "stopped"
    assert program.events()[-1]["code"] == 0


def test_an_api_answers_requests_in_hand_before_it_stops(start: Start) -> None:
    program = start("api", "good")
    api = f"http://127.0.0.1:{program.port('api')}"
    program.port("health")
    with socket.create_connection(("127.0.0.1", program.port("api"))) as connection:
        connection.sendall(b"GET /slow HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n\r\n")
        wait_until(lambda: httpx.get(f"{api}/livez").status_code == 200)
        began = time.monotonic()
        program.process.send_signal(signal.SIGTERM)
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b'"done"' in answer
    assert b"server: uvicorn" not in answer.lower()
    assert program.end()[0] == 0
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(("part", "event"), [("ends", "part_ended"), ("fails", "part_failed")])
def test_a_part_that_ends_or_fails_ends_the_process(start: Start, part: str, event: str) -> None:
    program = start("relay", part, "good")
    assert program.end() == (1, "closed\n")
    (told,) = [line for line in program.events() if line["event"] == event]
    assert told["part"] == part
    assert told["service"].endswith("relay")
    assert "hunter2" not in program.stderr()


def test_a_part_that_does_not_stop_is_cancelled(start: Start) -> None:
    program = start("worker", "stubborn", "good")
    program.port("health")
    assert program.end(signal.SIGTERM) == (0, "cancelled\nclosed\n")
    (told,) = [line for line in program.events() if line["event"] == "parts_cancelled"]
    assert told["parts"] == ["stubborn"]


def test_a_thread_that_hangs_cannot_hold_the_process(start: Start) -> None:
    program = start("worker", "hangs")
    program.port("health")
    began = time.monotonic()
    assert program.end(signal.SIGTERM)[0] == 70
    assert time.monotonic() - began < 8
    assert "stop_took_too_long" in program.names()


def test_a_second_signal_ends_at_once(start: Start) -> None:
    program = start("worker", "hangs")
    program.port("health")
    program.process.send_signal(signal.SIGTERM)
    wait_until(lambda: "stopping" in program.names())
    assert program.end(signal.SIGINT)[0] == 70
    assert "stopping_at_once" in program.names()


def test_an_event_loop_that_stands_still_ends_the_process(start: Start) -> None:
    program = start("worker", "good", "blocks")
    assert program.end()[0] == 70
    assert "event_loop_stalled" in program.names()
    assert "in blocks" in program.stderr()


@pytest.mark.parametrize("which", ["HTTP", "HEALTH"])
def test_a_taken_port_is_named(start: Start, which: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        program = start("api", **{f"THAMAN_{which}_PORT": str(port)})
        assert program.end()[0] == 69
    (told,) = [line for line in program.events() if line["event"] == "port_taken"]
    assert f"127.0.0.1:{port}" in told["error"]
    assert f"set THAMAN_{which}_PORT" in told["error"]


def test_wrong_settings_end_the_process_with_an_explanation(start: Start) -> None:
    program = start("api", THAMAN_DATABASE_URL="hunter2")
    assert program.end()[0] == 78
    assert "THAMAN_DATABASE_URL: is not an address like postgresql://" in program.stderr()
    assert "hunter2" not in program.stderr()
    assert "Traceback" not in program.stderr()
