"""Entries after the latest checkpoint of an export: their chain holds, but no signature says who wrote them."""

import base64
from collections.abc import Sequence

from thaman_audit.domain.checkpoints import Checkpoint
from thaman_audit.verify import Entry
from thaman_contracts.events import audit
from thaman_contracts.ids import SYSTEM

_TYPE = audit.CheckpointSealed.event_type()


class Unsealed:
    """Counts the entries of a chain after ``sealed`` that nobody sealed.

    That a checkpoint was sealed is entered after it, so the latest one's entry is always beyond what is sealed. Such an
    entry is not counted where it says what the signed one of its number among ``checkpoints`` says.
    """

    def __init__(self, sealed: int, checkpoints: Sequence[Checkpoint]) -> None:
        self._sealed = sealed
        self._checkpoints = checkpoints
        self.count = 0

    def see(self, entry: Entry) -> None:
        """The next entry."""
        if entry.seq > self._sealed and not self._is_signed(entry):
            self.count += 1

    def _is_signed(self, entry: Entry) -> bool:
        if (entry.store_id, entry.type) != (SYSTEM, _TYPE):
            return False
        try:
            said = audit.CheckpointSealed.model_validate_json(entry.data)
        except ValueError:
            return False
        return said.number <= len(self._checkpoints) and _says(said, self._checkpoints[said.number - 1])


def _says(said: audit.CheckpointSealed, checkpoint: Checkpoint) -> bool:
    statement, histories = checkpoint.statement, checkpoint.histories
    fields = {
        "store_id": SYSTEM,
        "occurred_at": statement.sealed_at,
        "number": statement.number,
        "stores": statement.stores,
        "entries": statement.entries,
        "root": statement.root.hex(),
        "previous_digest": statement.previous.hex(),
        "key_id": statement.key_id,
        "public_key": _base64(checkpoint.public_key),
        "signature": _base64(checkpoint.signature),
        "histories_root": histories.root.hex() if histories else None,
        "histories_signature": _base64(histories.signature) if histories else None,
    }
    return all(getattr(said, name) == value for name, value in fields.items())


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
