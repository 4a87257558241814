"""Hand-over files: each has a published schema, and a schema that was published only ever gains optional fields."""

import json
from pathlib import Path
from typing import Any

import pytest

from thaman_contracts.generate import broken, drift, write
from thaman_contracts.handover import FILES

FOLDER = Path(__file__).parents[1]


def changed(folder: Path, name: str, change: dict[str, Any]) -> None:
    """Publish a file's schema as if one of its fields had been otherwise."""
    path = folder / f"handover/{name}.v1.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    schema["properties"] |= change
    path.write_text(json.dumps(schema), encoding="utf-8")


def test_each_file_has_a_published_schema() -> None:
    assert {path.name for path in (FOLDER / "handover").iterdir()} == {f"{name}.v1.json" for name in FILES}


@pytest.mark.parametrize("name", FILES)
def test_a_schema_that_drifted_is_named(name: str, tmp_path: Path) -> None:
    write(tmp_path)
    assert drift(tmp_path) == []
    changed(tmp_path, name, {"as_of": {"description": "other words"}})
    assert drift(tmp_path) == [f"handover/{name}.v1.json"]


@pytest.mark.parametrize("name", FILES)
def test_a_field_that_is_taken_away_breaks_readers(name: str, tmp_path: Path) -> None:
    write(tmp_path)
    assert broken(tmp_path) == []
    changed(tmp_path, name, {"promised": {"type": "string"}})
    assert broken(tmp_path) == [f"{name}.v1: promised is gone"]
