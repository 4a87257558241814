"""Salla's official npm client completes login, user info and refresh against the sandbox."""

import json
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from .conftest import CLIENT, Sandbox

HERE = Path(__file__).parent / "passport"


def _why_not() -> str | None:
    if shutil.which("node") is None:
        return "node is not installed"
    if not (HERE / "node_modules").is_dir():
        return f"run `npm ci` in {HERE.relative_to(HERE.parents[2])} first"
    return None


@pytest.mark.npm
def test_official_client_logs_in_and_refreshes(sandbox: Sandbox) -> None:
    reason = _why_not()
    if reason is not None:
        pytest.skip(reason)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    sandbox.register(redirect_uris=[f"http://127.0.0.1:{port}/oauth/callback"])
    store_id = sandbox.store()

    run = subprocess.run(
        ["node", "check.js", sandbox.url, port, CLIENT["client_id"], CLIENT["client_secret"]],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == {
        "merchant": store_id,
        "merchant_after_refresh": store_id,
        "lifetime": 1_209_600,
        "rotated": True,
        "products": 5,
        "reuse": "refused",
        "foreign_state": "/failed",
    }
    ledger = sandbox.control("GET", "/token-ledger")
    assert (ledger["rotations"], ledger["reused_refresh_tokens"]) == (1, 1)
