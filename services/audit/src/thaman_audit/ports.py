"""What the application needs of the world; :mod:`thaman_audit.adapters` provides it."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from thaman_audit.domain.archived import Segment
from thaman_audit.domain.checkpoints import Checkpoint, HeldHead
from thaman_audit.domain.histories import History, Reader
from thaman_audit.domain.rows import Rows
from thaman_audit.verify import Entry, Head, Sealed
from thaman_contracts.envelope import Envelope
from thaman_kit.application import UnitOfWork


class OpenBatch(Protocol):
    """What one unit of work appends."""

    @property
    def rows(self) -> Rows:
        """What follows from the last event for the read models, if it is an entry of its own."""

    def append(self, envelope: Envelope, body: bytes) -> None:
        """One more event."""


class Batches(Protocol):
    """The batch of each unit of work."""

    def of(self, unit: UnitOfWork) -> OpenBatch:
        """The unit's batch, begun with its first event."""


class Tables(Protocol):
    """The ledger and its read models."""

    def select(self, query: str, **params: Any) -> list[dict[str, Any]]:
        """The rows of a named query."""

    def head(self, store_id: str) -> Head | None:
        """The end of a store's chain."""

    def chain(self, store_id: str) -> Iterator[Entry]:
        """A store's whole chain, oldest first."""

    def progress(self) -> list[dict[str, Any]]:
        """Up to which place of each service's log the ledger has read."""


class Checkpoints(Protocol):
    """What was sealed."""

    def latest(self) -> Checkpoint | None:
        """The latest checkpoint."""

    def at(self, number: int) -> Checkpoint | None:
        """The checkpoint of a number."""

    def page(self, before: int, limit: int) -> list[Checkpoint]:
        """Checkpoints below a number, newest first."""

    def signing_keys(self) -> list[dict[str, Any]]:
        """The public keys that signed checkpoints, oldest first."""

    def heads(self) -> list[HeldHead]:
        """All chains' ends at one moment."""

    def seal(self, unit: UnitOfWork, checkpoint: Checkpoint, moved: Sequence[Head]) -> None:
        """Store a checkpoint and the heads that moved."""


class Histories(Protocol):
    """What is sealed of chains as trees of their entries' hashes."""

    def held(self, number: int = ...) -> Mapping[str, History]:
        """By store, the history that a checkpoint holds; the latest one by default."""

    def covering(self, store_id: str, seq: int) -> tuple[int, int] | None:
        """The first checkpoint whose history of a store has an entry, and that history's length."""

    def last(self, store_id: str) -> tuple[int, int] | None:
        """The last checkpoint that noted a history of a store, and that history's length."""

    def reader(self, store_id: str, size: int) -> Reader:
        """A store's history when its chain had so many entries."""

    def grown(self, store_id: str, size: int) -> tuple[Reader, list[tuple[str, int, bytes]]]:
        """The history of a chain that grew to so many entries, and the nodes that nobody kept yet."""

    def note(
        self, unit: UnitOfWork, number: int, moved: Sequence[History], nodes: Sequence[tuple[str, int, bytes]]
    ) -> None:
        """Store the histories that moved until a checkpoint, and nodes over chunks that are whole now."""


class SealedHistories(Protocol):
    """The histories that were sealed, as a proof reads them."""

    def moved(self, number: int) -> list[History]:
        """The histories that a checkpoint noted, because their chains moved."""

    def of_store(self, store_id: str, until: int) -> Iterator[tuple[int, History]]:
        """All histories of a store that checkpoints up to a number noted, oldest first, with the numbers."""


Walk = Callable[[Head, int, Sealed, Callable[[int], None], Callable[[list[bytes]], None]], Head]
"""The last entry that is good, walking from one up to a place; it is told what :meth:`Provable.walk` is."""


class Provable(Protocol):
    """The ledger at one moment, as a proof reads it."""

    @property
    def histories(self) -> SealedHistories:
        """What is sealed of chains as trees."""

    def checkpoints(self) -> Iterator[Checkpoint]:
        """Every checkpoint, oldest first."""

    def moved(self, number: int) -> list[Head]:
        """The heads that moved between a checkpoint and the one before."""

    def announced(self) -> int:
        """The number of the last checkpoint that the ledger itself has heard of."""

    def sealed(self, store_id: str, until: int) -> dict[int, tuple[int, bytes]]:
        """By length: the checkpoint up to ``until`` that sealed a chain at it, and the hash then."""

    def head(self, store_id: str) -> Head | None:
        """The end that is kept of a chain."""

    def entry_head(self, store_id: str, seq: int) -> Head | None:
        """An entry's hash as it is stored."""

    def entries(self, store_id: str, after: int, until: int | None) -> Iterator[Entry]:
        """A chain's entries after one and up to another, oldest first."""

    def is_whole(self, store_id: str) -> bool:
        """Whether all bodies of a chain are in the database, none in the archive's files."""

    def resting(self, store_id: str) -> list[Segment]:
        """The files of a chain that are not here, so that nobody can see the bodies in them."""

    def altered(self, store_id: str) -> Segment | None:
        """The first file of a chain that is here and is not the one that was archived."""

    def walk(
        self,
        start: Head,
        until: int,
        sealed: Sealed,
        tell: Callable[[int], None],
        leaves: Callable[[list[bytes]], None],
    ) -> Head:
        """The last entry that is good, walking from ``start``; ``tell`` hears of how many, ``leaves`` of hashes."""

    def steps(self, head: Head) -> Generator[int, None, Head]:
        """The last entry that is good of a whole chain up to its ``head``, pausing every ten thousand with how many
        were found good since. Whoever leaves before its end can ask nothing more at this moment."""


Opened = Callable[[], AbstractContextManager[Provable]]
"""Opens the ledger at the present moment."""


class Signer(Protocol):
    """Holds a private key."""

    public_key: bytes

    def sign(self, message: bytes) -> bytes:
        """The signature of a message."""
