"""Plain bodies say what the classes would say of them, and nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thaman_contracts.events import REGISTRY, UnknownEventType
from thaman_contracts.examples import example_of
from thaman_kit.plain import read

TYPES = sorted(REGISTRY)


@given(data=st.data(), event_type=st.sampled_from(TYPES))
def test_what_is_left_out_or_added_is_what_the_class_makes_of_it(data: st.DataObject, event_type: str) -> None:
    model = REGISTRY[event_type]
    whole = example_of(model).model_dump(mode="json")
    optional = sorted(name for name, field in model.model_fields.items() if not field.is_required())
    missing = data.draw(st.sets(st.sampled_from(optional)) if optional else st.just(set()))
    said = {name: value for name, value in whole.items() if name not in missing}
    said |= data.draw(st.dictionaries(st.sampled_from(("later", "ثمن")), st.integers(0, 9)))
    body = json.dumps(said, ensure_ascii=False).encode()
    found, kept = read(event_type, body)
    assert json.loads(kept) == found == model.model_validate_json(body).model_dump(mode="json")
    assert (kept == body) == (said.keys() == found.keys())


def test_what_is_no_event_is_refused() -> None:
    event_type = "thaman.optimizer.PriceDecided.v1"
    with pytest.raises(KeyError):
        read(event_type, b"{}")
    with pytest.raises(ValueError, match=r"JSON|end of|unexpected"):
        read(event_type, b"{")
    with pytest.raises(TypeError, match="no object"):
        read(event_type, b"[]")
    with pytest.raises(UnknownEventType):
        read("thaman.optimizer.PriceDecided.v9", b"{}")
