"""What checkpoints say of chains at their time, in one walk along all of them."""

from typing import Any

from thaman_audit.domain.checkpoints import head_leaf
from thaman_audit.domain.merkle import Tree
from thaman_audit.errors import ArchiveRefused
from thaman_audit.ledger_export import checkpoint_fields
from thaman_audit.ports import Provable
from thaman_audit.verify import Head


class Seals:
    """Goes from checkpoint to checkpoint and never back; the tree of heads is kept on the way."""

    def __init__(self, ledger: Provable) -> None:
        self._ledger = ledger
        self._checkpoints = ledger.checkpoints()
        self._tree = Tree()
        self._heads: dict[str, Head] = {}
        self._at: int | None = None
        self._said: dict[str, Any] = {}

    def proof(self, store_id: str, number: int) -> dict[str, Any]:
        """A checkpoint with its signature, and a store's place in it with the way to its root. Numbers must not fall.

        Raises:
            ArchiveRefused: the heads that are kept for it do not give its root.
        """
        if self._at != number:
            self._go_to(number)
        own, way = self._heads.get(store_id), self._tree.path(store_id)
        if own is None or way is None:
            raise _spoiled(number)
        proof = {"seq": own.seq, "hash": own.hash.hex(), "index": way[0], "path": [one.hex() for one in way[1]]}
        return self._said | {"proof": proof}

    def _go_to(self, number: int) -> None:
        for checkpoint in self._checkpoints:
            for moved in self._ledger.moved(checkpoint.statement.number):
                self._tree.put(moved.store_id, head_leaf(moved))
                self._heads[moved.store_id] = moved
            if checkpoint.statement.number == number:
                if checkpoint.statement.root != self._tree.root():
                    break
                self._at = number
                self._said = checkpoint_fields(checkpoint) | {"public_key": checkpoint.public_key.hex()}
                return
        raise _spoiled(number)


def _spoiled(number: int) -> ArchiveRefused:
    return ArchiveRefused(f"the heads that are kept for checkpoint {number} are not those it sealed")
