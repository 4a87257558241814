"""Proving the whole ledger: checkpoints first, then each chain, up to the first place that does not hold.

Signatures need a key to trust. Where somebody gives keys, the latest checkpoint must be signed with one of them;
earlier ones may be signed with others, because the latest one names them through the digests. Where nobody gives any,
the latest checkpoint's own key is believed, which whoever can rewrite the whole database can also make.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from thaman_audit.domain.archived import Segment
from thaman_audit.domain.checkpoints import FIRST, Checkpoint, head_leaf, key_id_of
from thaman_audit.domain.histories import Growing, History, statement_of
from thaman_audit.domain.merkle import Tree
from thaman_audit.errors import ArchiveMissing, ArchiveSpoiled, UnreadableCheckpoint
from thaman_audit.ports import Provable, Walk
from thaman_audit.verify import GENESIS, Broken, Head, Sealed, What, verify_chain

IsSigned = Callable[[bytes, bytes, bytes], bool]
"""Whether a public key has signed a message with a signature, in the order key, signature, message."""

Tell = Callable[[str, int], None]
"""Hears of a store, and of entries of it that were found good since the last time."""


@dataclass(frozen=True, slots=True)
class Place:
    """The first broken place: an entry of a store's chain, or a checkpoint where ``store_id`` is ``None``."""

    store_id: str | None
    seq: int
    what: What
    reason: str

    def __str__(self) -> str:
        where = f"Checkpoint {self.seq}" if self.store_id is None else f"Store {self.store_id}, entry {self.seq}"
        return f"{where}: {self.what} ({self.reason})."


@dataclass(slots=True)
class Proof:
    """What was looked at: entries found good, how many of them are sealed, and the first broken place."""

    stores: int = 0
    entries: int = 0
    sealed: int = 0
    checkpoints: int = 0
    key_ids: list[str] = field(default_factory=list)
    is_key_trusted: bool = False
    resting: list[Segment] = field(default_factory=list)
    """Files of the archive that are not here: what is in them rests on its digest and on what was sealed of it."""
    broken: Place | None = None


class Prover:
    """One look at the ledger, which must not change meanwhile."""

    def __init__(self, ledger: Provable, is_signed: IsSigned, trusted: Collection[bytes]) -> None:
        self._ledger = ledger
        self._is_signed = is_signed
        self._trusted = trusted
        self.proof = Proof(is_key_trusted=bool(trusted))

    def prove(self, stores: Iterable[str], tell: Tell, chains: "Chains | None" = None) -> Proof:
        """Check all checkpoints and whole chains; ``tell`` hears of a store and of entries found good.

        ``chains`` proves the chains in their order, as :func:`one_by_one` does.
        """
        proof = self.proof
        proof.broken = self._checkpoints()
        if proof.broken is None:
            for chain in (chains or one_by_one)(self._ledger, proof.checkpoints, stores, tell):
                self._count(chain)
                if proof.broken is not None:
                    break
        return proof

    def prove_part(self, store_id: str, first: int, last: int | None, tell: Tell) -> Proof:
        """Check all checkpoints and a part of one chain; what comes before ``first`` is believed."""
        self.proof.broken = self._checkpoints()
        if self.proof.broken is None:
            self._count(prove_chain(self._ledger, self.proof.checkpoints, store_id, first - 1, last, tell))
        self.proof.stores = 1
        return self.proof

    def _count(self, chain: "ChainProof") -> None:
        self.proof.stores += 1
        self.proof.entries += chain.entries
        self.proof.sealed += chain.sealed
        self.proof.resting += chain.resting
        self.proof.broken = chain.broken

    def _checkpoints(self) -> Place | None:
        broken, latest = None, None
        try:
            for latest, broken in judged(
                self._ledger.checkpoints(), self._is_signed, self._ledger.moved, self._ledger.histories.moved
            ):
                self.proof.checkpoints += broken is None
                if broken is not None:
                    return broken
                if latest.statement.key_id not in self.proof.key_ids:
                    self.proof.key_ids.append(latest.statement.key_id)
        except UnreadableCheckpoint as error:
            return Place(None, error.number, What.CHECKPOINT, str(error))
        count = self.proof.checkpoints
        announced = self._ledger.announced()
        if announced > count:
            return Place(
                None, count + 1, What.CUT, f"the ledger has heard of checkpoint {announced}, there are {count}"
            )
        if latest is not None and self._trusted and latest.public_key not in self._trusted:
            return Place(None, count, What.SIGNATURE, f"key {latest.statement.key_id} is none of those given")
        return None


