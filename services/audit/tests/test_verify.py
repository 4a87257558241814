"""The chain's proof, pure: every change, drop, swap, insertion and cut is found, at the right place."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thaman_audit.verify import GENESIS, Broken, Entry, Head, What, entry_hash, verify_chain

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


def forged(entries: list[Entry], place: int, upto: int) -> list[Entry]:
    """The chain with one entry's data replaced, hashed anew from there up to another place."""
    made = list(entries)
    made[place] = replace(made[place], data=b"{}")
    for index in range(place, upto + 1):
        previous = made[index - 1].hash if index else GENESIS
        again = replace(made[index], prev_hash=previous)
        made[index] = replace(again, hash=entry_hash(again))
    return made


@given(st.integers(2, 12), st.data())
def test_a_forger_who_hashes_one_entry_anew_is_found_there(length: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, length - 1))
    verdict = verify_chain(forged(chain(length), place, place), head(chain(length)))
    assert verdict.broken is not None
    assert (verdict.broken.seq, verdict.broken.what) == (place + 1, What.FORGED)


@given(st.integers(1, 12), st.data())
def test_a_chain_made_anew_with_its_head_is_found_by_what_was_sealed(length: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, length - 1))
    lengths = data.draw(st.sets(st.integers(place + 1, length), min_size=1))
    sealed = {seq: (7, chain(length)[seq - 1].hash) for seq in lengths}
    entries = forged(chain(length), place, length - 1)
    assert verify_chain(entries, head(entries)).ok
    broken = verify_chain(entries, head(entries), sealed).broken
    assert broken is not None
    assert (broken.seq, broken.what) == (min(lengths), What.FORGED) and "checkpoint 7" in broken.reason


@given(st.integers(1, 12), st.data())
def test_a_dropped_entry_is_found(length: int, data: st.DataObject) -> None:
    entries = chain(length)
    place = data.draw(st.integers(0, length - 1))
    del entries[place]
    broken = verify_chain(entries, head(chain(length))).broken
    assert broken is not None
    assert (broken.seq, broken.what) == (place + 1, What.CUT if place == length - 1 else What.DROPPED)


@given(st.integers(2, 12), st.data())
def test_swapped_entries_are_found(length: int, data: st.DataObject) -> None:
    entries = chain(length)
    one, other = sorted(data.draw(st.sets(st.integers(0, length - 1), min_size=2, max_size=2)))
    entries[one], entries[other] = entries[other], entries[one]
    broken = verify_chain(entries, head(chain(length))).broken
    assert broken is not None and (broken.seq, broken.what) == (one + 1, What.SWAPPED)


@given(st.integers(2, 12), st.data())
def test_swapped_entries_with_each_others_numbers_are_found(length: int, data: st.DataObject) -> None:
    entries = chain(length)
    one, other = sorted(data.draw(st.sets(st.integers(0, length - 1), min_size=2, max_size=2)))
    entries[one], entries[other] = (
        replace(entries[other], seq=one + 1),
        replace(entries[one], seq=other + 1),
    )
    broken = verify_chain(entries, head(chain(length))).broken
    assert broken is not None and (broken.seq, broken.what) == (one + 1, What.SWAPPED)


@given(st.integers(3, 12), st.data())
def test_an_entry_dropped_with_the_others_numbered_anew_is_found(length: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, length - 2))
    entries = [replace(entry, seq=seq) for seq, entry in enumerate(chain(length), 1)]
    del entries[place]
    entries = [replace(entry, seq=seq) for seq, entry in enumerate(entries, 1)]
    broken = verify_chain(entries, head(chain(length))).broken
    assert broken is not None and (broken.seq, broken.what) == (place + 1, What.DROPPED)


@given(st.integers(1, 12), st.data())
def test_a_cut_with_a_head_that_fits_is_found_by_what_was_sealed(length: int, data: st.DataObject) -> None:
    left = data.draw(st.integers(0, length - 1))
    entries = chain(length)[:left]
    assert verify_chain(entries, head(entries)).ok
    broken = verify_chain(entries, head(entries), {length: (3, chain(length)[-1].hash)}).broken
    assert broken is not None and (broken.seq, broken.what) == (left + 1, What.CUT)


@given(st.integers(1, 12), st.data())
def test_a_part_of_a_good_chain_holds(length: int, data: st.DataObject) -> None:
    entries = chain(length)
    after = data.draw(st.integers(0, length - 1))
    start = head(entries[:after])
    assert verify_chain(entries[after:], head(entries), start=start).entries == length - after


def test_a_tail_beyond_the_head_is_found() -> None:
    entries = chain(4)
    expected = Broken(4, What.FORGED, "the head says 3 entries, there are 4")
    assert verify_chain(entries, head(entries[:3])).broken == expected


@given(st.binary(max_size=9), st.binary(max_size=9), st.binary(max_size=9), st.binary(max_size=9))
def test_bytes_cannot_move_between_fields(a: bytes, b: bytes, c: bytes, d: bytes) -> None:
    one, other = (replace(chain(1)[0], data=x, prev_hash=y) for x, y in ((a, b), (c, d)))
    assert (entry_hash(one) == entry_hash(other)) == ((a, b) == (c, d))


def test_the_hash_is_what_it_was() -> None:
    # A known answer: exports of today must be provable for ever.
    assert entry_hash(chain(1)[0]).hex() == "4d290b374ab9dd25ea94928f2d376fe8aa449d369492bfb6fcd3a3a3eb3d7dfc"
