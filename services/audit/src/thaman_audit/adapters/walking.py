"""A walk along a chain as fast as PostgreSQL sends it.

``COPY ... (FORMAT binary)`` gives each field with its length in four bytes in front. The hashed form wants eight, so
four zeros are put before and no value is ever decoded. The walk only tells how far a chain is good; what is wrong after
that is for :func:`thaman_audit.verify.verify_chain` to say.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from hashlib import sha256
from struct import Struct
from struct import error as StructError
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from thaman_audit.verify import TAG, Head, field

if TYPE_CHECKING:
    from _hashlib import HASH

_COPY = sql.SQL(
    "COPY (SELECT seq, event_id, service, type, position, occurred_at, recorded_at, data, prev_hash, hash"
    " FROM audit.ledger WHERE store_id = {} AND seq > {} AND seq <= {} ORDER BY seq) TO STDOUT (FORMAT binary)"
)
_HEADER = 19
"""Bytes of COPY's own before the first row."""
_Z3, _Z4 = bytes(3), bytes(4)
_HASH = b"\x00\x00\x00\x20"
_TO_1970 = 946_684_800_000_000
"""Microseconds: PostgreSQL counts them from 2000, the hashed form from 1970."""
_LATEST = 2**62
"""Later than any event; what PostgreSQL calls infinity lies beyond."""
_begin = Struct(">hiq").pack
_instants_and_data = Struct(">16xq4xqi").unpack_from
_two_numbers = Struct(">qqqq").pack
EVERY = 10_000


def walk(
    connection: psycopg.Connection[object],
    start: Head,
    until: int,
    sealed: Mapping[int, tuple[int, bytes]],
    tell: Callable[[int], None],
    leaves: Callable[[list[bytes]], None],
) -> Head:
    """The last good entry of a chain after ``start`` and not beyond ``until``.

    ``tell`` hears of every ten thousand, ``leaves`` of the good entries' hashes, at most ten thousand at once.
    """
    walking = steps(connection, start, until, sealed, leaves)
    while True:
        try:
            tell(next(walking))
        except StopIteration as end:
            head: Head = end.value
            return head


def steps(
    connection: psycopg.Connection[object],
    start: Head,
    until: int,
    sealed: Mapping[int, tuple[int, bytes]],
    leaves: Callable[[list[bytes]], None],
) -> Generator[int, None, Head]:
    """As :func:`walk`, pausing where that tells. Whoever leaves it before its end ends the transaction."""
    query = _COPY.format(sql.Literal(start.store_id), sql.Literal(start.seq), sql.Literal(until))
    opened = sha256(TAG + field(start.store_id.encode()) + _Z4)
    seq, previous = start.seq, start.hash
    told, said = [], seq
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        rows = rows_of(connection, copy)
        for row in rows:
            digest = _good(row, opened, seq + 1, previous)
            if digest is None or (seq + 1 in sealed and sealed[seq + 1][1] != digest):
                break
            seq, previous = seq + 1, digest
            told.append(digest)
            if seq % EVERY == 0:
                leaves(told)
                yield seq - said
                told, said = [], seq
        # The rest is read to its end, because giving a COPY up would end the transaction, and with it the moment.
        for _ in rows:
            pass
    leaves(told)
    yield seq - said
    return Head(start.store_id, seq, previous)


def rows_of(connection: psycopg.Connection[object], copy: psycopg.Copy) -> Iterator[bytes]:
    """The rows of a ``COPY ... TO STDOUT (FORMAT binary)``, which come one in a block. Those that arrived already are
    taken from libpq without waiting for each.

    Raises:
        psycopg.Error: what PostgreSQL said when it broke off between rows.
    """
    arrived = connection.pgconn.get_copy_data
    first = copy.read()
    block: bytes | bytearray | memoryview = bytes(first)[_HEADER:]
    while len(block) > 2:  # otherwise the end of all rows
        yield bytes(block)
        count, block = arrived(1)
        if count == 0:
            block = copy.read()
        elif count < 0:
            raise _broken_off(connection)
    while copy.read():
        pass


def _broken_off(connection: psycopg.Connection[object]) -> psycopg.Error:
    """Why the rows ended without COPY's own end; asked for once more, libpq would say only that there is no COPY."""
    error: psycopg.Error = psycopg.OperationalError("the rows of a chain ended early")
    while (result := connection.pgconn.get_result()) is not None:
        if result.status == psycopg.pq.ExecStatus.FATAL_ERROR:
            error = psycopg.errors.error_from_result(result, encoding=connection.info.encoding)
    return error


def _good(row: bytes, opened: "HASH", seq: int, previous: bytes) -> bytes | None:
    """The hash of a row where it is the right one; ``None`` where anything is not as it has to be.

    Names are shorter than 256 bytes, so that the last byte of a length is all of it; a row with a longer one is left to
    the slow walk, like every other that is not quite as expected.
    """
    begin = _begin(10, 8, seq)
    try:
        service = 18 + row[17]
        kind = service + 4 + row[service + 3]
        place = kind + 4 + row[kind + 3]
        occurred, recorded, size = _instants_and_data(row, place)
    except (IndexError, StructError):
        return None
    link = place + 40 + size
    if (
        len(row) != link + 72
        or row[:14] != begin
        or row[14:17] != _Z3
        or row[service : service + 3] != _Z3
        or row[kind : kind + 3] != _Z3
        or occurred > _LATEST
        or recorded > _LATEST
    ):
        return None
    follows = _HASH + previous
    hashing = opened.copy()
    hashing.update(
        b"".join(
            (
                begin[2:], _Z4, row[14:service], _Z4, row[service:kind], _Z4, row[kind:place], _Z4,
                row[place : place + 12], _two_numbers(8, occurred + _TO_1970, 8, recorded + _TO_1970), _Z4,
                row[place + 36 : link], _Z4, follows,
            )
        )
    )  # fmt: skip
    digest = hashing.digest()
    return digest if row[link:] == follows + _HASH + digest else None