@dataclass(frozen=True, slots=True)
class ChainProof:
    """What was found of one chain: how many entries are good, how many of them sealed, which files of the archive are
    not here, and the first broken place."""

    entries: int
    sealed: int
    resting: tuple[Segment, ...]
    broken: Place | None


Chains = Callable[[Provable, int, Iterable[str], Tell], Iterator[ChainProof]]
"""Proves the chains of stores in their order, by the ledger, its number of checkpoints, the stores and who is told."""


def one_by_one(ledger: Provable, checkpoints: int, stores: Iterable[str], tell: Tell) -> Iterator[ChainProof]:
    """Each chain after the one before it."""
    return (prove_chain(ledger, checkpoints, store_id, 0, None, tell) for store_id in stores)


def prove_chain(
    ledger: Provable,
    checkpoints: int,
    store_id: str,
    after: int,
    last: int | None,
    tell: Tell,
    walk: Walk | None = None,
) -> ChainProof:
    """Walk a chain from behind an entry, which is believed, up to ``last`` or its end; ``walk`` is the ledger's own by
    default."""
    sealed = ledger.sealed(store_id, checkpoints)
    head = ledger.head(store_id) or Head(store_id, 0, GENESIS)
    start = ledger.entry_head(store_id, after) if after else Head(store_id, 0, GENESIS)
    if start is None:
        reason = f"entry {after} is missing, so entry {after + 1} follows nothing"
        return ChainProof(0, 0, (), Place(store_id, after, What.DROPPED, reason))
    end = ledger.entry_head(store_id, last) if last is not None and last < head.seq else None
    if end is not None:
        head, sealed = end, {seq: value for seq, value in sealed.items() if seq <= end.seq}
    # Of a part nothing is known of the entries before it, so no history can be made again.
    histories = _Histories(ledger.histories.of_store(store_id, checkpoints) if after == 0 else ())
    good = (walk or ledger.walk)(start, head.seq, sealed, lambda count: tell(store_id, count), histories)
    # The last good entry is read once more: the next one may show that it is a forgery.
    again = ledger.entry_head(store_id, good.seq - 1) if good.seq - 1 > after else start
    place = _broken(ledger, good, again or start, end.seq if end is not None else None, head, sealed)
    resting = tuple(one for one in ledger.resting(store_id) if one.last > after and one.first <= head.seq)
    is_sealed = max(0, min(good.seq, max(sealed, default=0)) - after)
    return ChainProof(good.seq - after, is_sealed, resting, place or histories.broken)


def _broken(ledger: Provable, good: Head, again: Head, until: int | None, head: Head, sealed: Sealed) -> Place | None:
    """What is wrong with what follows the last good entry, or with the files in which entries rest."""
    try:
        broken = _rest(ledger, good, again, until, head, sealed)
    except (ArchiveMissing, ArchiveSpoiled) as error:
        return Place(good.store_id, good.seq + 1, What.CHANGED, f"it does not hold, and {error}")
    if broken is not None:
        return Place(good.store_id, broken.seq, broken.what, broken.reason)
    altered = ledger.altered(good.store_id)
    if altered is not None:
        reason = f"its entries hold, but {altered.file} is not the file that was archived"
        return Place(good.store_id, altered.first, What.CHANGED, reason)
    return None


def _rest(ledger: Provable, good: Head, again: Head, until: int | None, head: Head, sealed: Sealed) -> Broken | None:
    """What follows the last good entry, which is read once more where its body can be seen."""
    try:
        return verify_chain(ledger.entries(good.store_id, again.seq, until), head, sealed, again).broken
    except (ArchiveMissing, ArchiveSpoiled):
        return verify_chain(ledger.entries(good.store_id, good.seq, until), head, sealed, good).broken


