"""Plain bodies say what the classes would say of them, and nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thaman_contracts.events import REGISTRY, UnknownEventType
from thaman_contracts.examples import example_of
from thaman_kit.plain import read, read_around

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


TRICKY = st.sampled_from(('"}],', '},{"a":', '"once":', "{", "\\", '\\"', "ثمن"))
WORDS = st.lists(st.text() | TRICKY, max_size=3).map("".join)
VALUES = st.none() | st.integers() | WORDS | st.lists(WORDS, max_size=2) | st.dictionaries(WORDS, WORDS, max_size=2)
FIELDS = st.dictionaries(st.sampled_from(("a", "b", "z")), VALUES)
ELEMENT = st.tuples(FIELDS, VALUES, FIELDS).map(lambda parts: parts[0] | {"once": parts[1]} | parts[2])
BODY = st.fixed_dictionaries(
    {"elements": st.lists(ELEMENT, max_size=4)}, optional={"a": VALUES, "later": VALUES, "others": st.lists(ELEMENT)}
)


def whole(said: dict[str, Any]) -> dict[str, Any]:
    """With what was left as it is read after all."""
    elements = [json.loads(one) if isinstance(one, bytes) else one for one in said["elements"]]
    return said | {"elements": elements}


@given(body=BODY, is_sorted=st.booleans(), is_plain=st.booleans())
def test_elements_that_are_left_as_they_are_are_those_of_the_body(
    body: dict[str, Any], is_sorted: bool, is_plain: bool
) -> None:
    separators = (",", ":") if is_plain else None
    text = json.dumps(body, ensure_ascii=not is_plain, sort_keys=is_sorted, separators=separators)
    assert whole(read_around(text.encode(errors="surrogatepass"), "elements", "a", "once")) == body


def test_elements_of_a_canonical_body_are_left_as_they_are() -> None:
    body = b'{"at":1,"elements":[{"a":1,"once":"x"},{"a":2,"once":"},{\\"a\\":"}],"run":"r"}'
    found = read_around(body, "elements", "a", "once")
    assert found == {"at": 1, "elements": [b'{"a":1,"once":"x"}', b'{"a":2,"once":"},{\\"a\\":"}'], "run": "r"}
