"""Invariant 4, as far as checkpoints tell: they are whole, and the chains still are what was sealed."""

from collections import defaultdict
from collections.abc import Iterator

from thaman_audit.adapters.checkpoints import checkpoint_of
from thaman_audit.adapters.signing import is_signed
from thaman_audit.domain.histories import History
from thaman_audit.errors import UnreadableCheckpoint
from thaman_audit.proving import judged
from thaman_audit.verify import Head
from thaman_cli.world.facts import Facts
from thaman_cli.world.report import Violation
from thaman_cli.world.salla import SallaView


def check(facts: Facts, salla: SallaView | None) -> Iterator[Violation]:
    """Numbers, signatures and roots of all checkpoints, and each sealed head against its chain."""
    moved: dict[int, list[Head]] = defaultdict(list)
    for row in facts.rows("checkpoint_heads"):
        moved[row["number"]].append(Head(row["store_id"], row["seq"], row["hash"]))
    try:
        checkpoints = [checkpoint_of(row) for row in facts.rows("checkpoints")]
    except UnreadableCheckpoint as error:
        yield Violation(4, "checkpoint_broken", str(error))
        return
    grown: dict[int, list[History]] = defaultdict(list)
    for row in facts.rows("checkpoint_histories"):
        grown[row.pop("number")].append(History(**row))
    for _, place in judged(checkpoints, is_signed, lambda number: moved[number], lambda number: grown[number]):
        if place is not None:
            yield Violation(4, "checkpoint_broken", str(place))
            return
    yield from _chains(facts, moved)


def _chains(facts: Facts, moved: dict[int, list[Head]]) -> Iterator[Violation]:
    hashes = {(entry.store_id, entry.seq): entry.hash for entry in facts.ledger}
    for number, heads in moved.items():
        for head in heads:
            if hashes.get((head.store_id, head.seq)) != head.hash:
                what = f"store {head.store_id}, entry {head.seq} is not what checkpoint {number} sealed"
                yield Violation(4, "sealed_entry_changed", what)
