"""Holds the shape of every stored event: what is stored once has to be read for ever.

    python -m tests.golden.stored [--check]

keeps ``stored_events.json``: for each topic and class version its JSON Schema, and one event as it would be stored.
Within a class version only optional fields may be added, as in what is published. Anything else raises
``class_version`` and brings an upcaster; the earlier version stays on record and has to be read through it.

Exit codes: 0 fine or written; 1 ``--check`` found what is not on record yet; 2 a change breaks what is stored.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from thaman_cli.world.facts import stored_classes
from thaman_contracts.compatibility import breaking_changes
from thaman_contracts.examples import fields_of
from thaman_kit.domain import DomainEvent, upcast

FILE = Path(__file__).parent / "stored_events.json"
Record = Mapping[str, Any]
"""By ``<topic>.v<class version>``: ``schema`` and ``example``, the state of one event without its row's columns."""

_PLACE = {"originator_id": "6a3ce9b0-3c5c-5b5e-8a57-0d3c8f5a1e11", "originator_version": 1}
_COLUMNS = {"originator_id", "originator_version"}
_SO = (
    "raise class_version and write {upcaster}(state) -> state, or leave the field as it was (docs/guides/histories.md)"
)


def schemas() -> dict[str, Any]:
    """What is to be on record of the stored classes of this release."""
    return {_name(one): _entry(one) for one in sorted(stored_classes(), key=lambda one: one.topic)}


def broken(record: Record, classes: Iterable[type[DomainEvent]]) -> list[str]:
    """What of ``record`` the classes can no longer read, each in a sentence that says what to do."""
    known = {one.topic: one for one in classes}
    return [problem for name, entry in record.items() for problem in _problems(name, entry, known)]


def unrecorded(record: Record) -> list[str]:
    """The versions of stored classes whose present shape is not the recorded one, in words."""
    return [name for name, entry in schemas().items() if record.get(name, {}).get("schema") != entry["schema"]]


def _problems(name: str, entry: Mapping[str, Any], known: Mapping[str, type[DomainEvent]]) -> list[str]:
    topic, _, number = name.rpartition(".v")
    event_class, version = known.get(topic), int(number)
    if event_class is None:
        return [
            f"{topic}: no stored class has this topic any more, but events of it are stored. Give it back to its class."
        ]
    if event_class.class_version < version:
        return [f"{topic}: version {version} is stored, and the class says {event_class.class_version}. Never go back."]
    if event_class.class_version == version:
        upcaster = f"upcast_v{version}_v{version + 1}"
        changes = breaking_changes(entry["schema"], _schema(event_class))
        if changes:
            return [f"{topic}: {'; '.join(changes)}. Stored events cannot change: {_SO.format(upcaster=upcaster)}."]
    return _unread(event_class, version, entry["example"])


def _unread(event_class: type[DomainEvent], version: int, example: Mapping[str, Any]) -> list[str]:
    """That an event of a version is read, through the upcasters there are."""
    topic, newest = event_class.topic, event_class.class_version
    try:
        state = upcast(event_class, json.loads(json.dumps(example)), version)
        event_class.model_validate(state | _PLACE)
    except AttributeError as error:
        return [f"{topic}: an event of version {version} has no way to {newest}: {error}."]
    except (ValidationError, LookupError, TypeError, ValueError) as error:
        said = " ".join(str(error).split())[:300]
        return [f"{topic}: an event of version {version} is not read: {said}. Mend the upcaster."]
    return []


def _entry(event_class: type[DomainEvent]) -> dict[str, Any]:
    made = event_class.model_validate(fields_of(event_class) | {"originator_version": 1})
    return {"schema": _schema(event_class), "example": json.loads(made.model_dump_json(exclude=_COLUMNS))}


@cache
def _schema(event_class: type[DomainEvent]) -> dict[str, Any]:
    return event_class.model_json_schema()


def _name(event_class: type[DomainEvent]) -> str:
    return f"{event_class.topic}.v{event_class.class_version}"


def read() -> dict[str, Any]:
    """The record."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    return found


def main(arguments: list[str]) -> int:
    """The command; see the module docstring."""
    record = read()
    if problems := broken(record, stored_classes()):
        sys.stderr.writelines(f"{problem}\n" for problem in problems)
        return 2
    if "--check" in arguments:
        if new := unrecorded(record):
            sys.stderr.write(f"Not on record: {', '.join(new)}. Run: python -m tests.golden.stored\n")
        return 1 if new else 0
    now = schemas()
    # An example is written once: it is what somebody may have stored.
    kept = {
        name: {"schema": entry["schema"], "example": record.get(name, entry)["example"]} for name, entry in now.items()
    }
    text = json.dumps(record | kept, indent=1, sort_keys=True, ensure_ascii=False)
    FILE.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
