"""A store's ledger as JSON Lines, for whoever wants to verify it without us (docs/guides/verify.md has the format).

Lines are canonical JSON. The first one says what follows: the chain's length and last hash, the public keys, and every
checkpoint with the way from the store's head to its root. Then comes one line for each entry.
"""

import base64
from collections.abc import Iterator
from typing import Any

from thaman_audit.domain.checkpoints import Checkpoint, head_leaf
from thaman_audit.domain.merkle import Tree
from thaman_audit.errors import UnknownStore
from thaman_audit.ports import Provable
from thaman_audit.verify import Entry, Head, micros
from thaman_contracts.envelope import encode

FORMAT = "thaman-ledger-export-1"


def export_lines(ledger: Provable, store_id: str) -> Iterator[bytes]:
    """The lines of a store's export, a page of entries in memory at a time.

    Raises:
        UnknownStore: the ledger has no entry of this store.
        UnreadableCheckpoint: a stored checkpoint is none any more, so nothing can be proven with it.
    """
    head = ledger.head(store_id)
    if head is None:
        raise UnknownStore(store_id)
    yield encode(_header(ledger, head)) + b"\n"
    for entry in ledger.entries(store_id, 0, None):
        yield encode(entry_fields(entry)) + b"\n"


def _header(ledger: Provable, head: Head) -> dict[str, Any]:
    tree, keys, checkpoints = Tree(), dict[str, str](), []
    own: Head | None = None
    for checkpoint in ledger.checkpoints():
        for moved in ledger.moved(checkpoint.statement.number):
            tree.put(moved.store_id, head_leaf(moved))
            own = moved if moved.store_id == head.store_id else own
        keys[checkpoint.statement.key_id] = checkpoint.public_key.hex()
        checkpoints.append(checkpoint_fields(checkpoint) | {"proof": _proof(tree, own)})
    return {
        "format": FORMAT,
        "store_id": head.store_id,
        "length": head.seq,
        "head": head.hash.hex(),
        "keys": [{"key_id": key_id, "public_key": public_key} for key_id, public_key in keys.items()],
        "checkpoints": checkpoints,
    }


def checkpoint_fields(checkpoint: Checkpoint) -> dict[str, Any]:
    """A checkpoint's statement and signature."""
    said = checkpoint.statement
    return {
        "number": said.number,
        "sealed_at": micros(said.sealed_at),
        "stores": said.stores,
        "entries": said.entries,
        "root": said.root.hex(),
        "previous_digest": said.previous.hex(),
        "key_id": said.key_id,
        "signature": checkpoint.signature.hex(),
    }


def _proof(tree: Tree, own: Head | None) -> dict[str, Any] | None:
    way = None if own is None else tree.path(own.store_id)
    if own is None or way is None:
        return None
    index, siblings = way
    return {"seq": own.seq, "hash": own.hash.hex(), "index": index, "path": [sibling.hex() for sibling in siblings]}


def entry_fields(entry: Entry) -> dict[str, Any]:
    """An entry with its bytes."""
    return {
        "seq": entry.seq,
        "event_id": entry.event_id,
        "service": entry.service,
        "type": entry.type,
        "position": entry.position,
        "occurred_at": micros(entry.occurred_at),
        "recorded_at": micros(entry.recorded_at),
        "prev_hash": entry.prev_hash.hex(),
        "hash": entry.hash.hex(),
    } | _data(entry.data)


def _data(data: bytes) -> dict[str, str]:
    """The bytes as text. Events are JSON in UTF-8; whatever else somebody sent is kept, too."""
    try:
        return {"data": data.decode()}
    except UnicodeDecodeError:
        return {"data_base64": base64.b64encode(data).decode()}
