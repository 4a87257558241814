"""One store's events as fast as PostgreSQL sends them, for who makes read models of a long history.

Rows come as ``COPY ... (FORMAT binary)`` has them and are taken apart here, without a cursor's round trips and a class
for each entry. Bodies that rest in the archive are not here: whoever calls asks for that first.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from struct import Struct
from typing import Any, NamedTuple, Self

import psycopg
from psycopg import sql

from thaman_audit.adapters.walking import rows_of
from thaman_audit.verify import Entry
from thaman_contracts.envelope import Envelope

_COPY = sql.SQL(
    "COPY (SELECT {} FROM audit.ledger WHERE store_id = {} AND occurred_at <= {} AND {} ORDER BY seq)"
    " TO STDOUT (FORMAT binary)"
)
_OF, _BUT = sql.SQL("type = ANY ({})"), sql.SQL("type <> ALL ({})")
_BODY = sql.SQL("type, data")
_WHOLE = sql.SQL("position, occurred_at, event_id, service, type, data")
_length = Struct(">i").unpack_from
_places = Struct(">2x4xq4xq").unpack_from
_AFTER_PLACES = 26
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""From here PostgreSQL counts microseconds."""


def bodies(
    connection: psycopg.Connection[Any], store_id: str, at: datetime, types: list[str]
) -> Iterator[tuple[str, bytes]]:
    """Types and bodies of a store's events of some types that had occurred at an instant, in the order of its chain."""
    for row in _copied(connection, store_id, at, _OF.format(sql.Literal(types)), _BODY):
        end = 6 + _length(row, 2)[0]
        yield _text(row[6:end]), row[end + 4 :]


class Heard(NamedTuple):
    """A published event of one store as its chain has it, not looked at any further; ``micros`` are from 2000 on."""

    event_id: str
    service: str
    type: str
    store_id: str
    position: int
    micros: int
    body: bytes

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """The same of an entry."""
        micros = (entry.occurred_at - _EPOCH) // timedelta(microseconds=1)
        return cls(entry.event_id, entry.service, entry.type, entry.store_id, entry.position, micros, entry.data)

    def envelope(self) -> Envelope:
        """Its envelope, as far as a ledger keeps it."""
        time = _EPOCH + timedelta(microseconds=self.micros)
        return Envelope(self.event_id, self.service, self.type, self.store_id, time, self.position, 0)


def heard(connection: psycopg.Connection[Any], store_id: str, at: datetime, without: list[str]) -> Iterator[Heard]:
    """A store's events of all types but some, likewise."""
    for row in _copied(connection, store_id, at, _BUT.format(sql.Literal(without)), _WHOLE):
        position, micros = _places(row)
        event_id = _AFTER_PLACES + 4 + _length(row, _AFTER_PLACES)[0]
        service = event_id + 4 + _length(row, event_id)[0]
        kind = service + 4 + _length(row, service)[0]
        yield Heard(
            row[_AFTER_PLACES + 4 : event_id].decode(),
            _text(row[event_id + 4 : service]),
            _text(row[service + 4 : kind]),
            store_id,
            position,
            micros,
            row[kind + 4 :],
        )


@cache
def _text(value: bytes) -> str:
    """Of few values, so that each is made once."""
    return value.decode()


def _copied(
    connection: psycopg.Connection[Any], store_id: str, at: datetime, condition: sql.Composable, columns: sql.SQL
) -> Iterator[bytes]:
    query = _COPY.format(columns, sql.Literal(store_id), sql.Literal(at), condition)
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        rows = rows_of(connection, copy)
        try:
            for row in rows:  # noqa: UP028 - `yield from` would close them, too
                yield row
        finally:
            # The rest is read to its end, because giving a COPY up would end the transaction, and with it the moment.
            for _ in rows:
                pass
