"""A chain's *history*: the Merkle tree over the hashes of all its entries, so that one entry can be proven by itself.

A chain's link is made over an entry's content, so a way along the chain shows whatever lies on it. A history does not:
its leaves are the entries' own hashes, its nodes are those of :mod:`thaman_audit.domain.merkle`. An entry's hash is one
of bytes that begin with a tag's letter, and a node's of bytes that begin with ``01``, so leaves need no prefix.

Beside each checkpoint the roots of all histories are put under one more tree, whose root is signed with the
checkpoint's digest. Checkpoints themselves stay what they were.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from thaman_audit.domain.merkle import EMPTY, Tree, leaf_hash, node_hash, parents
from thaman_audit.verify import field, number

STATEMENT_TAG = b"thaman-histories-1"
LEAF_TAG = b"thaman-history-1"
CHUNK = 256
"""So many leaves have a node that is kept, so that a proof needs few rows however long a chain is."""

Leaves = Callable[[int, int], Sequence[bytes]]
"""The hashes of entries from one place up to before another, counted from zero."""


@dataclass(frozen=True, slots=True)
class History:
    """What is sealed of a chain: its length, its last entry's hash, and the root over all its entries' hashes."""

    store_id: str
    seq: int
    hash: bytes
    root: bytes

    def leaf(self) -> bytes:
        """The hash of this history as a leaf of the tree over all stores."""
        fields = (self.store_id.encode(), number(self.seq), self.hash, self.root)
        return leaf_hash(LEAF_TAG + b"".join(map(field, fields)))


@dataclass(frozen=True, slots=True)
class SealedHistories:
    """The root over the histories of all stores, and the signature that ties it to a checkpoint."""

    root: bytes
    signature: bytes


def statement_of(digest: bytes, root: bytes) -> bytes:
    """What is signed: the digest of the checkpoint's statement, and the root over all histories."""
    return STATEMENT_TAG + field(digest) + field(root)


def tree_of(histories: Sequence[History]) -> Tree:
    """The tree over the histories of all stores."""
    tree = Tree()
    for history in histories:
        tree.put(history.store_id, history.leaf())
    return tree


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over so many leaves."""
    level = list(leaves)
    while len(level) > 1:
        level = parents(level)
    return level[0] if level else EMPTY


class Growing:
    """A history that grows leaf by leaf and knows its root at each size: the roots of its full subtrees are kept."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """One more leaf."""
        self._push(leaf, 1)

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Many more leaves."""
        place = 0
        while place < len(leaves):
            if self.size % CHUNK == 0 and len(leaves) - place >= CHUNK:
                self._push(root_of(leaves[place : place + CHUNK]), CHUNK)
                place += CHUNK
            else:
                self.add(leaves[place])
                place += 1

    def _push(self, node: bytes, leaves: int) -> None:
        """One more full subtree over so many leaves, which those before must be a multiple of."""
        place = self.size // leaves
        while place & 1:
            node = node_hash(self._peaks.pop(), node)
            place >>= 1
        self._peaks.append(node)
        self.size += leaves

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self._peaks:
            return EMPTY
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = node_hash(peak, node)
        return node


class Reader:
    """A history of ``size`` entries, read as far as a question needs. ``nodes`` are those over whole chunks."""

    def __init__(self, size: int, nodes: Sequence[bytes], leaves: Leaves) -> None:
        self.size = size
        self._nodes = nodes
        self._leaves = leaves

    def cut(self, size: int) -> "Reader":
        """The history as it was when it had fewer entries."""
        return Reader(size, self._nodes, self._leaves)

    def root(self, first: int = 0, end: int | None = None) -> bytes:
        """The node over the places from ``first`` up to before ``end``, a subtree's; the root by default."""
        end = self.size if end is None else end
        if end - first > CHUNK:
            middle = first + split(end - first)
            return node_hash(self.root(first, middle), self.root(middle, end))
        if end - first == CHUNK and first // CHUNK < len(self._nodes):
            return self._nodes[first // CHUNK]
        return root_of(self._leaves(first, end))

    def path(self, place: int) -> list[bytes]:
        """The siblings on the way from the entry at a place (from zero) to the root, as RFC 6962 orders them."""
        first, end, siblings = 0, self.size, list[bytes]()
        while end - first > 1:
            middle = first + split(end - first)
            if place < middle:
                siblings.append(self.root(middle, end))
                end = middle
            else:
                siblings.append(self.root(first, middle))
                first = middle
        return siblings[::-1]

    def gaps(self, shown: Sequence[int]) -> Iterator[tuple[int, int, bytes | None]]:
        """The whole tree in few pieces, from the left: places ``shown`` (sorted) by themselves and without a hash, and
        between them the largest subtrees without any of them: first place, how many, and the subtree's hash."""
        yield from self._gaps(0, self.size, shown)

    def _gaps(self, first: int, end: int, shown: Sequence[int]) -> Iterator[tuple[int, int, bytes | None]]:
        if not shown:
            yield first, end - first, self.root(first, end)
        elif end - first == 1:
            yield first, 1, None
        else:
            middle = first + split(end - first)
            yield from self._gaps(first, middle, [place for place in shown if place < middle])
            yield from self._gaps(middle, end, [place for place in shown if place >= middle])


def split(size: int) -> int:
    """How many leaves of a tree are on the left: the largest power of two below its size."""
    return 1 << (size - 1).bit_length() - 1


def chunks(first: int, end: int, leaves: Leaves) -> Iterator[tuple[int, bytes]]:
    """The nodes over the whole chunks from one chunk up to before another, each with its number."""
    for chunk in range(first, end):
        yield chunk, root_of(leaves(chunk * CHUNK, (chunk + 1) * CHUNK))
