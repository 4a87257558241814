"""A forger at work on a real PostgreSQL: the proof and the single-file verifier name the same first place."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql
from psycopg.rows import dict_row

from thaman_audit.adapters import walking
from thaman_audit.adapters.histories import HistoryTables
from thaman_audit.adapters.moment import Moment
from thaman_audit.adapters.signing import SigningKey, is_signed
from thaman_audit.domain.checkpoints import Checkpoint
from thaman_audit.domain.histories import SealedHistories, statement_of, tree_of
from thaman_audit.proving import Place, Prover
from thaman_audit.testing import KEY, NOW, signing_key
from thaman_audit.testing_proofs import (
    FOREIGN,
    OTHER,
    ROUNDS,
    STORE,
    UNSEALED,
    Forger,
    Rows,
    export,
    prove,
    signed_by,
    tell_story,
    verify,
)
from thaman_audit.verify import GENESIS, Head, What
from thaman_kit.embedded import EmbeddedPostgres
from thaman_kit.migrate import migrate
from thaman_kit.testing import ROLE_PASSWORD, own_database, template_database

LENGTH = 1 + ROUNDS * 8 + UNSEALED
SEALED = LENGTH - UNSEALED
FEW = settings(max_examples=40, deadline=None)
Change = Callable[[Forger], None]


@pytest.fixture(scope="module")
def story_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    def prepare(url: str) -> None:
        migrate(url, ["audit"], {"audit": ROLE_PASSWORD})
        tell_story(url)

    with own_database(postgres_server, template=template_database(postgres_server, "audit_story", prepare)) as url:
        yield url


@pytest.fixture(scope="module")
def rows(story_url: str) -> Iterator[Rows]:
    """A superuser's connection; what a test does in it is rolled back by :func:`after`."""
    options = "-c search_path=audit -c timezone=UTC"
    with psycopg.connect(story_url, row_factory=dict_row, options=options) as connection:
        yield connection


def after(rows: Rows, change: Change) -> tuple[Place | None, dict[str, Any]]:
    """The first broken place after a change, as the database and as an export of it show it."""
    try:
        change(Forger(rows))
        return prove(rows, STORE).broken, verify(export(rows))
    finally:
        rows.rollback()


def named(rows: Rows, change: Change) -> tuple[str | None, int, What]:
    """The place on which both agree."""
    place, found = after(rows, change)
    assert place is not None, "nothing was found"
    broken = found["broken"]
    where = "checkpoint" if place.store_id is None else "entry"
    assert (broken["where"], broken["seq"], broken["what"]) == (where, place.seq, place.what), (place, broken)
    assert broken["reason"] == place.reason
    return place.store_id, place.seq, place.what


def test_what_nobody_touched_holds(rows: Rows) -> None:
    proof = prove(rows)
    assert proof.broken is None
    assert (proof.checkpoints, proof.stores, len(proof.key_ids)) == (ROUNDS, 4, 1)
    assert proof.entries == LENGTH + (1 + ROUNDS) + 1 + ROUNDS
    found = verify(export(rows))
    assert (found["ok"], found["entries"], found["sealed"]) == (True, LENGTH, SEALED)
    assert verify(export(rows, OTHER))["ok"]
    assert prove(rows, STORE).sealed == SEALED


def test_the_services_own_role_can_prove(rows: Rows, story_url: str, postgres_server: EmbeddedPostgres) -> None:
    database = urlsplit(story_url).path.removeprefix("/")
    with Moment.of(postgres_server.url_for(database, user="audit_app", password=ROLE_PASSWORD)) as ledger:
        assert Prover(ledger, is_signed, []).prove(ledger.store_ids(), lambda *_: None).broken is None


CHANGES = {
    "event_id": "another",
    "service": "audit",
    "type": "thaman.optimizer.PriceHeld.v2",
    "position": 999,
    "occurred_at": NOW - timedelta(days=1),
    "recorded_at": NOW - timedelta(days=1),
    "data": b"\x00\xff",
    "prev_hash": bytes(range(32)),
    "hash": b"short",
}


@pytest.mark.parametrize("column", ["occurred_at", "recorded_at"])
@pytest.mark.parametrize("instant", ["infinity", "-infinity", "4000-01-01 BC", "20000-01-01", "1969-12-31"])
def test_an_instant_that_no_event_can_have_is_named(rows: Rows, column: str, instant: str) -> None:
    assert named(rows, lambda forger: forger.change(9, column, instant)) == (STORE, 9, What.CHANGED)


@pytest.mark.parametrize("column", CHANGES)
@FEW
@given(seq=st.integers(1, LENGTH))
def test_a_changed_entry_is_named(rows: Rows, column: str, seq: int) -> None:
    if column == "hash":  # an export of such a row is no longer one, so only the database is asked
        place, found = after(rows, lambda forger: forger.change(seq, column, CHANGES[column]))
        assert place is not None and (place.seq, place.what) == (seq, What.CHANGED) and not found["ok"]
        return
    change = named(rows, lambda forger: forger.change(seq, column, CHANGES[column]))
    assert change == (STORE, seq, What.CHANGED)


