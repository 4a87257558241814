"""What can go wrong in the audit.

::

    AuditError
    ├── UnknownStore      the ledger has no entry of this store
    ├── UnknownItem       the ledger has no price of this item
    │   └── PricedByVariants  a product that has none, while its variants have
    ├── FutureInstant     a question about what has not happened yet
    ├── UnknownRun        the ledger has heard of no such run
    ├── UnknownCheckpoint nothing was sealed yet
    ├── UnknownReceipt    no applied price of this item has this event id
    ├── NotSealedYet      an entry is younger than the latest checkpoint, so nothing proves it yet
    ├── NothingToShow     a pack would have no event in it
    ├── BackwardChain     a chain is not what the latest checkpoint holds, so nothing is sealed over it
    ├── UnreadableCheckpoint  a stored checkpoint is none any more
    ├── ImportRefused     a file is not imported, and neither is any other that came with it
    │   ├── UnreadableExport  a line is none of an export
    │   ├── BrokenExport      a chain or a checkpoint does not hold
    │   ├── UntrustedExport   no trusted key proves it
    │   ├── OccupiedStore     there is another chain of this store here
    │   ├── OccupiedEvent     an event of it is here already, in another chain
    │   └── IncompleteSet     a set is not whole, or does not go into what is here
    ├── ArchiveMissing    a file of the archive is needed that cannot be read here
    ├── ArchiveRefused    nothing is archived as things are
    ├── ProofBrokeOff     a process that proved chains is gone
    └── SpoiledLedger     the ledger contradicts itself, so nothing can be handed over from it
        ├── SharedRun         several stores say that a run is theirs
        ├── ArchiveSpoiled    a file does not hold what was archived
        ├── ForeignEntry      an entry in a store's chain speaks of another store
        ├── UnreadableEntry   an entry is not the event that it says
        └── MissingEntry      an entry is not where the chain's end says
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from thaman_audit.domain.archived import Segment


class AuditError(Exception):
    """The root of the audit's errors. Each can go to another process, whatever it was made of."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Made again of its words, because pickle would hand them to the constructor in the place of what it takes.
        return _again, (type(self), self.args), self.__dict__


def _again(kind: type[AuditError], args: tuple[object, ...]) -> AuditError:
    return kind.__new__(kind, *args)


class UnknownStore(AuditError):
    """The ledger has no entry of this store."""


class UnknownItem(AuditError):
    """The ledger has no price of this item."""


class PricedByVariants(UnknownItem):
    """A product that has no price of its own, while its variants have; some of them are named."""

    def __init__(self, item: str, variants: Sequence[str]) -> None:
        super().__init__(f"{item} is priced through its variants: {', '.join(variants)}")
        self.variants = tuple(variants)


class FutureInstant(AuditError):
    """A question about what has not happened yet."""


class UnknownRun(AuditError):
    """The ledger has heard of no such run."""


class UnknownCheckpoint(AuditError):
    """Nothing was sealed yet."""


class UnknownReceipt(AuditError):
    """No applied price of this item has this event id."""


class NotSealedYet(AuditError):
    """An entry is younger than the latest checkpoint. ``latest`` is when that one was sealed, if there is one."""

    def __init__(self, what: str, latest: datetime | None) -> None:
        super().__init__(f"{what} is not sealed yet")
        self.latest = latest


class NothingToShow(AuditError):
    """A pack would have no event in it: none of these items had one in these dates."""


class BackwardChain(AuditError):
    """A chain is not what the latest checkpoint holds, so nothing is sealed over it."""

    def __init__(self, store_id: str, checkpoint: int) -> None:
        super().__init__(
            f"the chain of store {store_id} no longer is what checkpoint {checkpoint} holds; nothing is sealed over it."
            " Run `thaman audit verify`."
        )


class UnreadableCheckpoint(AuditError):
    """A stored checkpoint is none any more."""

    def __init__(self, number: int) -> None:
        super().__init__(f"checkpoint {number} cannot be read: its row was changed")
        self.number = number


class ImportRefused(AuditError):
    """A file is not imported, and neither is any other that came with it; the message says why."""


class UnreadableExport(ImportRefused):
    """A line is none of an export."""


class BrokenExport(ImportRefused):
    """A chain or a checkpoint does not hold; the message names the first place."""


class UntrustedExport(ImportRefused):
    """No trusted key proves what a file says."""


class OccupiedStore(ImportRefused):
    """There is another chain of this store here. ``here`` and ``there`` are how many entries each has."""

    def __init__(self, store_id: str, here: int, there: int) -> None:
        super().__init__(f"store {store_id} has {here} entries here, which are not those {there} of the file")


class OccupiedEvent(ImportRefused):
    """An event of the file is in the ledger already, in another chain."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"an event of it is in the ledger already, in another chain ({detail})")


class IncompleteSet(ImportRefused):
    """A set of files is not whole, or does not go into what is here."""


class ArchiveMissing(AuditError):
    """A file of the archive is needed that cannot be read here. The message names it, and why; ``file`` is its name in
    the archive."""

    def __init__(self, segment: Segment, path: Path, reason: OSError) -> None:
        super().__init__(
            f"entries {segment.first} to {segment.last} of store {segment.store_id} rest in {path}, which cannot be"
            f" read: {reason.strerror or reason}"
        )
        self.file = segment.file


class ArchiveRefused(AuditError):
    """Nothing is archived as things are; the message says why."""


class ProofBrokeOff(AuditError):
    """A process that proved chains is gone; how many chains hold is not known."""

    def __init__(self) -> None:
        super().__init__("a process that proved chains was ended from outside, perhaps because memory ran out")


class SpoiledLedger(AuditError):
    """The ledger contradicts itself, so nothing can be handed over from it; the message says where."""


class SharedRun(SpoiledLedger):
    """Several stores say that a run is theirs."""

    def __init__(self, run_id: UUID, stores: Sequence[str]) -> None:
        super().__init__(f"run {run_id} belongs to the stores {', '.join(map(repr, stores))}")


class ArchiveSpoiled(SpoiledLedger):
    """A file of the archive does not hold what was archived."""

    def __init__(self, segment: Segment, seq: int) -> None:
        super().__init__(f"{segment.file} does not hold entry {seq} of store {segment.store_id} as it was archived")


class ForeignEntry(SpoiledLedger):
    """An entry in a store's chain speaks of another store."""

    def __init__(self, store_id: str, seq: int, said: str) -> None:
        super().__init__(f"entry {seq} in the chain of store {store_id!r} speaks of store {said!r}")


class UnreadableEntry(SpoiledLedger):
    """An entry is not the event that it says."""

    def __init__(self, store_id: str, seq: int, event_type: str) -> None:
        super().__init__(f"entry {seq} in the chain of store {store_id!r} is no {event_type}")


class MissingEntry(SpoiledLedger):
    """An entry is not there, though the chain's end says that it was written."""

    def __init__(self, store_id: str, seq: int) -> None:
        super().__init__(f"entry {seq} of store {store_id} is not in the ledger")
