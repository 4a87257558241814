"""Bodies of events read for some of their fields, for who reads a hundred thousand of them and believes the chain that
has them.

A stored class checks each field and makes objects of it, which takes ten times as long. What is made of plain bodies
has to be what is made of the classes; tests hold the two together.
"""

from datetime import datetime
from typing import Annotated, Any, Generic, NamedTuple, TypeVar, cast

import msgspec
from pydantic_core import to_jsonable_python

from thaman_contracts.events import model_of

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""An instant of a body; one without its offset is none."""

Body = tuple[str, bytes]
"""A type, as in its envelope, and a body."""


class Fields(msgspec.Struct, kw_only=True, gc=False):
    """Fields of a body that are wanted, by their names and Python types; subclasses have them. They hold no cycles."""


F = TypeVar("F", bound=Fields)


class Plain(NamedTuple):
    """A published event of which only some fields are known."""

    event_id: str
    said: Fields


class Reader(Generic[F]):
    """Reads the bodies of one type for the fields of ``wanted``.

    Raises:
        UnknownEventType: no event is of that type.
        ValueError: it has no such fields.
    """

    def __init__(self, event_type: str, wanted: type[F]) -> None:
        fields = model_of(event_type).model_fields
        known = {one.name: one.type for one in msgspec.structs.fields(wanted)}
        if foreign := known.keys() - fields.keys():
            raise ValueError(f"{event_type} has no {', '.join(sorted(foreign))}")
        types = dict.fromkeys(fields, msgspec.Raw) | known
        # None has a default here: a body without one of them is not whole.
        exact = msgspec.defstruct(
            wanted.__name__, list(types.items()), bases=(wanted,), forbid_unknown_fields=True, kw_only=True, gc=False
        )
        self._wanted = msgspec.json.Decoder(wanted)
        self._exact: msgspec.json.Decoder[F] = msgspec.json.Decoder(cast("type[F]", exact))
        self._fields = frozenset(fields)
        self._defaults = {
            name: to_jsonable_python(field.get_default(call_default_factory=True))
            for name, field in fields.items()
            if not field.is_required()
        }

    def read(self, body: bytes) -> F:
        """The wanted fields alone.

        Raises:
            msgspec.DecodeError: the body is no JSON object, or a wanted field is not in it or of another type.
        """
        return self._wanted.decode(body)

    def whole(self, body: bytes) -> tuple[F, bytes]:
        """The wanted fields, and the body with exactly the fields that this release publishes: what an older one did
        not say is the default, what a newer one adds is left out.

        Raises:
            msgspec.DecodeError: as :meth:`read`.
            KeyError: the body lacks a field without a default.
        """
        try:
            return self._exact.decode(body), body
        except msgspec.ValidationError:
            completed = self._completed(body)
            return self._exact.decode(completed), completed

    def _completed(self, body: bytes) -> bytes:
        said = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        whole: dict[str, Any] = {
            name: said[name] if name in said else self._defaults[name] for name in sorted(self._fields)
        }
        return msgspec.json.encode(whole)
