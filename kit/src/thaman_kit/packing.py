"""Columns as PostgreSQL reads them: arrays packed in one go, where the driver packs element by element in Python.

A statement that takes many rows takes a column a parameter, ``unnest(%(ids)b::uuid[], %(names)b::text[])``. For some
thousand rows a second, of ten or twenty columns, packing these is most of what the client does.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from struct import Struct
from typing import Any
from uuid import UUID

import psycopg
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

_COLUMN = re.compile(r"%\((\w+)\)b::(\w+)\[\]")
_HEAD = Struct(">iiIii")
_EMPTY = Struct(">iiI")
_LENGTH = Struct(">i").pack
_NULL = _LENGTH(-1)
_TRUE, _FALSE = _LENGTH(1) + b"\x01", _LENGTH(1) + b"\x00"
_SIXTEEN = _LENGTH(16)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""From here PostgreSQL counts microseconds."""
_MICROSECOND = timedelta(microseconds=1)
_FIRST_DAY = _EPOCH.date().toordinal()


class Packed(bytes):
    """An array in PostgreSQL's binary form."""


class _PackedDumper(Dumper):
    """Hands it over as it is; the statement says which type it is of."""

    format = Format.BINARY

    def dump(self, obj: Packed) -> Buffer:
        return bytes(obj)


psycopg.adapters.register_dumper(Packed, _PackedDumper)


def packed(statement: str, columns: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of ``statement``; of ``columns`` those that it takes as a binary array of a type known here are
    packed, others go as they are. Values are of the type's own Python type, or ``None``."""
    types = _types(statement)
    return {
        name: _PACKERS[types[name]](values) if name in types and isinstance(values, list) else values
        for name, values in ((name, columns[name]) for name in columns)
    }


def columns(statement: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Packed]:
    """Rows as the columns that ``statement`` takes as binary arrays; there must be some of either."""
    return {name: _PACKERS[kind]([row[name] for row in rows]) for name, kind in _types(statement).items()}


def takes_columns(statement: str) -> bool:
    """Whether a statement takes rows as columns."""
    return bool(_types(statement))


@cache
def _types(statement: str) -> dict[str, str]:
    return {name: kind for name, kind in _COLUMN.findall(statement) if kind in _PACKERS}


def texts(values: Sequence[str | None]) -> Packed:
    """A ``text[]``."""
    return _array(25, values, _sized([None if value is None else value.encode() for value in values]))


def byteas(values: Sequence[bytes | None]) -> Packed:
    """A ``bytea[]``."""
    return _array(17, values, _sized(values))


def bigints(values: Sequence[int | None]) -> Packed:
    """A ``bigint[]``."""
    return _array(20, values, _numbers(values, 8))


def ints(values: Sequence[int | None]) -> Packed:
    """An ``int[]``."""
    return _array(23, values, _numbers(values, 4))


def instants(values: Sequence[datetime | None]) -> Packed:
    """A ``timestamptz[]``."""
    micros = [None if value is None else (value - _EPOCH) // _MICROSECOND for value in values]
    return _array(1184, values, _numbers(micros, 8))


def dates(values: Sequence[date | None]) -> Packed:
    """A ``date[]``."""
    days = [None if value is None else value.toordinal() - _FIRST_DAY for value in values]
    return _array(1082, values, _numbers(days, 4))


def uuids(values: Sequence[UUID | str | None]) -> Packed:
    """A ``uuid[]``; texts are taken as they stand in JSON, with hyphens."""
    return _array(2950, values, [_NULL if value is None else _SIXTEEN + _sixteen(value) for value in values])


def _sixteen(value: UUID | str) -> bytes:
    if isinstance(value, UUID):
        return value.bytes
    found = bytes.fromhex(value.replace("-", ""))
    if len(found) != 16:
        raise ValueError(f"{value} is no UUID")
    return found


def booleans(values: Sequence[bool | None]) -> Packed:
    """A ``boolean[]``."""
    return _array(16, values, [_NULL if value is None else _TRUE if value else _FALSE for value in values])


def _array(element: int, values: Sequence[object], parts: Iterable[bytes]) -> Packed:
    if not values:
        return Packed(_EMPTY.pack(0, 0, element))
    return Packed(_HEAD.pack(1, None in values, element, len(values), 1) + b"".join(parts))


def _sized(values: Sequence[bytes | None]) -> list[bytes]:
    return [_NULL if value is None else _LENGTH(len(value)) + value for value in values]


def _numbers(values: Sequence[int | None], size: int) -> Iterable[bytes]:
    letter = "iq"[size == 8]
    if None in values:
        one = Struct(f">i{letter}").pack
        return [_NULL if value is None else one(size, value) for value in values]
    flat = [size] * (2 * len(values))
    flat[1::2] = values  # type: ignore[assignment]  # none of them is None
    return (Struct(">" + f"i{letter}" * len(values)).pack(*flat),)


_PACKERS: dict[str, Callable[[Any], Packed]] = {
    "text": texts,
    "bytea": byteas,
    "bigint": bigints,
    "int": ints,
    "timestamptz": instants,
    "date": dates,
    "uuid": uuids,
    "boolean": booleans,
}
