"""Published events: every version ever published reads for ever, and only additions are allowed."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from thaman_contracts.compatibility import breaking_changes
from thaman_contracts.events import REGISTRY, UnknownEventType, model_of
from thaman_contracts.events.policies import PricePolicy
from thaman_contracts.events.settings import StoreSettings, SystemSettings
from thaman_contracts.examples import example_of
from thaman_contracts.generate import broken, drift
from thaman_contracts.subjects import PARTITIONS, ROOMS, SERVICES, partition_of

FOLDER = Path(__file__).parents[1]
GOLDEN = sorted((FOLDER / "golden").glob("*.json"))
SECRETS = ("token", "secret", "password", "email", "phone", "mobile", "customer")


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_every_published_version_still_reads(path: Path) -> None:
    published = json.loads(path.read_text(encoding="utf-8"))
    read = model_of(path.stem).model_validate(published).model_dump(mode="json")
    assert _within(published, read), f"{path.stem} reads back differently"


def test_every_event_has_a_golden_file() -> None:
    assert {path.stem for path in GOLDEN} >= set(REGISTRY)


def test_generated_files_are_up_to_date() -> None:
    assert drift(FOLDER) == []
    assert broken(FOLDER) == []


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_readers_ignore_what_they_do_not_know(name: str) -> None:
    model = model_of(name)
    data = example_of(model).model_dump(mode="json")
    assert model.model_validate(data | {"added_later": [1, 2]}) == example_of(model)


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_no_secret_or_person_has_a_place_in_an_event(name: str) -> None:
    names = _names(model_of(name).model_json_schema())
    suspicious = {field for field in names if any(word in field.lower() for word in SECRETS)}
    allowed = {"token_refresh_hour", "token_refresh_before_hours", "input_tokens", "output_tokens"}
    assert suspicious <= allowed


def test_a_float_is_never_money() -> None:
    model = model_of("thaman.onboarding.PriceApplied.v1")
    data = example_of(model).model_dump(mode="json") | {"base_price": 129.0}
    with pytest.raises(ValidationError, match="base_price"):
        model.model_validate_json(json.dumps(data))


@pytest.mark.parametrize(
    "wrong",
    [
        {"strategy": "cost_plus"},
        {"strategies": [{"kind": "fixed"}]},
        {"strategies": [{"kind": "match", "starts_at": "2026-02-01T00:00Z", "ends_at": "2026-01-01T00:00Z"}]},
        {"date_rests": [{"name": "x", "starts_at": "2026-02-01T00:00Z", "ends_at": "2026-02-01T00:00Z"}]},
        {"sleep": {"from_time": "23:00", "until_time": "23:00"}},
        {"sleep": {"from_time": "24:00", "until_time": "07:00"}},
        {"season_rests": [{"season": "spring"}]},
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(wrong: dict[str, Any]) -> None:
    assert PricePolicy.model_validate({"title": "t"}).strategies == ()
    with pytest.raises(ValidationError):
        PricePolicy.model_validate({"title": "t"} | wrong)


def test_a_whole_store_has_no_strategy_that_needs_details() -> None:
    with pytest.raises(ValidationError, match="put it into a policy"):
        StoreSettings.model_validate({"strategy": "fixed"})


def test_times_without_a_zone_are_refused() -> None:
    model = model_of("thaman.scheduler.ObservationDue.v1")
    with pytest.raises(ValidationError, match="slot"):
        model.model_validate({"store_id": "1", "occurred_at": "2026-11-24T09:30:00Z", "slot": "2026-11-24T09:30:00"})


def test_unknown_types_are_named() -> None:
    with pytest.raises(UnknownEventType, match=r"PriceGuessed\.v1"):
        model_of("thaman.optimizer.PriceGuessed.v1")


def test_defaults_of_settings_are_settings() -> None:
    assert StoreSettings() == StoreSettings.model_validate_json(StoreSettings().model_dump_json())
    assert SystemSettings() == SystemSettings.model_validate_json(SystemSettings().model_dump_json())
    with pytest.raises(ValidationError, match="sweep_hours"):
        SystemSettings(sweep_hours=0)


def test_partitions_are_all_used() -> None:
    assert {partition_of(str(store)) for store in range(1_000_000, 1_000_400)} == set(range(PARTITIONS))
    assert len(set(SERVICES)) == 4
    assert set(ROOMS) - set(SERVICES) == {"dashboard"}


OLD: dict[str, Any] = {
    "properties": {"a": {"type": "integer", "title": "A"}, "b": {"$ref": "#/$defs/B"}},
    "required": ["a"],
    "$defs": {"B": {"enum": ["x", "y"]}},
}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda s: s["properties"].pop("a"), "a is gone"),
        (lambda s: s["properties"].update(a={"type": "string"}), "a changed"),
        (lambda s: s["required"].append("c"), "c is now required"),
        (lambda s: s["$defs"].update(B={"enum": ["x"]}), "values changed"),
        (lambda s: s["$defs"].clear(), "B is gone"),
    ],
)
def test_breaking_changes_are_found(change: Any, says: str) -> None:
    new = json.loads(json.dumps(OLD))
    change(new)
    assert any(says in problem for problem in breaking_changes(OLD, new))


def test_an_optional_field_breaks_nothing() -> None:
    new = json.loads(json.dumps(OLD))
    new["properties"]["c"] = {"type": "integer"}
    new["properties"]["a"]["title"] = "Another text"
    assert breaking_changes(OLD, new) == []


def test_an_open_enumeration_may_grow_but_neither_shrink_nor_close() -> None:
    published = json.loads(json.dumps(OLD))
    published["$defs"]["B"]["x-open-values"] = True
    grown = {**published, "$defs": {"B": {"enum": ["x", "y", "z"], "x-open-values": True}}}
    assert breaking_changes(published, grown) == []
    for values, is_open in ((["x", "z"], True), (["x", "y", "z"], False)):
        changed = {**published, "$defs": {"B": {"enum": values} | ({"x-open-values": True} if is_open else {})}}
        assert any("values changed" in problem for problem in breaking_changes(published, changed))


def _within(published: Any, read: Any) -> bool:
    if isinstance(published, dict):
        return all(key in read and _within(value, read[key]) for key, value in published.items())
    if isinstance(published, list):
        return len(published) == len(read) and all(map(_within, published, read))
    return bool(published == read)


def _names(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        own = set(schema.get("properties", {}))
        return own.union(*(_names(value) for value in schema.values()))
    if isinstance(schema, list):
        return set().union(*(_names(value) for value in schema))
    return set()
