"""Verification of a store's chain: pure, needs nothing but the entries, so anybody can run it on an export.

The hash of an entry is SHA-256 over a tag and all its fields, each with its length in front (eight bytes, big endian).
Numbers are eight bytes, big endian, signed; instants are whole microseconds since 1970. The first entry's ``prev_hash``
is 32 zero bytes.

Checkpoints (:mod:`thaman_audit.domain.checkpoints`) sealed a chain's hash at some lengths. Whoever makes a chain anew,
or cuts it, cannot make these fit.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

TAG = b"thaman-ledger-1"
GENESIS = bytes(32)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SEARCHED = 1_000_000
"""How many places are tried for an entry that is not where it belongs."""


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


class What(StrEnum):
    """What was done to a ledger."""

    CHANGED = "changed"
    DROPPED = "dropped"
    SWAPPED = "swapped"
    CUT = "cut"
    FORGED = "forged"
    SIGNATURE = "signature"
    CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True)
class Broken:
    """The first place where a chain does not hold, what was done there, and how that is known."""

    seq: int
    what: What
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


Sealed = Mapping[int, tuple[int, bytes]]
"""By a chain's length: the number of a checkpoint that sealed it, and the hash of its last entry then."""


def entry_hash(entry: Entry) -> bytes:
    """The hash that the entry's own fields give."""
    fields = (
        entry.store_id.encode(),
        number(entry.seq),
        entry.event_id.encode(),
        entry.service.encode(),
        entry.type.encode(),
        number(entry.position),
        instant(entry.occurred_at),
        instant(entry.recorded_at),
        entry.data,
        entry.prev_hash,
    )
    return sha256(TAG + b"".join(map(field, fields))).digest()


def verify_chain(
    entries: Iterable[Entry], head: Head, sealed: Sealed | None = None, start: Head | None = None
) -> Verdict:
    """Walk a chain to ``head``; a tail that was cut is noticed by the head, a chain made anew by what was ``sealed``.

    The walk begins after ``start``, the first entry by default, and believes that one. It looks one entry ahead.
    """
    previous = start or Head(head.store_id, 0, GENESIS)
    count = 0
    for entry, following in _with_following(entries):
        broken = _fault(entry, following, previous, head) or _unsealed(entry, sealed or {})
        if broken is not None:
            return Verdict(count, broken)
        previous, count = Head(head.store_id, entry.seq, entry.hash), count + 1
    return Verdict(count, _end(previous, head, sealed or {}))


def number(value: int) -> bytes:
    """A number in the hashed form."""
    return value.to_bytes(8, "big", signed=True)


def instant(at: datetime) -> bytes:
    """An instant in the hashed form."""
    return number(micros(at))


def micros(at: datetime) -> int:
    """Whole microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def field(value: bytes) -> bytes:
    """A field with its length in front, so that no two lists of fields have one form."""
    return number(len(value)) + value


def _with_following(entries: Iterable[Entry]) -> Iterator[tuple[Entry, Entry | None]]:
    last: Entry | None = None
    for entry in entries:
        if last is not None:
            yield last, entry
        last = entry
    if last is not None:
        yield last, None


def _fault(entry: Entry, following: Entry | None, previous: Head, head: Head) -> Broken | None:
    """What is wrong with an entry that should follow ``previous``."""
    seq = previous.seq + 1
    if entry.store_id != head.store_id:
        return Broken(seq, What.FORGED, f"the entry belongs to store {entry.store_id}")
    if entry.seq != seq:
        return _misplaced(entry, following, seq)
    if entry.hash != entry_hash(entry):
        return _changed(entry, following, head)
    if entry.prev_hash != previous.hash:
        return _unlinked(entry, following, head)
    return None


def _misplaced(entry: Entry, following: Entry | None, seq: int) -> Broken:
    if entry.seq > seq and (following is None or following.seq > entry.seq):
        return Broken(seq, What.DROPPED, f"entry {seq} is missing, {entry.seq} follows")
    return Broken(seq, What.SWAPPED, f"entry {entry.seq} stands where entry {seq} belongs")


def _changed(entry: Entry, following: Entry | None, head: Head) -> Broken:
    """An entry whose hash does not fit: changed, or one that was given another's place."""
    places = range(1, min(max(head.seq, entry.seq) + 2, _SEARCHED))
    place = next((place for place in places if entry_hash(replace(entry, seq=place)) == entry.hash), None)
    if place is None:
        return Broken(entry.seq, What.CHANGED, "the entry was changed: its hash does not fit its content")
    moved = following and replace(following, seq=following.seq + place - entry.seq)
    if place > entry.seq and (moved is None or entry_hash(moved) == moved.hash):
        return Broken(entry.seq, What.DROPPED, f"entry {entry.seq} is missing, {place} was given its number")
    return Broken(entry.seq, What.SWAPPED, f"entry {place} was given the place of entry {entry.seq}")


def _unlinked(entry: Entry, following: Entry | None, head: Head) -> Broken:
    """An entry that is whole but follows another one: whatever its successor was made after is the original."""
    is_original = (following.prev_hash if following else head.hash) == entry.hash
    if is_original and entry.seq > 1:
        seq = entry.seq - 1
        return Broken(seq, What.FORGED, f"the entry was hashed anew: entry {entry.seq} was made after another one")
    return Broken(entry.seq, What.FORGED, "the entry was hashed anew: it does not follow the one before it")


def _unsealed(entry: Entry, sealed: Sealed) -> Broken | None:
    checkpoint, expected = sealed.get(entry.seq, (0, entry.hash))
    if expected == entry.hash:
        return None
    since = max((seq for seq in sealed if seq < entry.seq), default=0)
    reason = f"the chain was made anew after entry {since}: checkpoint {checkpoint} sealed another hash of this entry"
    return Broken(entry.seq, What.FORGED, reason)


def _end(last: Head, head: Head, sealed: Sealed) -> Broken | None:
    longest = max(sealed, default=0)
    if last.seq < longest:
        reason = f"the chain ends at entry {last.seq}, checkpoint {sealed[longest][0]} sealed {longest}"
        return Broken(last.seq + 1, What.CUT, reason)
    if last.seq != head.seq:
        what = What.CUT if last.seq < head.seq else What.FORGED
        return Broken(min(last.seq, head.seq) + 1, what, f"the head says {head.seq} entries, there are {last.seq}")
    if last.hash != head.hash:
        return Broken(last.seq, What.FORGED, "the head's hash is not that of the last entry")
    return None
