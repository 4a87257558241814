"""Running JavaScript checks from tests; they skip, with a printed reason, where node or its packages are missing.

In CI ``THAMAN_REQUIRE_TOOLS=1`` turns such a skip into a failure, because there the packages were installed before.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def require_node(folder: Path) -> str:
    """The node program; the test is skipped where it or the packages of ``folder`` are missing.

    A test that starts something first asks for this before.
    """
    node = shutil.which("node")
    if node is None:
        _missing("node is not installed")
    if not (folder / "node_modules").is_dir():
        _missing(f"npm packages are missing; run: npm ci --prefix {folder}")
    return str(node)


def run_node(folder: Path, script: str, *arguments: str, timeout: float = 60.0, **environment: str) -> str:
    """The standard output of ``node <script>`` run in ``folder``, whose packages must be installed.

    Fails the test when the script ends with another code than 0.
    """
    node = require_node(folder)
    result = subprocess.run(  # noqa: S603 - our own script
        [node, script, *arguments],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if result.returncode != 0:
        pytest.fail(f"{script} ended with {result.returncode}:\n{result.stdout}\n{result.stderr}")
    return result.stdout


def _missing(reason: str) -> None:
    if os.environ.get("THAMAN_REQUIRE_TOOLS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
