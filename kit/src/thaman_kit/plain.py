"""Bodies of events as plain JSON, for who reads a hundred thousand of them and believes the chain that has them.

A stored class checks each field and makes objects of it, which takes ten times as long as the JSON. What is made of
plain bodies has to be what is made of the classes; tests hold the two together.
"""

from datetime import datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple, cast
from uuid import UUID

import orjson
from pydantic_core import to_jsonable_python

from thaman_contracts.events import model_of

Body = tuple[str, bytes]
"""A type, as in its envelope, and a body."""

Said = dict[str, Any]
"""The fields of a body, as JSON has them."""


instant = lru_cache(maxsize=10_000)(datetime.fromisoformat)
"""An instant of a body; many events are of one."""
uuid_again = lru_cache(maxsize=10_000)(UUID)
"""A UUID that many bodies have, as that of their run."""


class Plain(NamedTuple):
    """A published event that is not read further."""

    event_id: str
    type: str
    said: Said


class _Shape(NamedTuple):
    fields: frozenset[str]
    defaults: Said
    whole: set[tuple[str, ...]]
    """Orders in which all fields were seen."""


def read(event_type: str, body: bytes) -> tuple[Said, bytes]:
    """The fields of a body, and the body with exactly the fields that this release publishes: what an older one did not
    say is the default, what a newer one adds is left out.

    Raises:
        KeyError: the body lacks a field without a default.
        ValueError: it is no JSON.
        TypeError: it is no object.
        UnknownEventType: no event is of that type.
    """
    said = orjson.loads(body)
    if not isinstance(said, dict):
        raise TypeError(f"the body of a {event_type} is no object")
    shape = _shape(event_type)
    if (names := tuple(said)) in shape.whole:  # found again faster than compared
        return said, body
    if said.keys() == shape.fields:
        shape.whole.add(names)
        return said, body
    said = {name: said[name] if name in said else shape.defaults[name] for name in sorted(shape.fields)}
    return said, orjson.dumps(said)


def read_around(body: bytes, array: str, first: str, once: str) -> Said:
    """The fields of a body, of which the elements of one array, objects, are left as the bytes that they are: for who
    needs the last of many only.

    Each element has a field ``once``, and begins with a field ``first`` where the body is canonical; where it is not,
    the elements are read.

    Raises:
        ValueError: it is no JSON.
    """
    head, begun, rest = body.partition(b'"%b":[{"%b":' % (array.encode(), first.encode()))
    inside, ended, tail = rest.partition(b"}]")
    elements = inside.split(b'},{"%b":' % first.encode())
    # In a string each quotation mark has a backslash before it, so that nothing in one looks like a field; and what
    # looks like the end of the array is it where there is no other.
    is_canonical = begun and ended and b"}]" not in tail and body.count(b'"%b":' % once.encode()) == len(elements)
    if not is_canonical:
        return cast("Said", orjson.loads(body))
    said: Said = orjson.loads(head + b'"%b":[]' % array.encode() + tail)
    return said | {array: [b'{"%b":%b}' % (first.encode(), one) for one in elements]}


@cache
def _shape(event_type: str) -> _Shape:
    fields: dict[str, Any] = dict(model_of(event_type).model_fields)
    optional = {name: field for name, field in fields.items() if not field.is_required()}
    defaults = {
        name: to_jsonable_python(field.get_default(call_default_factory=True)) for name, field in optional.items()
    }
    return _Shape(frozenset(fields), defaults, set())
