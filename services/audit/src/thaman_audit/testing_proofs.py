"""For tests of proofs: a ledger with checkpoints, and hands that do to it what a forger would."""

import importlib.util
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from psycopg import Connection, sql

from thaman_audit.adapters.checkpoints import event_of
from thaman_audit.adapters.moment import Moment
from thaman_audit.adapters.side_by_side import cut_at, put_together, work_of
from thaman_audit.adapters.signing import SigningKey, is_signed
from thaman_audit.bootstrap import build
from thaman_audit.domain.checkpoints import Checkpoint, key_id_of
from thaman_audit.domain.events import CHECKPOINTS_ID
from thaman_audit.ledger_export import export_lines
from thaman_audit.ports import Provable
from thaman_audit.proving import ChainProof, Proof, Prover, Tell, one_by_one
from thaman_audit.testing import KEY, NOW, Streams, settings_for, signing_key
from thaman_audit.testing_events import authorized, observed, price_change
from thaman_audit.verify import Entry, Head, entry_hash
from thaman_contracts.events import audit
from thaman_kit.clock import ManualClock

STORE, OTHER = "77", "8"
ROUNDS = 4
UNSEALED = 2
"""Entries of the store after its latest checkpoint."""
SHORT = 4
"""Entries of a stretch of a chain that tests cut."""
FOREIGN = SigningKey(bytes(reversed(range(32))))
Rows = Connection[dict[str, Any]]


def tell_story(url: str) -> None:
    """Three stores, a checkpoint after each round, which the ledger hears of, and a tail that nothing sealed."""
    clock = ManualClock(NOW)
    container = build(settings_for(url, audit_keys=KEY), clock)
    assert container.sealer is not None
    streams = Streams(container)
    streams.deliver(authorized(STORE), authorized(OTHER), authorized("9"))
    for turn in range(ROUNDS):
        streams.deliver(*price_change(STORE, "1", 10_000 + turn, 9_900 + turn, cause=f"r{turn}"))
        streams.deliver(observed(OTHER, ("1", 500 + turn)), observed(STORE, ("2", 700 + turn)))
        sealed = container.sealer.seal_if_due()
        assert sealed is not None
        event = event_of(sealed)
        said = {name: getattr(event, name) for name in audit.CheckpointSealed.model_fields}
        streams.deliver(audit.CheckpointSealed(**said))
        clock.advance(timedelta(hours=1))
    streams.deliver(*(observed(STORE, ("3", 100 + number)) for number in range(UNSEALED)))
    container.close()


def prove(connection: Rows, *stores: str) -> Proof:
    """What a proof says, with the right key to trust; it is the same whether chains are walked in one go or in short
    stretches."""
    ledger = Moment(connection)
    proofs = [
        Prover(ledger, is_signed, [signing_key().public_key]).prove(
            stores or ledger.store_ids(), lambda _store, _count: None, chains
        )
        for chains in (one_by_one, _in_stretches)
    ]
    assert proofs[0] == proofs[1], proofs
    return proofs[0]


def _in_stretches(ledger: Provable, checkpoints: int, stores: Iterable[str], tell: Tell) -> Iterator[ChainProof]:
    """Chains in stretches of a few entries, put together as those of several processes are."""
    assert isinstance(ledger, Moment)
    lengths = ledger.lengths()
    cut = [(store_id, cut_at(lengths.get(store_id, 0), SHORT)) for store_id in stores]
    done = (piece() for piece in work_of(lambda: ledger, checkpoints, cut))
    return put_together(done, cut, ledger, checkpoints, tell)


def export(connection: Rows, store_id: str = STORE) -> list[bytes]:
    """The lines of a store's export."""
    return list(export_lines(Moment(connection), store_id))


