"""Import: chains of other installations, entry by entry held against their hashes and against what was sealed of them.

A single store's export brings its chain and what is made from it. A *set* (:mod:`thaman_audit.ledger_set`) brings every
chain of an installation and its checkpoints with it, so that receipts are the same ones, too.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from thaman_audit.application import envelope_of
from thaman_audit.domain.checkpoints import FIRST, Checkpoint, head_leaf
from thaman_audit.domain.merkle import root_along
from thaman_audit.domain.rows import Rows, project
from thaman_audit.errors import BrokenExport, IncompleteSet, OccupiedStore, UntrustedExport
from thaman_audit.ledger_read import Header, Proven, read_entries, read_header
from thaman_audit.proving import IsSigned, Place, checkpoint_fault
from thaman_audit.unsealed import Unsealed
from thaman_audit.verify import Entry, Head, Sealed, What, verify_chain
from thaman_contracts.events import REGISTRY
from thaman_contracts.ids import SYSTEM

PAGE = 1_000

Lines = Callable[[], Iterator[bytes]]
"""Opens an export: the header's line, then one for each entry."""


class ImportTarget(Protocol):
    """Where chains go, in one transaction: all of them or nothing."""

    def claim(self, store_id: str) -> Head | None:
        """Keep everybody else from the end of a chain; its end, or ``None`` where there is none yet."""

    def entry_head(self, store_id: str, seq: int) -> Head | None:
        """An entry's hash as it is stored."""

    def put(self, entries: list[Entry], rows: Rows) -> None:
        """Add entries, and what follows from them for the read models."""

    def end(self, head: Head) -> None:
        """Say where a chain ends now."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one export. ``is_new`` is false where its entries were here already; ``unsealed`` of its last
    entries no signature proves."""

    header: Header
    sealed: int
    unsealed: int
    is_new: bool


def import_store(
    target: ImportTarget,
    lines: Lines,
    is_signed: IsSigned,
    trusted: Collection[bytes],
    *,
    takes_unsealed: bool = False,
    announced: Sequence[Checkpoint] = (),
) -> Imported:
    """Add a store's chain and what its pages are made of.

    Where keys are trusted, entries after the latest checkpoint come in only if ``takes_unsealed``: whoever passed the
    file on may have written them. ``announced`` are checkpoints that the chain may speak of after them.

    Raises:
        UnreadableExport: a line is none of an export.
        BrokenExport: the chain or a checkpoint does not hold; the first place is named.
        UntrustedExport: no trusted key proves it.
        OccupiedStore: there is another chain of this store here.
    """
    stream = lines()
    header = read_header(next(stream, b""))
    sealed, store_id = sealed_of(header, is_signed), header.head.store_id
    _require_trust(header, trusted, sealed)
    here = target.claim(store_id)
    unsealed = Unsealed(max(sealed, default=0), announced)
    add = _Adding(target, unsealed, is_new=here is None)
    verdict = verify_chain(add.passing(read_entries(store_id, stream)), header.head, sealed)
    if verdict.broken is not None:
        broken = verdict.broken
        raise BrokenExport(str(Place(store_id, broken.seq, broken.what, broken.reason)))
    if here is not None and target.entry_head(store_id, header.head.seq) != header.head:
        raise OccupiedStore(store_id, here.seq, header.head.seq)
    if here is None:
        add.rest()
        target.end(header.head)
    imported = Imported(header, max(sealed, default=0), unsealed.count, is_new=here is None)
    if trusted and not takes_unsealed:
        require_sealed(imported)
    return imported


def require_sealed(imported: Imported) -> None:
    """That somebody sealed all entries; ``UntrustedExport`` where a checkpoint is missing at the end."""
    if imported.unsealed:
        raise UntrustedExport(
            f"the last {imported.unsealed} entries of store {imported.header.head.store_id} are sealed by nobody, so no"
            " key proves them. Export it after the origin's next checkpoint, or take them as they are with --unsealed"
        )


