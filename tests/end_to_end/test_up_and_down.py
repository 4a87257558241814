"""``thaman up``: one per folder, crashed parts come back, and nothing is left behind whatever way it ends."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.canaries import forget_a_store
from tests.support.commands import Thaman
from tests.support.landing import frame, land

from thaman_kit.testing import wait_until

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def thaman(tmp_path: Path) -> Iterator[Thaman]:
    made = Thaman(tmp_path / "home")
    yield made
    made.close()


def wait_gone(thaman: Thaman) -> None:
    wait_until(lambda: thaman.left_behind() == [], 30, "the end of every process")


def pid_of(thaman: Thaman, name: str) -> int | None:
    found: dict[str, int | None] = {process["name"]: process["pid"] for process in thaman.json("status")["processes"]}
    return found[name]


def end(process: "subprocess.Popen[str]", number: int) -> int:
    process.send_signal(number)
    return process.wait(60)


@pytest.mark.faults
@pytest.mark.timeout(480)
def test_up_restarts_what_dies_and_ends_in_order(thaman: Thaman) -> None:
    process = thaman.start("up", "--log-level", "debug")
    thaman.wait_ready(process)
    second = thaman.run("up", "--json")
    assert second.returncode == 3
    assert "already running" in second.stdout

    before = pid_of(thaman, "optimizer-worker")
    assert before is not None
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: pid_of(thaman, "optimizer-worker") not in (None, before), 20, "the restart")
    thaman.wait_ready(process)

    assert thaman.run("check-world", "--json").returncode == 0
    assert thaman.json("settings", "set", "sweep_hours=12")["settings"]["sweep_hours"] == 12
    assert thaman.json("settings", "get")["settings"]["sweep_hours"] == 12
    key = thaman.json("keys", "create", "--label", "test")
    assert thaman.json("keys", "revoke", key["key_id"]) == {"revoked": key["key_id"]}
    assert thaman.json("keys", "rotate-vault")["primary_key"] == "k2"
    before = thaman.json("audit", "verify")
    assert before["ok"] and before["key_trusted"] and before["checkpoints"] == 1
    rotated = thaman.json("keys", "rotate-audit")
    after = thaman.json("audit", "verify")
    assert after["ok"] and after["key_ids"] == [*before["key_ids"], rotated["key_id"]]
    assert thaman.json("dead-letters", "list") == {"dead_letters": [], "dead_jobs": []}
    assert thaman.json("export", "list") == {"runs": []}
    assert thaman.json("migrate") == {"applied": [], "streams": True}
    assert thaman.json("doctor")["ok"]
    came_back = asyncio.run(forget_a_store(thaman))
    wait_until(lambda: thaman.run("sign-in", came_back).returncode == 0, 30, "the store's pages")
    link = thaman.json("sign-in", came_back, "--role", "viewer")
    assert (link["store_id"], link["role"]) == (came_back, "viewer")
    urls = thaman.json("status")["urls"]
    assert link["url"].startswith(f"{urls['dashboard']}/sign-in/")
    assert thaman.run("sign-in", "1", "--json").returncode == 7, "no such store"
    assert thaman.json("sign-in", "--operator")["url"].startswith(f"{urls['dashboard']}/operator/sign-in/")
    assert "/people" in land(urls["onboarding"], came_back), "after consent, as the owner"
    assert "/people" not in frame(urls["dashboard"], urls["sandbox"], came_back), "from Salla's admin, as a viewer"

    assert thaman.run("down", "--json").returncode == 0
    assert process.wait(10) == 0
    assert thaman.left_behind() == []


@pytest.mark.faults
def test_a_killed_supervisor_leaves_nothing_and_can_be_started_again(thaman: Thaman) -> None:
    process = thaman.start("up")
    thaman.wait_ready(process)
    assert end(process, signal.SIGKILL) == -signal.SIGKILL
    wait_gone(thaman)
    assert thaman.run("status").returncode == 4

    again = thaman.start("up")
    thaman.wait_ready(again)
    assert end(again, signal.SIGINT) == 0
    assert thaman.left_behind() == []


def test_an_interrupted_start_leaves_nothing(thaman: Thaman) -> None:
    process = thaman.start("up")
    wait_until(lambda: any("thaman_onboarding" in line for line in thaman.left_behind()), 60, "the first service")
    end(process, signal.SIGTERM)
    assert thaman.left_behind() == []