@cache
def verifier() -> ModuleType:
    """The single-file verifier."""
    path = Path(__file__).parents[4] / "docs/guides/verify_ledger.py"
    spec = importlib.util.spec_from_file_location("verify_ledger", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def verify(lines: list[bytes], noted: tuple[int, bytes] | None = None) -> dict[str, Any]:
    """What the single-file verifier says, with the right key to trust."""
    found: dict[str, Any] = verifier().verify(iter(lines), {signing_key().public_key}, noted)
    return found


class Forger:
    """Changes the database behind everybody's back."""

    def __init__(self, connection: Rows) -> None:
        self._connection = connection

    def run(self, statement: str, **params: Any) -> None:
        """A statement, which must do something."""
        assert self._connection.execute(statement.encode(), params).rowcount, "the statement changed nothing"

    def change(self, seq: int, column: str, value: object) -> None:
        """Put another value into an entry."""
        statement = sql.SQL("UPDATE ledger SET {} = {} WHERE store_id = '77' AND seq = {}")
        self.run(statement.format(sql.Identifier(column), value, seq).as_string())

    def drop(self, seq: int) -> None:
        """Take an entry out."""
        self.run("DELETE FROM ledger WHERE store_id = '77' AND seq = %(seq)s", seq=seq)

    def close_gap(self, seq: int) -> None:
        """Number the entries after a dropped one anew, one by one because numbers are unique."""
        for later in range(seq + 1, self.length() + 1):
            self.run("UPDATE ledger SET seq = seq - 1 WHERE store_id = '77' AND seq = %(seq)s", seq=later)
        self.run("UPDATE heads SET seq = seq - 1 WHERE store_id = '77'")

    def swap(self, one: int, other: int) -> None:
        """Give two entries each other's numbers."""
        for before, after in ((one, -1), (other, one), (-1, other)):
            self.run("UPDATE ledger SET seq = %(b)s WHERE store_id = '77' AND seq = %(a)s", a=before, b=after)

    def cut(self, left: int) -> None:
        """Cut the chain after an entry, and make the head fit."""
        self.run("DELETE FROM ledger WHERE store_id = '77' AND seq > %(left)s", left=left)
        self._set_head(left)

    def forge(self, seq: int, until: int | None = None) -> None:
        """Replace an entry's data and hash everything anew from there, the head too where that is to the end."""
        entries = list(Moment(self._connection).entries(STORE, seq - 1, until))
        previous = Moment(self._connection).entry_head(STORE, seq - 1)
        last = previous.hash if previous else bytes(32)
        for entry in entries:
            data = b'{"forged":true}' if entry.seq == seq else entry.data
            last = self._store(replace(entry, data=data, prev_hash=last))
        if until is None:
            self._set_head(entries[-1].seq)

    def replace_checkpoint(self, number: int, change: Callable[[Checkpoint], Checkpoint]) -> None:
        """Put another checkpoint into the place of one."""
        found = next(c for c in Moment(self._connection).checkpoints() if c.statement.number == number)
        state = json.loads(event_of(change(found)).model_dump_json())
        self.run(
            "UPDATE audit_events SET state = convert_to(%(state)s, 'UTF8')"
            " WHERE originator_id = %(id)s AND originator_version = %(number)s",
            state=json.dumps(state), id=CHECKPOINTS_ID, number=number,
        )  # fmt: skip

    def length(self) -> int:
        """The chain's length as its head says."""
        head = Moment(self._connection).head(STORE)
        assert head is not None
        return head.seq

    def _store(self, entry: Entry) -> bytes:
        digest = entry_hash(entry)
        self.run(
            "UPDATE ledger SET data = %(data)s, prev_hash = %(prev)s, hash = %(hash)s"
            " WHERE store_id = '77' AND seq = %(seq)s",
            data=entry.data, prev=entry.prev_hash, hash=digest, seq=entry.seq,
        )  # fmt: skip
        return digest

    def _set_head(self, seq: int) -> None:
        head = Moment(self._connection).entry_head(STORE, seq) or Head(STORE, 0, bytes(32))
        self.run("UPDATE heads SET seq = %(seq)s, hash = %(hash)s WHERE store_id = '77'", seq=head.seq, hash=head.hash)


def signed_by(key: SigningKey, *, renamed: bool, **changes: Any) -> Callable[[Checkpoint], Checkpoint]:
    """A checkpoint with changes, signed by a key; under its own name, or under the one it had."""

    def change(checkpoint: Checkpoint) -> Checkpoint:
        key_id = key_id_of(key.public_key) if renamed else checkpoint.statement.key_id
        said = replace(checkpoint.statement, key_id=key_id, **changes)
        return Checkpoint(said, key.public_key if renamed else checkpoint.public_key, key.sign(said.to_bytes()))

    return change
