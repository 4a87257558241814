"""A walk along a chain as fast as PostgreSQL sends it.

``COPY ... (FORMAT binary)`` gives each field with its length in four bytes in front. The hashed form wants eight, so
four zeros are put before and no value is ever decoded. The walk only tells how far a chain is good; what is wrong after
that is for :func:`thaman_audit.verify.verify_chain` to say.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from struct import Struct

import psycopg
from psycopg import sql

from thaman_audit.verify import TAG, Head, field

_COPY = sql.SQL(
    "COPY (SELECT seq, event_id, service, type, position, occurred_at, recorded_at, data, prev_hash, hash"
    " FROM audit.ledger WHERE store_id = {} AND seq > {} AND seq <= {} ORDER BY seq) TO STDOUT (FORMAT binary)"
)
_SIGNATURE = b"PGCOPY\n\xff\r\n\x00"
_HEADER = 19
_END = b"\xff\xff"
_Z4 = bytes(4)
_INT8 = b"\x00\x00\x00\x08"
_BIGINT = b"\x00\x0a" + _INT8
_HASH = b"\x00\x00\x00\x20"
_EIGHT = _Z4 + _INT8
_TO_1970 = 946_684_800_000_000
"""Microseconds: PostgreSQL counts them from 2000, the hashed form from 1970."""
_length = Struct(">i").unpack_from
_number = Struct(">q")
EVERY = 10_000


def walk(
    connection: psycopg.Connection[object],
    start: Head,
    until: int,
    sealed: Mapping[int, tuple[int, bytes]],
    tell: Callable[[int], None],
) -> Head:
    """The last good entry of a chain after ``start`` and not beyond ``until``; ``tell`` hears of every ten thousand."""
    query = _COPY.format(sql.Literal(start.store_id), sql.Literal(start.seq), sql.Literal(until))
    opening = TAG + field(start.store_id.encode())
    seq, previous = start.seq, start.hash
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        rows = _rows(copy)
        for row in rows:
            digest = _good(row, opening, seq + 1, previous)
            if digest is None or sealed.get(seq + 1, (0, digest))[1] != digest:
                break
            seq, previous = seq + 1, digest
            if seq % EVERY == 0:
                tell(EVERY)
        # The rest is read to its end, because giving a COPY up would end the transaction, and with it the moment.
        deque(rows, maxlen=0)
    return Head(start.store_id, seq, previous)


def _rows(copy: psycopg.Copy) -> Iterator[bytes]:
    for block in copy:
        row = bytes(block)
        if row.startswith(_SIGNATURE):
            row = row[_HEADER:]
        if row and row != _END:
            yield row


def _good(row: bytes, opening: bytes, seq: int, previous: bytes) -> bytes | None:
    """The hash of a row where it is the right one; ``None`` where anything is not as it has to be."""
    service = 18 + _length(row, 14)[0]
    kind = service + 4 + _length(row, service)[0]
    place = kind + 4 + _length(row, kind)[0]
    data = place + 36
    link = data + 4 + _length(row, data)[0]
    if row[:14] != _BIGINT + _number.pack(seq) or row[link : link + 36] != _HASH + previous or len(row) != link + 72:
        return None
    digest = sha256(
        b"".join(
            (
                opening,
                _Z4, row[2:14],
                _Z4, row[14:service],
                _Z4, row[service:kind],
                _Z4, row[kind:place],
                _Z4, row[place:place + 12],
                _EIGHT, _number.pack(_number.unpack_from(row, place + 16)[0] + _TO_1970),
                _EIGHT, _number.pack(_number.unpack_from(row, place + 28)[0] + _TO_1970),
                _Z4, row[data:link],
                _Z4, row[link:link + 36],
            )
        )
    ).digest()  # fmt: skip
    return digest if row[link + 36 :] == _HASH + digest else None
