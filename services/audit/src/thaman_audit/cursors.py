"""Opaque cursors of pages: what a reader was given, a reader may give back."""

import base64
import binascii
import json

from thaman_audit.errors import BadCursor


def seal(*values: str | int) -> str:
    """A cursor that remembers ``values``."""
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def unseal(cursor: str, *types: type) -> list[str | int]:
    """The values of a cursor.

    Raises:
        BadCursor: it was not made by :func:`seal` with values of these types.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise BadCursor(cursor) from error
    if not isinstance(values, list) or [type(value) for value in values] != list(types):
        raise BadCursor(cursor)
    return values
