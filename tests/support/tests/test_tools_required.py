"""The plugin turns skips for want of a tool into failures, and leaves other skips alone."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TESTS = """
import pytest
@pytest.mark.npm
def test_npm(): pytest.skip("no node_modules")
@pytest.fixture
def chromium(): pytest.skip("no Chromium")
@pytest.mark.browser
def test_browser(chromium): pass
def test_other(): pytest.skip("no reason")
"""


def run(folder: Path, **env: str) -> str:
    (folder / "test_it.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    npm: x\n    browser: x\n")
    command = [sys.executable, "-m", "pytest", "-p", "tests.support.tools_required", "-q", str(folder)]
    clean = {name: value for name, value in os.environ.items() if name != "THAMAN_REQUIRE_TOOLS"}
    return subprocess.run(command, cwd=ROOT, env=clean | env, capture_output=True, text=True, check=False).stdout


def test_skips_stay_skips_without_the_variable(tmp_path: Path) -> None:
    assert "3 skipped" in run(tmp_path)


def test_skips_for_want_of_tools_fail_with_it(tmp_path: Path) -> None:
    words = run(tmp_path, THAMAN_REQUIRE_TOOLS="1")
    assert "1 failed, 1 skipped, 1 error" in words
    assert "no node_modules" in words and "no Chromium" in words
