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
_HEADER = 19
"""Bytes of COPY's own before the first row."""
_Z4 = bytes(4)
_HASH = b"\x00\x00\x00\x20"
_TO_1970 = 946_684_800_000_000
"""Microseconds: PostgreSQL counts them from 2000, the hashed form from 1970."""
_LATEST = 2**62
"""Later than any event; what PostgreSQL calls infinity lies beyond."""
_begin = Struct(">hiq").pack
_length = Struct(">i").unpack_from
_instants = Struct(">q4xq").unpack_from
_two_numbers = Struct(">qqqq").pack
EVERY = 10_000


def walk(
    connection: psycopg.Connection[object],
    start: Head,
    until: int,
    sealed: Mapping[int, tuple[int, bytes]],
    tell: Callable[[int], None],
    leaf: Callable[[bytes], None],
) -> Head:
    """The last good entry of a chain after ``start`` and not beyond ``until``.

    ``tell`` hears of every ten thousand, ``leaf`` of each good entry's hash.
    """
    query = _COPY.format(sql.Literal(start.store_id), sql.Literal(start.seq), sql.Literal(until))
    opening = TAG + field(start.store_id.encode())
    seq, previous = start.seq, start.hash
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        rows = _rows(connection, copy)
        for row in rows:
            digest = _good(row, opening, seq + 1, previous)
            if digest is None or (seq + 1 in sealed and sealed[seq + 1][1] != digest):
                break
            seq, previous = seq + 1, digest
            leaf(digest)
            if seq % EVERY == 0:
                tell(EVERY)
        # The rest is read to its end, because giving a COPY up would end the transaction, and with it the moment.
        deque(rows, maxlen=0)
    tell(seq % EVERY)
    return Head(start.store_id, seq, previous)


def _rows(connection: psycopg.Connection[object], copy: psycopg.Copy) -> Iterator[bytes]:
    """The rows, which come one in a block. Those that arrived already are taken from libpq without waiting for each."""
    arrived = connection.pgconn.get_copy_data
    skip = _HEADER
    while block := copy.read():
        count = len(block)
        while count > 0:
            row = bytes(block)[skip:]
            skip = 0
            if len(row) <= 2:  # the end of all rows
                break
            yield row
            count, block = arrived(1)


def _good(row: bytes, opening: bytes, seq: int, previous: bytes) -> bytes | None:
    """The hash of a row where it is the right one; ``None`` where anything is not as it has to be."""
    service = 18 + _length(row, 14)[0]
    kind = service + 4 + _length(row, service)[0]
    place = kind + 4 + _length(row, kind)[0]
    data = place + 36
    link = data + 4 + _length(row, data)[0]
    end = link + 36
    if len(row) != end + 36 or row[:14] != _begin(10, 8, seq) or row[link:end] != _HASH + previous:
        return None
    occurred, recorded = _instants(row, place + 16)
    if max(occurred, recorded) > _LATEST:
        return None
    digest = sha256(
        b"".join(
            (
                opening, _Z4, row[2:14], _Z4, row[14:service], _Z4, row[service:kind], _Z4, row[kind:place],
                _Z4, row[place : place + 12], _two_numbers(8, occurred + _TO_1970, 8, recorded + _TO_1970),
                _Z4, row[data:link], _Z4, row[link:end],
            )
        )
    ).digest()  # fmt: skip
    return digest if row[end:] == _HASH + digest else None
