"""Opaque cursors of pages: what a reader was given, a reader may give back."""

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any

from thaman_kit.errors import BadCursor


def seal(kind: str, *values: object) -> str:
    """A cursor of a list of this ``kind`` that remembers ``values``, as text."""
    told = json.dumps([kind, *map(str, values)], separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def unseal(kind: str, cursor: str, *readers: Callable[[str], Any]) -> list[Any]:
    """The values of a cursor, each by its reader.

    Raises:
        BadCursor: it was not made by :func:`seal` for this kind of list.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        made, *values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if made == kind and all(isinstance(value, str) and _is_text(value) for value in values):
            return [read(value) for read, value in zip(readers, values, strict=True)]
    except (binascii.Error, ValueError, TypeError) as error:
        raise BadCursor(cursor) from error
    raise BadCursor(cursor)


def _is_text(value: str) -> bool:
    """Whether PostgreSQL can be asked for it.

    Raises:
        UnicodeEncodeError: it has half a character.
    """
    return b"\0" not in value.encode()
