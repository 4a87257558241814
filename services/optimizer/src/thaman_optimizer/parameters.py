"""Parameters that the API's endpoints share: who calls, and the place in a list."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Query

from thaman_kit.auth import Principal, require_store
from thaman_kit.problems import Problem, unprocessable

Caller = Annotated[Principal, Depends(require_store)]
Limit = Annotated[int, Query(ge=1, le=100, description="Things on the page.")]
Cursor = Annotated[str | None, Query(max_length=600, description="The next of the page before.")]
Item = Annotated[str | None, Query(max_length=41, description="Of this item alone.")]
Key = Annotated[str | None, Header(min_length=1, max_length=255, description="Send the same again to ask only once.")]

_DIGITS = 9
"""Longer numbers are none of a list's."""


def following(rows: Sequence[dict[str, Any]], limit: int, id_name: str) -> str | None:
    """The cursor after the first ``limit`` of ``rows``, which are sorted by time and id; ``None`` at the list's end."""
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    return cursor_of(last["sorted_at"].isoformat(), str(last[id_name]))


def cursor_of(first: str, second: str) -> str:
    """A cursor of two texts."""
    return base64.urlsafe_b64encode(f"{first}\n{second}".encode()).decode()


def parts_of(cursor: str | None) -> tuple[str, str] | None:
    """The two texts of a cursor; ``None`` without one.

    Raises:
        Problem: 422, it is not one of ours.
    """
    if cursor is None:
        return None
    try:
        first, _, second = base64.urlsafe_b64decode(cursor.encode()).decode().partition("\n")
    except (binascii.Error, UnicodeError) as error:
        raise _bad_cursor() from error
    if not second or "\x00" in first + second:
        raise _bad_cursor()
    return first, second


def place_of(cursor: str | None) -> tuple[datetime, UUID] | None:
    """The time and id of a cursor; ``None`` without one.

    Raises:
        Problem: 422, it is not one of ours.
    """
    parts = parts_of(cursor)
    if parts is None:
        return None
    try:
        return datetime.fromisoformat(parts[0]), UUID(parts[1])
    except ValueError as error:
        raise _bad_cursor() from error


def named_part(cursor: str | None, name: str) -> str | None:
    """The second text of a cursor whose first is ``name``; ``None`` without one.

    Raises:
        Problem: 422, it is not one of ours.
    """
    parts = parts_of(cursor)
    if parts is None:
        return None
    if parts[0] != name:
        raise _bad_cursor()
    return parts[1]


def number_part(cursor: str | None, name: str) -> int | None:
    """Like :func:`named_part`, where it is a number."""
    part = named_part(cursor, name)
    if part is None:
        return None
    if not (part.isascii() and part.isdigit() and len(part) <= _DIGITS):
        raise _bad_cursor()
    return int(part)


def _bad_cursor() -> Problem:
    return unprocessable("bad_cursor", "The cursor is not one of ours.", "Use the next of the page before, unchanged.")
