"""The two commands of the README: what they run, and that they explain themselves."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def make(folder: Path, *arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    command = [shutil.which("make") or "make", *arguments]
    return subprocess.run(command, cwd=folder, env=os.environ | env, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("uv.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def stamp(folder: Path) -> str:
    words = make(folder, "-n", "install").stdout
    found = re.search(r"touch (\S+)", words)
    assert found is not None, words
    return found[1]


def test_help_lists_every_target() -> None:
    words = make(ROOT, "help").stdout
    for target in ("demo", "up", "test", "check", "bench", "market", "tafeng", "faults", "install"):
        assert f"make {target}" in words


def test_arguments_reach_the_demo(copy: Path) -> None:
    words = make(copy, "-n", "demo", "ARGS=--once --json").stdout
    assert "thaman_cli demo --once --json" in words
    assert "sync --frozen --all-packages --all-extras" in words


def test_an_installed_folder_is_not_installed_again(copy: Path) -> None:
    place = copy / stamp(copy)
    (place.parent / "tools/bin").mkdir(parents=True)
    (place.parent / "tools/bin/uv").touch()
    place.touch()
    assert "sync" not in make(copy, "-n", "demo").stdout
    with (copy / "uv.lock").open("a") as lock:
        lock.write("\n")
    assert "sync" in make(copy, "-n", "demo").stdout


def test_a_machine_without_python_is_told_what_to_do(copy: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "cat", "cksum", "cut", "mkdir", "rm"):
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    done = make(copy, f"SHELL={tools / 'bash'}", "install", PATH=str(tools))
    assert done.returncode != 0
    assert "python3 >= 3.11" in done.stderr
