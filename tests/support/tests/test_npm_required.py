"""The plugin turns skips of npm tests into failures, and leaves other skips alone."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TESTS = """
import pytest
@pytest.mark.npm
def test_npm(): pytest.skip("no node_modules")
def test_other(): pytest.skip("no reason")
"""


def run(folder: Path, **env: str) -> str:
    (folder / "test_it.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    npm: x\n")
    command = [sys.executable, "-m", "pytest", "-p", "tests.support.npm_required", "-q", str(folder)]
    clean = {name: value for name, value in os.environ.items() if name != "THAMAN_REQUIRE_NPM"}
    return subprocess.run(command, cwd=ROOT, env=clean | env, capture_output=True, text=True, check=False).stdout


def test_skips_stay_skips_without_the_variable(tmp_path: Path) -> None:
    assert "2 skipped" in run(tmp_path)


def test_npm_skips_fail_with_it(tmp_path: Path) -> None:
    words = run(tmp_path, THAMAN_REQUIRE_NPM="1")
    assert "1 failed, 1 skipped" in words
    assert "no node_modules" in words