def import_stores(
    target: ImportTarget,
    files: Sequence[Lines],
    is_signed: IsSigned,
    trusted: Collection[bytes],
    *,
    takes_unsealed: bool = False,
) -> list[Imported]:
    """Add the chains of single exports, in the order of the stores. As :func:`import_store`.

    The installation's own chain is refused: it speaks of checkpoints that would not be here.
    """
    # The worker locks the ends of chains in this order, too: in another one both could wait for each other.
    done = [
        import_store(target, lines, is_signed, trusted, takes_unsealed=takes_unsealed)
        for lines in sorted(files, key=_store_id)
    ]
    if any(imported.header.head.store_id == SYSTEM for imported in done):
        raise IncompleteSet(f"the chain of {SYSTEM} comes only with all others, as a set")
    return done


def _store_id(lines: Lines) -> str:
    return read_header(next(lines(), b"")).head.store_id


def sealed_of(header: Header, is_signed: IsSigned) -> Sealed:
    """By length: the checkpoint that sealed the chain at it, and the hash then.

    Raises:
        BrokenExport: a checkpoint is missing, not signed as it is, or does not hold what is said of it.
    """
    sealed: dict[int, tuple[int, bytes]] = {}
    previous, is_held = FIRST, False
    for number, (checkpoint, proven) in enumerate(header.checkpoints, start=1):
        fault = checkpoint_fault(checkpoint, number, previous, is_signed)
        if fault is None and not _is_in(proven, checkpoint.statement.stores, checkpoint.statement.root, is_held):
            reason = "the heads that are kept for it are not those it sealed"
            fault = Place(None, number, What.CHECKPOINT, reason)
        if fault is not None:
            raise BrokenExport(str(fault))
        if proven is not None:
            is_held = True
            sealed.setdefault(proven.head.seq, (number, proven.head.hash))
        previous = checkpoint.statement.digest()
    return sealed


def _is_in(proven: Proven | None, stores: int, root: bytes, is_held: bool) -> bool:
    """Whether a store is where it is said to be; none that was in a checkpoint is missing in a later one."""
    if proven is None:
        return not is_held
    return root_along(head_leaf(proven.head), proven.index, proven.path, stores) == root


def _require_trust(header: Header, trusted: Collection[bytes], sealed: Sealed) -> None:
    if not trusted:
        return
    if not sealed:
        raise UntrustedExport("no checkpoint holds this store yet, so no key proves it")
    latest = header.checkpoints[-1][0]
    if latest.public_key not in trusted:
        raise UntrustedExport(
            f"key {latest.statement.key_id}, which signed its latest checkpoint, is none of those given"
        )


class _Adding:
    """Hands entries to the target once the walk has passed them."""

    def __init__(self, target: ImportTarget, unsealed: Unsealed, *, is_new: bool) -> None:
        self._target = target
        self._unsealed = unsealed
        self._is_new = is_new
        self._passed: list[Entry] = []

    def passing(self, entries: Iterator[Entry]) -> Iterator[Entry]:
        """The same entries. The walk looks one ahead: when it asks for the next, all but the last one are good."""
        for entry in entries:
            self._unsealed.see(entry)
            if self._is_new:
                if len(self._passed) > PAGE:
                    self._put(self._passed[:-1])
                    del self._passed[:-1]
                self._passed.append(entry)
            yield entry

    def rest(self) -> None:
        """The walk came to its end and all is good."""
        self._put(self._passed)
        self._passed = []

    def _put(self, entries: list[Entry]) -> None:
        rows = Rows()
        for entry in entries:
            _fold(entry, rows)
        self._target.put(entries, rows)


def _fold(entry: Entry, rows: Rows) -> None:
    """What an entry says to the read models. It must speak of its own store, or it would change another one's pages."""
    model = REGISTRY.get(entry.type)
    if model is None:
        return
    place = f"entry {entry.seq} of store {entry.store_id}"
    try:
        event = model.model_validate_json(entry.data)
    except ValueError as error:
        raise BrokenExport(f"{place} is no {entry.type}") from error
    if event.store_id != entry.store_id:
        raise BrokenExport(f"{place} speaks of store {event.store_id}")
    project(event, envelope_of(entry), rows)
