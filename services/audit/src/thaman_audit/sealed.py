"""What receipts and proof packs have in common: a checkpoint, and the way from a store's history to its signature."""

from dataclasses import dataclass
from typing import Any

from thaman_audit.domain.checkpoints import Checkpoint
from thaman_audit.domain.histories import History, Reader, tree_of
from thaman_audit.errors import SpoiledLedger
from thaman_audit.ledger_export import checkpoint_fields
from thaman_audit.ports import Checkpoints, Histories


@dataclass(frozen=True, slots=True)
class Sealed:
    """A store's history under a checkpoint. ``reader`` shows parts of it."""

    history: History
    reader: Reader
    fields: dict[str, Any]


def sealed_by(checkpoints: Checkpoints, histories: Histories, store_id: str, number: int) -> Sealed:
    """A store's history as a checkpoint sealed it, with the way to the checkpoint's signature as JSON.

    Raises:
        UnreadableCheckpoint: the stored checkpoint is none any more.
        SpoiledLedger: what is stored is not what was sealed.
    """
    checkpoint, held = checkpoints.at(number), histories.held(number)
    tree = tree_of(list(held.values()))
    way = tree.path(store_id)
    if checkpoint is None or checkpoint.histories is None or way is None or tree.root() != checkpoint.histories.root:
        raise SpoiledLedger(f"the histories that are kept for checkpoint {number} are not those it sealed")
    history = held[store_id]
    reader = histories.reader(store_id, history.seq)
    fields = {
        "store_id": store_id,
        "checkpoint": checkpoint_with_histories(checkpoint),
        "history": {
            "seq": history.seq,
            "hash": history.hash.hex(),
            "root": history.root.hex(),
            "index": way[0],
            "path": [sibling.hex() for sibling in way[1]],
        },
    }
    return Sealed(history, reader, fields)


def checkpoint_with_histories(checkpoint: Checkpoint) -> dict[str, Any]:
    """A checkpoint with its key, and what ties the histories to it."""
    assert checkpoint.histories is not None
    return checkpoint_fields(checkpoint) | {
        "public_key": checkpoint.public_key.hex(),
        "histories_root": checkpoint.histories.root.hex(),
        "histories_signature": checkpoint.histories.signature.hex(),
    }
