"""What is stored once is read for ever: a stored field that changes without a version and an upcaster is refused."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import create_model

from tests.golden.history import RELEASE_0_1, Golden
from tests.golden.stored import broken, main, read, unrecorded
from thaman_cli.world.facts import load_topics, stored_classes
from thaman_contracts.events.base import UtcDatetime
from thaman_kit.domain import TOPICS, DomainEvent

Change = Callable[[type[DomainEvent]], type[DomainEvent]]
TOPIC = "store.Paused"


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    load_topics()
    return read()


def test_every_stored_class_is_on_record_as_it_is(record: dict[str, Any]) -> None:
    assert broken(record, stored_classes()) == []
    assert unrecorded(record) == [], "run: python -m tests.golden.stored"
    assert {f"{one.topic}.v{one.class_version}" for one in stored_classes()} <= set(record)


def test_what_the_first_release_stored_is_held_too(record: dict[str, Any]) -> None:
    """Its shapes are in a file that nothing writes, so a rewritten record does not let a change pass."""
    released = Golden(RELEASE_0_1).read("schemas.json.xz")["stored"]
    assert len(released) >= 58
    assert broken(released, stored_classes()) == []
    assert all(record[name]["example"] == entry["example"] for name, entry in released.items())


def altered(fields: dict[str, Any], base: type[DomainEvent], **attributes: Any) -> type[DomainEvent]:
    """A copy of a class with other fields (``None`` leaves one out), which no registry hears of."""
    kept = {name: (info.annotation, info) for name, info in base.model_fields.items() if name not in fields}
    given = {name: value for name, value in fields.items() if value is not None}
    made: type[DomainEvent] = create_model(base.__name__, __base__=_Bare, **kept | given)
    for name, value in {"topic": base.topic, "class_version": base.class_version, **attributes}.items():
        setattr(made, name, value)
    return made


class _Bare(DomainEvent):
    """A stored event of no topic."""


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"reason": None, "why": (str, ...)}, "reason is gone"),
        ({"paused_by": None}, "paused_by is gone"),
        ({"severity": (int, ...)}, "severity is now required"),
        ({"reason": (int, ...)}, "reason changed"),
        ({"occurred_at": (UtcDatetime | None, None)}, "occurred_at changed"),
    ],
    ids=["renamed", "removed", "newly required", "another type", "optional where it was not"],
)
def test_a_changed_field_is_refused_in_words(record: dict[str, Any], fields: dict[str, Any], says: str) -> None:
    (problem,) = broken(record, with_class(altered(fields, TOPICS[TOPIC])))
    assert problem.startswith(f"{TOPIC}: ") and says in problem
    assert "raise class_version and write upcast_v1_v2(state) -> state" in problem


def test_an_optional_field_may_be_added(record: dict[str, Any]) -> None:
    grown = altered({"severity": (int | None, None)}, TOPICS[TOPIC])
    assert broken(record, with_class(grown)) == []


def test_a_topic_that_goes_is_refused(record: dict[str, Any]) -> None:
    (problem,) = broken(record, [one for one in stored_classes() if one.topic != TOPIC])
    assert problem.startswith(f"{TOPIC}: no stored class has this topic any more")


def renaming(state: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if name != "reason"} | {"why": state["reason"]}


@pytest.mark.parametrize(
    ("upcasters", "says"),
    [
        ({}, "has no way to 2"),
        ({"upcast_v1_v2": staticmethod(lambda state: state)}, "is not read"),
        ({"upcast_v1_v2": staticmethod(renaming)}, None),
    ],
    ids=["none", "one that does nothing", "one that renames"],
)
def test_a_new_version_needs_an_upcaster_that_works(
    record: dict[str, Any], upcasters: dict[str, Any], says: str | None
) -> None:
    """With it the earlier version stays on record, and is read through it."""
    newer = altered({"reason": None, "why": (str, ...)}, TOPICS[TOPIC], class_version=2, **upcasters)
    problems = broken(record, with_class(newer))
    assert [says in problem for problem in problems] == [True] if says else problems == []


def test_nobody_goes_back_a_version(record: dict[str, Any]) -> None:
    ahead = {**record, f"{TOPIC}.v2": record[f"{TOPIC}.v1"]}
    assert any("Never go back" in problem for problem in broken(ahead, stored_classes()))


def test_the_command_refuses_to_write_over_what_is_stored(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    place = tmp_path / "stored_events.json"
    place.write_text(json.dumps(read()), encoding="utf-8")
    monkeypatch.setattr("tests.golden.stored.FILE", place)
    assert main(["--check"]) == 0
    monkeypatch.setitem(TOPICS, TOPIC, altered({"paused_by": None}, TOPICS[TOPIC], __module__=TOPICS[TOPIC].__module__))
    before = place.read_bytes()
    assert main(["--check"]) == main([]) == 2
    assert "paused_by is gone" in capsys.readouterr().err
    assert place.read_bytes() == before


def with_class(changed: type[DomainEvent]) -> list[type[DomainEvent]]:
    """All stored classes, one of them changed."""
    return [changed if one.topic == changed.topic else one for one in stored_classes()]