@FEW
@given(seq=st.integers(1, LENGTH))
def test_a_dropped_entry_is_named(rows: Rows, seq: int) -> None:
    what = What.CUT if seq == LENGTH else What.DROPPED
    assert named(rows, lambda forger: forger.drop(seq)) == (STORE, seq, what)


@FEW
@given(seq=st.integers(1, LENGTH - 1))
def test_a_dropped_entry_whose_gap_was_closed_is_named(rows: Rows, seq: int) -> None:
    def change(forger: Forger) -> None:
        forger.drop(seq)
        forger.close_gap(seq)

    assert named(rows, change) == (STORE, seq, What.DROPPED)


@FEW
@given(places=st.sets(st.integers(1, LENGTH), min_size=2, max_size=2))
def test_swapped_entries_are_named(rows: Rows, places: set[int]) -> None:
    one, other = sorted(places)
    assert named(rows, lambda forger: forger.swap(one, other)) == (STORE, one, What.SWAPPED)


@FEW
@given(left=st.integers(0, SEALED - 1))
def test_a_cut_below_what_was_sealed_is_named(rows: Rows, left: int) -> None:
    assert named(rows, lambda forger: forger.cut(left)) == (STORE, left + 1, What.CUT)


@pytest.mark.parametrize("left", [SEALED, LENGTH - 1])
def test_a_cut_of_what_nothing_sealed_is_beyond_proof(rows: Rows, left: int) -> None:
    place, found = after(rows, lambda forger: forger.cut(left))
    assert place is None and found["ok"] and found["entries"] == left


@FEW
@given(seq=st.integers(1, SEALED))
def test_a_chain_made_anew_is_named_where_a_checkpoint_sealed_it(rows: Rows, seq: int) -> None:
    first_sealed = next(length for length in range(9, LENGTH, 8) if length >= seq)
    assert named(rows, lambda forger: forger.forge(seq)) == (STORE, first_sealed, What.FORGED)


@FEW
@given(seq=st.integers(1, LENGTH))
def test_an_entry_hashed_anew_is_named(rows: Rows, seq: int) -> None:
    place = named(rows, lambda forger: forger.forge(seq, until=seq))
    assert place == (STORE, seq, What.FORGED)


@FEW
@given(number=st.integers(1, ROUNDS), other=st.sampled_from(["root", "stores", "entries", "sealed_at"]))
def test_a_checkpoint_changed_and_signed_by_somebody_else_is_named(rows: Rows, number: int, other: str) -> None:
    value = {"root": bytes(32), "stores": 9, "entries": 9, "sealed_at": NOW - timedelta(days=9)}[other]
    change = signed_by(FOREIGN, renamed=False, **{other: value})
    assert named(rows, lambda forger: forger.replace_checkpoint(number, change)) == (None, number, What.SIGNATURE)


@pytest.mark.parametrize("number", range(1, ROUNDS + 1))
def test_a_checkpoint_signed_again_with_another_key_is_named(rows: Rows, number: int) -> None:
    def change(forger: Forger) -> None:
        forger.replace_checkpoint(number, signed_by(FOREIGN, renamed=True))

    # The next one does not name it; of the last one the key is none that we trust.
    is_last = number == ROUNDS
    expected = (None, number, What.SIGNATURE) if is_last else (None, number + 1, What.CHECKPOINT)
    assert named(rows, change) == expected


@pytest.mark.parametrize("number", range(2, ROUNDS + 1))
def test_a_checkpoint_put_into_anothers_place_is_named(rows: Rows, number: int) -> None:
    earlier = next(c for c in Moment(rows).checkpoints() if c.statement.number == number - 1)
    expected = (None, number, What.CHECKPOINT)
    assert named(rows, lambda forger: forger.replace_checkpoint(number, lambda _: earlier)) == expected


def test_a_checkpoint_taken_out_is_named(rows: Rows) -> None:
    statement = "DELETE FROM audit_events WHERE originator_version = 2"
    assert named(rows, lambda forger: forger.run(statement)) == (None, 2, What.CHECKPOINT)


def test_the_latest_checkpoint_taken_out_is_known_from_the_ledger_and_from_notes(rows: Rows) -> None:
    digest = list(Moment(rows).checkpoints())[-1].statement.digest()
    place, found = after(rows, lambda forger: forger.run("DELETE FROM audit_events WHERE originator_version = 4"))
    assert place is not None and (place.store_id, place.seq, place.what) == (None, 4, What.CUT)
    assert found["ok"] and found["sealed"] < SEALED, "the file by itself cannot know; whoever noted the checkpoint can"
    try:
        Forger(rows).run("DELETE FROM audit_events WHERE originator_version = 4")
        lines = export(rows)
    finally:
        rows.rollback()
    broken = verify(lines, (4, digest))["broken"]
    assert (broken["seq"], broken["what"]) == (4, "checkpoint")
    assert verify(export(rows), (4, digest))["ok"]


