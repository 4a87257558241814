"""The chain's proof, pure: every change, drop, swap, insertion and cut is found, at the right place."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thaman_audit.verify import GENESIS, Broken, Entry, Head, entry_hash, verify_chain

NOW = datetime(2026, 11, 24, 9, 30, 0, 123_456, tzinfo=UTC)


def chain(length: int) -> list[Entry]:
    """A good chain."""
    entries: list[Entry] = []
    for seq in range(1, length + 1):
        previous = entries[-1].hash if entries else GENESIS
        entry = Entry(
            "77", seq, f"id:{seq}", "optimizer", "thaman.optimizer.PriceHeld.v1", 10 * seq, NOW + timedelta(seq), NOW,
            f'{{"n":{seq}}}'.encode(), previous, b"",
        )  # fmt: skip
        entries.append(replace(entry, hash=entry_hash(entry)))
    return entries


def head(entries: list[Entry]) -> Head:
    """The right head."""
    return Head("77", len(entries), entries[-1].hash if entries else GENESIS)


@given(st.integers(0, 20))
def test_a_good_chain_holds(length: int) -> None:
    entries = chain(length)
    verdict = verify_chain(entries, head(entries))
    assert verdict.ok and verdict.entries == length


CHANGES = {
    "store_id": "78",
    "event_id": "id:other",
    "service": "audit",
    "type": "thaman.optimizer.PriceHeld.v2",
    "position": 11,
    "occurred_at": NOW,
    "recorded_at": NOW + timedelta(microseconds=1),
    "data": b'{"n":0}',
    "hash": bytes(32),
    "prev_hash": bytes(31) + b"\x01",
    "seq": 99,
}


@pytest.mark.parametrize("field", CHANGES)
@pytest.mark.parametrize("place", [0, 2, 5])
def test_a_changed_field_is_found_where_it_is(field: str, place: int) -> None:
    entries = chain(6)
    entries[place] = replace(entries[place], **{field: CHANGES[field]})  # type: ignore[arg-type]
    verdict = verify_chain(entries, head(chain(6)))
    assert verdict.broken is not None and verdict.broken.seq == place + 1


@given(st.integers(2, 12), st.data())
def test_a_forger_who_hashes_again_is_found_by_the_next_entry_or_the_head(length: int, data: st.DataObject) -> None:
    entries = chain(length)
    place = data.draw(st.integers(0, length - 1))
    forged = replace(entries[place], data=b"{}")
    entries[place] = replace(forged, hash=entry_hash(forged))
    verdict = verify_chain(entries, head(chain(length)))
    assert verdict.broken is not None
    assert verdict.broken.seq == min(place + 2, length)


@given(st.integers(1, 12), st.data())
def test_a_dropped_entry_is_found(length: int, data: st.DataObject) -> None:
    entries = chain(length)
    place = data.draw(st.integers(0, length - 1))
    del entries[place]
    verdict = verify_chain(entries, head(chain(length)))
    assert verdict.broken is not None and verdict.broken.seq == place + 1


@given(st.integers(2, 12), st.data())
def test_swapped_entries_are_found(length: int, data: st.DataObject) -> None:
    entries = chain(length)
    place = data.draw(st.integers(0, length - 2))
    entries[place], entries[place + 1] = entries[place + 1], entries[place]
    verdict = verify_chain(entries, head(chain(length)))
    assert verdict.broken is not None and verdict.broken.seq == place + 1


def test_a_tail_beyond_the_head_is_found() -> None:
    entries = chain(4)
    assert verify_chain(entries, head(entries[:3])).broken == Broken(4, "the head says 3 entries, there are 4")


@given(st.binary(max_size=9), st.binary(max_size=9), st.binary(max_size=9), st.binary(max_size=9))
def test_bytes_cannot_move_between_fields(a: bytes, b: bytes, c: bytes, d: bytes) -> None:
    one, other = (replace(chain(1)[0], data=x, prev_hash=y) for x, y in ((a, b), (c, d)))
    assert (entry_hash(one) == entry_hash(other)) == ((a, b) == (c, d))


def test_the_hash_is_what_it_was() -> None:
    # A known answer: exports of today must be provable for ever.
    assert entry_hash(chain(1)[0]).hex() == "4d290b374ab9dd25ea94928f2d376fe8aa449d369492bfb6fcd3a3a3eb3d7dfc"
