"""Writes what is generated from the models, and refuses a change that would break a published version.

``python -m thaman_contracts.generate FOLDER [--check]`` keeps in FOLDER:

- ``schemas/<type>.json``: the JSON Schema of each event version;
- ``handover/<file>.v<N>.json``: the JSON Schema of each hand-over file;
- ``asyncapi.json``: the AsyncAPI 3 document;
- ``golden/<type>.json``: one event of each version ever published. Written once and never again: reading them is
  the promise to everybody who stored one.

Exit codes: 0 fine or written; 1 ``--check`` found drift; 2 a change breaks a published version.
"""

import json
import sys
from pathlib import Path
from typing import Any

from thaman_contracts.asyncapi import document
from thaman_contracts.compatibility import breaking_changes
from thaman_contracts.events import REGISTRY
from thaman_contracts.examples import example_of
from thaman_contracts.handover import FILES


def generated() -> dict[str, Any]:
    """Every generated file but the golden ones: path to JSON value."""
    return schemas() | {"asyncapi.json": document()}


def schemas() -> dict[str, Any]:
    """The JSON Schema of each event version and of each hand-over file: path to JSON value."""
    events = {f"schemas/{name}.json": model.model_json_schema() for name, model in sorted(REGISTRY.items())}
    return events | {f"handover/{name}.v1.json": model.model_json_schema() for name, model in FILES.items()}


def golden() -> dict[str, Any]:
    """What a golden file holds when its version is published: path to JSON value."""
    return {f"golden/{name}.json": example_of(model).model_dump(mode="json") for name, model in REGISTRY.items()}


def drift(folder: Path) -> list[str]:
    """Generated files in ``folder`` that are missing or differ from the models."""
    stale = [path for path, value in generated().items() if _read(folder / path) != value]
    return stale + [path for path in golden() if not (folder / path).exists()]


def broken(folder: Path) -> list[str]:
    """Changes of the models that break a version whose schema is in ``folder``."""
    problems = []
    for path, schema in schemas().items():
        published = _read(folder / path)
        if published is not None:
            problems += [f"{Path(path).stem}: {change}" for change in breaking_changes(published, schema)]
    return problems


def write(folder: Path) -> None:
    """Write everything; golden files that exist are left alone."""
    for path, value in generated().items():
        _write(folder / path, value)
    for path, value in golden().items():
        if not (folder / path).exists():
            _write(folder / path, value)


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """The command; see the module docstring."""
    folder = Path(next((word for word in arguments if not word.startswith("-")), "contracts"))
    problems = broken(folder)
    if problems:
        sys.stderr.write("These changes break a published version; give it a new version instead:\n")
        sys.stderr.writelines(f"  {problem}\n" for problem in problems)
        return 2
    if "--check" not in arguments:
        write(folder)
        return 0
    stale = drift(folder)
    if stale:
        sys.stderr.write(f"Out of date: {', '.join(stale)}. Run: python -m thaman_contracts.generate {folder}\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
