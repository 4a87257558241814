"""Checkpoints as they are stored: events of the log, and the heads that moved."""

import base64
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from thaman_audit.domain.checkpoints import Checkpoint, HeldHead, Statement
from thaman_audit.domain.events import CHECKPOINTS_ID, CheckpointSealed
from thaman_audit.domain.histories import SealedHistories
from thaman_audit.errors import UnreadableCheckpoint
from thaman_audit.verify import Head
from thaman_contracts.events import audit
from thaman_contracts.ids import SYSTEM
from thaman_kit.application import UnitOfWork
from thaman_kit.database import load_queries

queries = partial(load_queries, "thaman_audit", "adapters/checkpoints.sql")
PAGE = 500


class Rows(Protocol):
    """Whatever can be asked for rows: the service's pool, or one connection that sees one moment."""

    def fetch_all(self, sql: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """All rows of a query."""


class CheckpointTables:
    """Reads checkpoints, and notes heads in a unit of work."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def latest(self) -> Checkpoint | None:
        """The latest checkpoint."""
        found = self._select("latest", checkpoints=CHECKPOINTS_ID)
        return checkpoint_of(found[0]) if found else None

    def at(self, number: int) -> Checkpoint | None:
        """The checkpoint of a number."""
        found = self.page(number + 1, 1)
        return found[0] if found and found[0].statement.number == number else None

    def page(self, before: int, limit: int) -> list[Checkpoint]:
        """Checkpoints below a number, newest first."""
        return [
            checkpoint_of(row) for row in self._select("page", checkpoints=CHECKPOINTS_ID, before=before, limit=limit)
        ]

    def checkpoints(self) -> Iterator[Checkpoint]:
        """Every checkpoint, oldest first, a page in memory at a time."""
        after = 0
        while True:
            page = self._select("onwards", checkpoints=CHECKPOINTS_ID, after=after, limit=PAGE)
            yield from map(checkpoint_of, page)
            if len(page) < PAGE:
                return
            after = page[-1]["originator_version"]

    def signing_keys(self) -> list[dict[str, Any]]:
        """The public keys that signed checkpoints, oldest first."""
        return self._select("keys", checkpoints=CHECKPOINTS_ID)

    def heads(self) -> list[HeldHead]:
        """All chains' ends at one moment."""
        return [
            HeldHead(
                row["store_id"],
                _head(row["store_id"], row["seq"], row["hash"]),
                _head(row["store_id"], row["held_seq"], row["held_hash"]),
            )
            for row in self._select("heads")
        ]

    def moved(self, number: int) -> list[Head]:
        """The heads that moved between a checkpoint and the one before."""
        return [Head(**row) for row in self._select("moved", number=number)]

    def sealed(self, store_id: str, until: int) -> dict[int, tuple[int, bytes]]:
        """At which lengths checkpoints up to a number sealed a chain: by length, the first one and the hash."""
        rows = self._select("sealed", store_id=store_id, until=until)
        return {row["seq"]: (row["number"], row["hash"]) for row in rows}

    def announced(self) -> int:
        """The number of the last checkpoint that the ledger itself has heard of; 0 for none."""
        found = self._select("announced", system=SYSTEM, type=audit.CheckpointSealed.event_type())
        try:
            return int(json.loads(found[0]["data"])["number"]) if found else 0
        except (ValueError, KeyError, TypeError):
            return 0  # the entry was changed, which the walk along its chain finds

    def seal(self, unit: UnitOfWork, checkpoint: Checkpoint, moved: Sequence[Head]) -> None:
        """Store a checkpoint and the heads that moved; the commit conflicts where its number is taken."""
        unit.record(event_of(checkpoint))
        columns = {
            "number": checkpoint.statement.number,
            "store_ids": [head.store_id for head in moved],
            "seqs": [head.seq for head in moved],
            "hashes": [head.hash for head in moved],
        }
        unit.execute(queries()["hold"], columns)

    def _select(self, query: str, **params: Any) -> list[dict[str, Any]]:
        return self._rows.fetch_all(queries()[query], params)


def checkpoint_of(row: dict[str, Any]) -> Checkpoint:
    """A checkpoint as stored.

    Raises:
        UnreadableCheckpoint: the row was changed into something that is none.
    """
    try:
        said = json.loads(row["state"])
        statement = Statement(
            number=said["number"],
            sealed_at=datetime.fromisoformat(said["occurred_at"]),
            stores=said["stores"],
            entries=said["entries"],
            root=bytes.fromhex(said["root"]),
            previous=bytes.fromhex(said["previous_digest"]),
            key_id=said["key_id"],
        )
        statement.to_bytes()  # refuses what has no hashed form
        public_key, signature = base64.b64decode(said["public_key"]), base64.b64decode(said["signature"])
        return Checkpoint(statement, public_key, signature, _histories(said))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise UnreadableCheckpoint(row["originator_version"]) from error


def _histories(said: dict[str, Any]) -> SealedHistories | None:
    root, signature = said.get("histories_root"), said.get("histories_signature")
    if root is None or signature is None:
        return None
    return SealedHistories(bytes.fromhex(root), base64.b64decode(signature))


def event_of(checkpoint: Checkpoint) -> CheckpointSealed:
    """The event that stores and publishes a checkpoint; its version is the checkpoint's number."""
    statement, histories = checkpoint.statement, checkpoint.histories
    return CheckpointSealed(
        originator_id=CHECKPOINTS_ID,
        originator_version=statement.number,
        store_id=SYSTEM,
        occurred_at=statement.sealed_at,
        number=statement.number,
        stores=statement.stores,
        entries=statement.entries,
        root=statement.root.hex(),
        previous_digest=statement.previous.hex(),
        key_id=statement.key_id,
        public_key=base64.b64encode(checkpoint.public_key).decode(),
        signature=base64.b64encode(checkpoint.signature).decode(),
        histories_root=histories.root.hex() if histories else None,
        histories_signature=base64.b64encode(histories.signature).decode() if histories else None,
    )


def _head(store_id: str, seq: int | None, hash: bytes | None) -> Head | None:
    return None if seq is None or hash is None else Head(store_id, seq, hash)
