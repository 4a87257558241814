"""Nothing that was answered is lost when the process is killed."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from .conftest import CALLBACK, CLIENT, Hook, Sandbox, wait_for


class Process:
    """A sandbox as a process of its own, with a state file."""

    def __init__(self, state: Path, hook_url: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        app = {**CLIENT, "redirect_uris": [CALLBACK], "webhook_url": hook_url, "webhook_secret": "s3"}
        command = [sys.executable, "-m", "thaman_sandbox", "--port", str(self.port), "--state", str(state)]
        self.command = [*command, "--app-config", json.dumps(app)]
        self.running: subprocess.Popen[bytes] | None = None
        self.sandbox = Sandbox(f"http://127.0.0.1:{self.port}")

    def start(self) -> None:
        self.running = subprocess.Popen(self.command)
        wait_for(self._up, "the process answers")

    def _up(self) -> bool:
        try:
            return self.sandbox.http.get("/_sandbox/health").status_code == 200
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        if self.running is not None:
            os.kill(self.running.pid, signal.SIGKILL)
            self.running.wait()
            self.running = None


@pytest.fixture
def process(tmp_path: Path, hook: Hook) -> Iterator[Process]:
    found = Process(tmp_path / "deep" / "state.sqlite", hook.url)
    found.start()
    yield found
    found.kill()
    found.sandbox.http.close()


def everything(sandbox: Sandbox, store: int) -> list[object]:
    paths = [f"/stores/{store}", f"/stores/{store}/products", f"/stores/{store}/orders", "/write-log", "/token-ledger"]
    paths += ["/calls", "/webhooks", "/switches", "/faults", "/prices", "/stores"]
    return [sandbox.control("GET", path) for path in paths]


def test_a_killed_process_comes_back_as_it_was(process: Process, hook: Hook) -> None:
    sandbox = process.sandbox
    store = sandbox.store(products=5)
    tokens = sandbox.tokens(store)
    one = sandbox.simple_product(store)
    sandbox.switch(bulk_delay_ms=3_600_000, bulk_delay_clock="virtual")
    sandbox.control("PUT", "/faults", {"store_id": store, "p_5xx": 0})
    sandbox.api(tokens["access_token"], "PUT", f"/products/{one['id']}", {"price": 55})
    hook.wait("product.price.updated")
    bulk = {"products": [{"id": one["id"], "price": 66}]}
    sandbox.api(tokens["access_token"], "POST", "/products/prices/bulkPrice", bulk)
    sandbox.control("POST", f"/stores/{store}/orders", {"lines": [{"product_id": one["id"]}]})
    sandbox.control("PUT", f"/shops/alraed/offers/{one['reference']}", {"price": 4_321})
    sandbox.control("PUT", "/clock", {"offset_seconds": 1_800})
    fresh = sandbox.refresh(tokens["refresh_token"]).json()
    wait_for(lambda: sandbox.control("GET", "/pending")["webhooks"] == 0, "webhooks delivered")
    before = everything(sandbox, store)

    process.kill()
    process.start()

    assert everything(sandbox, store) == before
    assert sandbox.control("GET", "/clock")["offset_seconds"] == 1_800
    assert sandbox.control("GET", f"/shops/alraed/offers/{one['reference']}")["price"] == 4_321
    assert sandbox.refresh(tokens["refresh_token"]).status_code == 401, "a used refresh token stays used"
    assert sandbox.api(fresh["access_token"], "GET", "/products").status_code == 401, "and its reuse ended the chain"
    assert sandbox.price(store, one["id"])["base"] == 5_500
    sandbox.control("PUT", "/clock", {"advance_seconds": 1_801})
    wait_for(lambda: sandbox.price(store, one["id"])["base"] == 6_600, "the queued change is carried out")


def test_an_undelivered_webhook_is_tried_again_after_a_restart(process: Process, hook: Hook) -> None:
    sandbox = process.sandbox
    hook.answers = [500, 200]
    store = sandbox.store(products=5)
    sandbox.control("POST", f"/stores/{store}/install", {"mode": "easy"})
    wait_for(lambda: len(hook.received) == 2, "both events tried")
    wait_for(lambda: all(row["results"] for row in sandbox.control("GET", "/webhooks")), "results noted")
    process.kill()
    process.start()
    sandbox.control("PUT", "/clock", {"advance_seconds": 300})
    wait_for(lambda: len(hook.received) == 3, "tried again")
    hook.wait("app.store.authorize")
    hook.wait("app.installed")


def test_a_wrong_app_config_is_explained() -> None:
    command = [sys.executable, "-m", "thaman_sandbox", "--app-config", '{"client": 1}']
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 1 and "--app-config is not usable" in run.stderr and "client_id" in run.stderr
