"""Rows as ``COPY ... FROM STDIN (FORMAT binary)`` takes them, for who fills tables with hundreds of thousands of them.

A row costs the server a third of what one out of arrays does, and nothing is written as text to be read again. Each
part is a value with its length before it; what is not of the part's type is refused here, what does not fit its column
by the server.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import index
from struct import Struct, error
from typing import Any, LiteralString

from psycopg import Cursor, sql

NULL = b"\xff\xff\xff\xff"

_BEGIN = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""From here PostgreSQL counts microseconds."""
_MICROSECOND = timedelta(microseconds=1)
_SIXTEEN = b"\0\0\0\x10"
_length = Struct(">i").pack
_long = Struct(">iq").pack
_count = Struct(">h").pack

row: Callable[[Sequence[bytes]], bytes] = b"".join
"""A row out of its count of columns and their parts, or a piece of one out of parts."""


def columns(count: int) -> bytes:
    """What a row of so many columns begins with."""
    return _count(count)


def raw(value: bytes) -> bytes:
    """A text that is bytes already."""
    return _length(len(value)) + value


def text(value: str | None) -> bytes:
    """A text.

    Raises:
        TypeError: it is none.
    """
    return NULL if value is None else raw(str.encode(value))


@lru_cache(maxsize=50_000)
def name(value: str | None) -> bytes:
    """A text that comes again and again."""
    return text(value)


def uuid(value: str | None) -> bytes:
    """A UUID as it stands in JSON, with hyphens.

    Raises:
        ValueError, TypeError: it is none.
    """
    if value is None:
        return NULL
    found = bytes.fromhex(str.replace(value, "-", ""))
    if len(found) != 16:
        raise ValueError(f"{value} is no UUID")
    return _SIXTEEN + found


@lru_cache(maxsize=50_000)
def uuid_again(value: str | None) -> bytes:
    """A UUID that comes again and again."""
    return uuid(value)


def number(value: int | None) -> bytes:
    """A ``bigint``.

    Raises:
        ValueError, TypeError: it is none.
    """
    try:
        return NULL if value is None else _long(8, index(value))
    except error:
        raise ValueError(f"{value} is too large for a bigint") from None


@lru_cache(maxsize=50_000)
def instant(value: str | None) -> bytes:
    """A ``timestamptz`` as it stands in JSON.

    Raises:
        ValueError, TypeError: it is none, or it does not say in which zone.
    """
    return NULL if value is None else _long(8, (datetime.fromisoformat(value) - _EPOCH) // _MICROSECOND)


def put_rows(cursor: Cursor[Any], table: LiteralString, names: Sequence[LiteralString], rows: Sequence[bytes]) -> None:
    """Add rows to a table; none are nothing to do. Each has as many parts as there are names, of the columns' types."""
    if rows:
        listed = sql.SQL(", ").join(map(sql.Identifier, names))
        query = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(sql.Identifier(table), listed)
        with cursor.copy(query) as copy:
            copy.write(b"".join((_BEGIN, *rows, _END)))
