"""Verification of a store's chain: pure, needs nothing but the entries, so anybody can run it on an export.

The hash of an entry is SHA-256 over a tag and all its fields, each with its length in front (eight bytes, big endian).
Numbers are eight bytes, big endian, signed; instants are whole microseconds since 1970. The first entry's ``prev_hash``
is 32 zero bytes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

TAG = b"thaman-ledger-1"
GENESIS = bytes(32)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the ledger."""

    store_id: str
    seq: int
    event_id: str
    service: str
    type: str
    position: int
    occurred_at: datetime
    recorded_at: datetime
    data: bytes
    prev_hash: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a store's chain."""

    store_id: str
    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """The first place where a chain does not hold, and why."""

    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome: how many entries were found good, and the first broken place if there is one."""

    entries: int
    broken: Broken | None = None

    @property
    def ok(self) -> bool:
        """Whether the whole chain holds."""
        return self.broken is None


def entry_hash(entry: Entry) -> bytes:
    """The hash that the entry's own fields give."""
    fields = (
        entry.store_id.encode(),
        _number(entry.seq),
        entry.event_id.encode(),
        entry.service.encode(),
        entry.type.encode(),
        _number(entry.position),
        _instant(entry.occurred_at),
        _instant(entry.recorded_at),
        entry.data,
        entry.prev_hash,
    )
    return sha256(TAG + b"".join(_number(len(field)) + field for field in fields)).digest()


def verify_chain(entries: Iterable[Entry], head: Head) -> Verdict:
    """Walk a chain from its first entry to ``head``; a tail that was cut is noticed by the head."""
    previous, count = GENESIS, 0
    for entry in entries:
        reason = _fault(entry, head.store_id, count + 1, previous)
        if reason is not None:
            return Verdict(count, Broken(count + 1, reason))
        previous, count = entry.hash, count + 1
    if count != head.seq:
        return Verdict(count, Broken(min(count, head.seq) + 1, f"the head says {head.seq} entries, there are {count}"))
    if previous != head.hash:
        return Verdict(count, Broken(count, "the head's hash is not that of the last entry"))
    return Verdict(count)


def _fault(entry: Entry, store_id: str, seq: int, previous: bytes) -> str | None:
    if entry.store_id != store_id:
        return f"the entry belongs to store {entry.store_id}"
    if entry.seq != seq:
        return f"entry {seq} is missing, {entry.seq} follows"
    if entry.prev_hash != previous:
        return "the entry does not follow the one before it"
    if entry.hash != entry_hash(entry):
        return "the entry was changed: its hash does not fit its content"
    return None


def _number(value: int) -> bytes:
    return value.to_bytes(8, "big", signed=True)


def _instant(at: datetime) -> bytes:
    return _number((at - _EPOCH) // _MICROSECOND)
