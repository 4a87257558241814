"""Plain bodies say what the classes would say of them, and nothing else."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thaman_contracts.events import REGISTRY, UnknownEventType
from thaman_contracts.events.onboarding import CatalogObserved, PriceApplied
from thaman_contracts.examples import example_of
from thaman_kit.plain import Fields, Reader
from thaman_kit.plain_prices import read_applied
from thaman_kit.plain_sights import read_sight

TYPES = sorted(REGISTRY)
DECIDED = "thaman.optimizer.PriceDecided.v1"


class Wanted(Fields):
    store_id: str
    occurred_at: str
    variant_id: str | None = None


def wanted_of(event_type: str) -> type[Fields]:
    """Some fields of an event, an optional one among them where it has that one."""
    names = [name for name in ("store_id", "variant_id") if name in REGISTRY[event_type].model_fields]
    fields: list[Any] = [(name, str) if name == "store_id" else (name, str | None, None) for name in names]
    return msgspec.defstruct("Wanted", fields, bases=(Fields,), kw_only=True)


@given(data=st.data(), event_type=st.sampled_from(TYPES))
def test_what_is_left_out_or_added_is_what_the_class_makes_of_it(data: st.DataObject, event_type: str) -> None:
    model = REGISTRY[event_type]
    example = example_of(model).model_dump(mode="json")
    optional = sorted(name for name, field in model.model_fields.items() if not field.is_required())
    missing = data.draw(st.sets(st.sampled_from(optional)) if optional else st.just(set()))
    said = {name: value for name, value in example.items() if name not in missing}
    said |= data.draw(st.dictionaries(st.sampled_from(("later", "ثمن")), st.integers(0, 9)))
    body = json.dumps(said, ensure_ascii=False).encode()
    reader = Reader(event_type, wanted_of(event_type))
    found, kept = reader.whole(body)
    whole = model.model_validate_json(body).model_dump(mode="json")
    assert json.loads(kept) == whole
    assert (kept == body) == (said.keys() == whole.keys())
    for fields in (found, reader.read(body)):
        for name in wanted_of(event_type).__struct_fields__:
            assert getattr(fields, name) == whole[name]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "truncated"),
        (b"[]", "object"),
        (b'{"store_id":"1"}', "occurred_at"),
        (b'{"store_id":1,"occurred_at":"x"}', "store_id"),
    ],
)
def test_what_is_no_event_is_refused(body: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Reader(DECIDED, Wanted).read(body)
    with pytest.raises((ValueError, KeyError)):
        Reader(DECIDED, Wanted).whole(body)


def test_an_instant_has_its_offset() -> None:
    body = example_of(PriceApplied).model_dump_json().encode()
    assert read_applied(body).occurred_at == example_of(PriceApplied).occurred_at
    with pytest.raises(ValueError, match="timezone"):
        read_applied(body.replace(b'Z"', b'"'))


def test_a_field_without_a_default_is_missed() -> None:
    with pytest.raises(KeyError, match="base_price"):
        Reader(DECIDED, Wanted).whole(b'{"store_id":"1","occurred_at":"x"}')


def test_an_event_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UnknownEventType):
        Reader("thaman.optimizer.PriceDecided.v9", Wanted)
    with pytest.raises(ValueError, match="has no variant_id"):
        Reader("thaman.optimizer.MarketScouted.v1", Wanted)


def test_a_sight_says_what_its_class_says() -> None:
    event = example_of(CatalogObserved)
    other = event.items[0].model_copy(update={"variant_id": "71", "stock": None, "brand": "عود"})
    event = event.model_copy(update={"items": (*event.items, other)})
    sight = read_sight(event.model_dump_json().encode())
    assert sight.event(event.store_id) == event.model_copy(update={"items": (), "sweep_id": None})
    assert [one.whole() for one in sight.seen] == list(event.items)
    assert [one.key for one in sight.seen] == [item.key for item in event.items]
    for one, item in zip(sight.seen, event.items, strict=True):
        assert one.status is item.status
        assert (one.base_price, one.shelf_price, one.stock) == (item.base_price, item.shelf_price, item.stock)
    with pytest.raises(ValueError, match="base_price"):
        read_sight(event.model_dump_json(exclude={"items": {0: {"base_price"}}}).encode())
