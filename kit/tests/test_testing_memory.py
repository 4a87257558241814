"""Where tests keep their databases: in memory where there is some, and nothing stays there."""

import os
from pathlib import Path

import pytest

from thaman_kit import testing_memory
from thaman_kit.testing_memory import passing_folder


def test_a_folder_of_this_process_is_gone_afterwards_and_so_are_those_of_the_dead(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    dead, foreign = shared / "thaman-tests-999999999-x", shared / "somebody-elses"
    for folder in (dead, foreign):
        folder.mkdir(parents=True)
    with passing_folder(tmp_path, shared) as folder, passing_folder(tmp_path, shared) as other:
        assert folder != other, "a process may have several servers"
        assert folder.name.startswith(f"thaman-tests-{os.getpid()}-")
        assert folder.stat().st_mode & 0o777 == 0o755, "PostgreSQL runs as another user"
        (folder / "file").write_text("x")
    assert list(shared.iterdir()) == [foreign]


def test_without_memory_to_spare_they_stay_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with passing_folder(tmp_path, tmp_path / "none") as folder:
        assert folder == tmp_path
    monkeypatch.setattr(testing_memory, "LEAST_FREE", 1 << 60)
    with passing_folder(tmp_path, tmp_path) as folder:
        assert folder == tmp_path
