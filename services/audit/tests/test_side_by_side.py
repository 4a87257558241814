"""Chains proven by several processes: what they say is what one says, of the same moment."""

import os
import pickle
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest

from thaman_audit.adapters import side_by_side
from thaman_audit.adapters.moment import Moment
from thaman_audit.adapters.side_by_side import chains_of, cut_at
from thaman_audit.adapters.signing import is_signed
from thaman_audit.domain.archived import Segment
from thaman_audit.errors import ArchiveMissing, ArchiveSpoiled, AuditError, MissingEntry, ProofBrokeOff, UnreadableEntry
from thaman_audit.proving import Proof, Prover, one_by_one
from thaman_audit.testing import signing_key
from thaman_audit.testing_proofs import OTHER, STORE, tell_story
from thaman_kit.embedded import EmbeddedPostgres
from thaman_kit.migrate import migrate
from thaman_kit.testing import ROLE_PASSWORD, own_database, template_database


@pytest.fixture
def url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    def prepare(url: str) -> None:
        migrate(url, ["audit"], {"audit": ROLE_PASSWORD})
        tell_story(url)

    with own_database(postgres_server, template=template_database(postgres_server, "audit_story", prepare)) as made:
        yield made


def proofs(url: str, meanwhile: str = "") -> tuple[Proof, Proof]:
    """Of one moment, what one process says and what two say; ``meanwhile`` is done to the ledger after it began."""
    with Moment.of(url) as ledger:
        alone = Prover(ledger, is_signed, [signing_key().public_key])
        alone.prove(ledger.store_ids(), lambda *_: None)
        chains = chains_of(url, ledger, processes=2)
        if meanwhile:
            change(url, meanwhile)
        several = Prover(ledger, is_signed, [signing_key().public_key])
        told: list[tuple[str, int]] = []
        several.prove(ledger.store_ids(), lambda *found: told.append(found), chains)
        assert sum(count for _, count in told) == several.proof.entries
        return alone.proof, several.proof


def change(url: str, statement: str) -> None:
    with psycopg.connect(url, options="-c search_path=audit", autocommit=True) as connection:
        connection.execute(statement.encode())


def test_two_processes_say_what_one_says(url: str) -> None:
    alone, several = proofs(url, meanwhile="UPDATE ledger SET data = '{}' WHERE seq = 2")
    assert alone == several and alone.broken is None and alone.stores > 2, "they see the moment before the change"
    alone, several = proofs(url)
    assert alone == several
    assert alone.broken is not None and alone.broken.seq == 2


def test_the_first_broken_chain_ends_the_proof_whoever_is_faster(url: str) -> None:
    change(url, f"UPDATE ledger SET data = '{{}}' WHERE seq = 2 AND store_id >= '{OTHER}'")
    alone, several = proofs(url)
    assert alone == several
    assert alone.broken is not None and alone.broken.store_id == OTHER


def test_a_process_that_dies_ends_the_proof_with_a_sentence(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "prove_chain", lambda *_: os._exit(9))
    with pytest.raises(ProofBrokeOff, match="ended from outside"):
        proofs(url)


@pytest.mark.parametrize("place", [0, 1, 3, 4, 5, 20])
def test_a_long_chain_is_shared_and_breaks_where_one_process_says(
    url: str, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two and more stretches of four entries: within one, at its end, and at the next one's beginning."""
    monkeypatch.setattr(side_by_side, "cut_at", partial(cut_at, size=4))
    if place:
        change(url, f"UPDATE ledger SET hash = sha256(hash) WHERE seq = {place} AND store_id = '{STORE}'")
    alone, several = proofs(url)
    assert alone == several
    assert (alone.broken is None) if place == 0 else (alone.broken is not None and alone.broken.seq == place)


def test_processes_are_taken_for_a_large_ledger_only(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    with Moment.of(url) as ledger:
        assert chains_of(url, ledger) is one_by_one
        monkeypatch.setattr(side_by_side, "WORTH", 10)
        assert chains_of(url, ledger) is not one_by_one


SEGMENT = Segment("77", 1, 9, "77/1-9.jsonl", "/archive", bytes(32), bytes(32), bytes(32), 1)


@pytest.mark.parametrize(
    "error",
    [
        MissingEntry("77", 3),
        UnreadableEntry("77", 3, "thaman.onboarding.StorePaused.v1"),
        ArchiveSpoiled(SEGMENT, 3),
        ArchiveMissing(SEGMENT, Path("77/1-9.jsonl"), FileNotFoundError(2, "No such file")),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_comes_from_another_process_as_it_was(error: AuditError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