@pytest.mark.parametrize("number", range(1, ROUNDS + 1))
def test_a_kept_head_changed_is_named(rows: Rows, number: int) -> None:
    statement = f"UPDATE checkpoint_heads SET seq = seq + 1 WHERE store_id = '77' AND number = {number}"
    assert named(rows, lambda forger: forger.run(statement)) == (None, number, What.CHECKPOINT)


def _proven_after(rows: Rows, change: Change) -> tuple[str | None, int, What, str]:
    """What the proof alone says: an export has no histories."""
    try:
        change(Forger(rows))
        place = prove(rows, STORE).broken
    finally:
        rows.rollback()
    assert place is not None, "nothing was found"
    return place.store_id, place.seq, place.what, place.reason


@pytest.mark.parametrize("number", range(1, ROUNDS + 1))
def test_a_kept_history_changed_is_named(rows: Rows, number: int) -> None:
    statement = f"UPDATE checkpoint_histories SET root = sha256('x') WHERE store_id = '77' AND number = {number}"
    found = _proven_after(rows, lambda forger: forger.run(statement))
    reason = "the histories that are kept for it are not those it sealed"
    assert found == (None, number, What.CHECKPOINT, reason)


@pytest.mark.parametrize(("key", "what"), [(FOREIGN, What.SIGNATURE), (signing_key(KEY), What.CHECKPOINT)])
def test_a_history_that_is_not_its_chains_is_named_whoever_signed_it(rows: Rows, key: SigningKey, what: What) -> None:
    def change(forger: Forger) -> None:
        forger.run("UPDATE checkpoint_histories SET root = sha256('x') WHERE store_id = '77' AND number = 2")
        root = tree_of(list(HistoryTables(Moment(rows)).held(2).values())).root()

        def signed(checkpoint: Checkpoint) -> Checkpoint:
            signature = key.sign(statement_of(checkpoint.statement.digest(), root))
            return replace(checkpoint, histories=SealedHistories(root, signature))

        forger.replace_checkpoint(2, signed)

    found = _proven_after(rows, change)
    assert found[:3] == (None, 2, what)
    assert what is What.SIGNATURE or found[3] == "the history it sealed of store 77 is not that of its entries"


def test_a_checkpoint_that_is_none_any_more_is_named(rows: Rows) -> None:
    try:
        Forger(rows).run("UPDATE audit_events SET state = 'nonsense' WHERE originator_version = 3")
        place = prove(rows).broken
    finally:
        rows.rollback()
    assert place is not None and (place.store_id, place.seq, place.what) == (None, 3, What.CHECKPOINT)


def test_a_head_that_is_gone_or_too_long_is_named(rows: Rows) -> None:
    place, _ = after(rows, lambda forger: forger.run("UPDATE heads SET seq = 2^62 WHERE store_id = '77'"))
    assert place is not None and (place.seq, place.what) == (LENGTH + 1, What.CUT)
    try:
        Forger(rows).run("DELETE FROM heads WHERE store_id = '77'")
        gone = prove(rows).broken
    finally:
        rows.rollback()
    assert gone is not None and (gone.store_id, gone.seq, gone.what) == (STORE, 1, What.FORGED)


def test_without_a_key_to_trust_a_rewritten_ledger_passes_and_says_so(rows: Rows) -> None:
    ledger = Moment(rows)
    proof = Prover(ledger, is_signed, []).prove([STORE], lambda *_: None)
    assert proof.broken is None and not proof.is_key_trusted
    stranger = Prover(ledger, is_signed, [FOREIGN.public_key]).prove([STORE], lambda *_: None).broken
    assert stranger is not None and stranger.what is What.SIGNATURE


@FEW
@given(data=st.data())
def test_a_part_is_judged_by_itself(rows: Rows, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, LENGTH))
    last = data.draw(st.integers(first, LENGTH))
    spoiled = data.draw(st.integers(1, LENGTH))
    try:
        Forger(rows).change(spoiled, "data", b"{}")
        prover = Prover(Moment(rows), is_signed, [signing_key(KEY).public_key])
        place = prover.prove_part(STORE, first, last, lambda *_: None).broken
    finally:
        rows.rollback()
    if first <= spoiled <= last:
        assert place is not None and (place.seq, place.what) == (spoiled, What.CHANGED)
    else:
        assert place is None


def test_a_part_is_told_of_by_its_own_entries(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr(walking, "EVERY", 4)
    proof = Prover(Moment(rows), is_signed, []).prove_part(STORE, 3, None, lambda _, count: told.append(count))
    assert sum(told) == proof.entries == LENGTH - 2
    assert max(told) <= 4


def test_what_breaks_a_walk_off_is_said_as_postgresql_said_it(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    query = "COPY (SELECT 1 / (3 - n) FROM generate_series(1, 5) AS n) TO STDOUT (FORMAT binary)"
    monkeypatch.setattr(walking, "_COPY", sql.SQL(query))
    with pytest.raises(psycopg.errors.DivisionByZero, match="division by zero"):
        walking.walk(rows, Head(STORE, 0, GENESIS), 5, {}, lambda _: None, lambda _: None)