class _Histories:
    """What was sealed of one chain as a tree, held against its entries' hashes as a walk meets them."""

    def __init__(self, sealed: Iterable[tuple[int, History]]) -> None:
        self._grown = Growing()
        self._sealed = iter(sealed)
        self._next = next(self._sealed, None)
        self.broken: Place | None = None

    def __call__(self, leaves: list[bytes]) -> None:
        """The next entries' hashes."""
        place = 0
        while self._next is not None and place < len(leaves):
            number, history = self._next
            missing = history.seq - self._grown.size
            if missing <= 0:  # no size of this chain any more, which its leaf of the sealed tree tells
                return
            self._grown.extend(leaves[place : place + missing])
            place += missing
            if history.seq == self._grown.size:
                self._compare(number, history)
                self._next = next(self._sealed, None)

    def _compare(self, number: int, history: History) -> None:
        if self.broken is None and history.root != self._grown.root():
            reason = f"the history it sealed of store {history.store_id} is not that of its entries"
            self.broken = Place(None, number, What.CHECKPOINT, reason)


def judged(
    checkpoints: Iterable[Checkpoint],
    is_signed: IsSigned,
    moved: Callable[[int], Iterable[Head]],
    grown: Callable[[int], Iterable[History]],
) -> Iterator[tuple[Checkpoint, Place | None]]:
    """Each checkpoint with what is wrong with it, oldest first.

    ``moved`` gives the heads that it noted, ``grown`` the histories.
    """
    tree, lengths, entries, previous, histories = Tree(), dict[str, int](), 0, FIRST, Tree()
    for number, checkpoint in enumerate(checkpoints, start=1):
        for head in moved(number):
            tree.put(head.store_id, head_leaf(head))
            entries += head.seq - lengths.get(head.store_id, 0)
            lengths[head.store_id] = head.seq
        said = checkpoint.statement
        broken = checkpoint_fault(checkpoint, number, previous, is_signed)
        if broken is None and (said.root, said.stores, said.entries) != (tree.root(), len(tree), entries):
            broken = Place(None, number, What.CHECKPOINT, "the heads that are kept for it are not those it sealed")
        for history in grown(number):
            histories.put(history.store_id, history.leaf())
        yield checkpoint, broken or _histories_fault(checkpoint, histories, is_signed)
        previous = said.digest()


def checkpoint_fault(checkpoint: Checkpoint, number: int, previous: bytes, is_signed: IsSigned) -> Place | None:
    """What is wrong with a checkpoint that should follow the one with the digest ``previous``, its tree left aside."""
    said = checkpoint.statement
    if said.number != number:
        return Place(None, number, What.CHECKPOINT, f"it is missing, checkpoint {said.number} stands in its place")
    if said.previous != previous:
        return Place(None, number, What.CHECKPOINT, "it does not name the checkpoint before it")
    if said.key_id != key_id_of(checkpoint.public_key):
        return Place(None, number, What.SIGNATURE, f"its key is not key {said.key_id}")
    if not is_signed(checkpoint.public_key, checkpoint.signature, said.to_bytes()):
        return Place(None, number, What.SIGNATURE, f"key {said.key_id} did not sign it as it is")
    return None


def _histories_fault(checkpoint: Checkpoint, tree: Tree, is_signed: IsSigned) -> Place | None:
    sealed, number = checkpoint.histories, checkpoint.statement.number
    if sealed is None:
        return None
    signed = statement_of(checkpoint.statement.digest(), sealed.root)
    if not is_signed(checkpoint.public_key, sealed.signature, signed):
        return Place(None, number, What.SIGNATURE, f"key {checkpoint.statement.key_id} did not sign its histories")
    if tree.root() != sealed.root:
        return Place(None, number, What.CHECKPOINT, "the histories that are kept for it are not those it sealed")
    return None
