"""What a checkpoint says, in the bytes that are signed.

Fields have their length in front as in the chains (:mod:`thaman_audit.verify`). A checkpoint's *statement* is a tag and
its fields; its *digest*, which the next checkpoint names, is the statement's SHA-256. The leaf of a chain is a tag, the
store, the chain's length and its last hash.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from thaman_audit.domain.histories import SealedHistories
from thaman_audit.domain.merkle import leaf_hash
from thaman_audit.verify import Head, field, instant, number

STATEMENT_TAG = b"thaman-checkpoint-1"
LEAF_TAG = b"thaman-head-1"
FIRST = bytes(32)
"""What the first checkpoint names as the digest of the one before."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The signed part of a checkpoint. ``key_id`` names the key, ``previous`` is the digest of the one before."""

    number: int
    sealed_at: datetime
    stores: int
    entries: int
    root: bytes
    previous: bytes
    key_id: str

    def to_bytes(self) -> bytes:
        """What is signed."""
        fields = (
            number(self.number),
            instant(self.sealed_at),
            number(self.stores),
            number(self.entries),
            self.root,
            self.previous,
            self.key_id.encode(),
        )
        return STATEMENT_TAG + b"".join(map(field, fields))

    def digest(self) -> bytes:
        """How the next checkpoint names this one."""
        return sha256(self.to_bytes()).digest()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A statement with its signature and the key that verifies it.

    ``histories`` is ``None`` in checkpoints of before there were any.
    """

    statement: Statement
    public_key: bytes
    signature: bytes
    histories: SealedHistories | None = None


@dataclass(frozen=True, slots=True)
class HeldHead:
    """A chain's end now, and the one that the latest checkpoint holds; ``None`` where there is none."""

    store_id: str
    now: Head | None
    held: Head | None

    @property
    def is_backward(self) -> bool:
        """Whether the chain lost or changed what is held of it."""
        if self.held is None:
            return False
        return self.now is None or self.now.seq < self.held.seq or (self.now.seq == self.held.seq and self.moved)

    @property
    def moved(self) -> bool:
        """Whether the checkpoint holds another end."""
        return self.now != self.held


def head_leaf(head: Head) -> bytes:
    """The hash of a chain's end as a leaf."""
    return leaf_hash(LEAF_TAG + field(head.store_id.encode()) + field(number(head.seq)) + field(head.hash))


def key_id_of(public_key: bytes) -> str:
    """How a public key is called: by itself, so that no other key can take its name."""
    return sha256(public_key).hexdigest()[:32]
