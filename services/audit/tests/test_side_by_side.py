"""Chains proven by several processes: what they say is what one says, of the same moment."""

from collections.abc import Iterator

import psycopg
import pytest

from thaman_audit.adapters.moment import Moment
from thaman_audit.adapters.side_by_side import chains_of
from thaman_audit.adapters.signing import is_signed
from thaman_audit.proving import Proof, Prover
from thaman_audit.testing import signing_key
from thaman_audit.testing_proofs import OTHER, tell_story
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
