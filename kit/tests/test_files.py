"""Files are put in place whole or not at all."""

import os
from pathlib import Path

import pytest

from thaman_kit.files import beside


def write(path: Path, text: str, *, is_new: bool = False) -> None:
    with beside(path, is_new=is_new) as place:
        place.write_text(text)


def test_a_file_takes_the_place_of_an_older_one_only_where_that_is_meant(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write(path, "1", is_new=True)
    write(path, "2")
    with pytest.raises(FileExistsError):
        write(path, "3", is_new=True)
    assert path.read_text() == "2" and list(tmp_path.iterdir()) == [path]


def test_a_file_system_without_links_does_not_lose_an_older_file_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError("Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    path = tmp_path / "a"
    write(path, "1", is_new=True)
    with pytest.raises(PermissionError):
        write(path, "2", is_new=True)
    assert path.read_text() == "1" and list(tmp_path.iterdir()) == [path]


def test_what_fails_leaves_the_older_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write(path, "1")
    with pytest.raises(ZeroDivisionError), beside(path) as place:
        place.write_text("half")
        _ = 1 // 0
    assert path.read_text() == "1" and list(tmp_path.iterdir()) == [path]
