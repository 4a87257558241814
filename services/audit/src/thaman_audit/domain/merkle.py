"""Merkle trees as in RFC 6962: leaves and nodes are hashed apart, and a node without a sibling moves up as it is."""

from bisect import bisect_left
from collections.abc import Sequence
from hashlib import sha256

EMPTY = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two nodes' parent."""
    return sha256(b"\x01" + left + right).digest()


def root_along(leaf: bytes, index: int, path: Sequence[bytes], size: int) -> bytes | None:
    """The root that a leaf and its siblings give (RFC 9162, 2.1.3.2); ``None`` where they do not fit the size."""
    last, found = size - 1, leaf
    if not 0 <= index < size:
        return None
    for sibling in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            found = node_hash(sibling, found)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        index, last = index >> 1, last >> 1
    return found if last == 0 else None


def parents(level: Sequence[bytes]) -> list[bytes]:
    """The level above one; a node without a sibling moves up as it is."""
    # The same as :func:`node_hash`, which a call for each of a million nodes would double in price.
    made = [sha256(b"\x01" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
    return made + list(level[-1:]) if len(level) % 2 else made


class Tree:
    """A tree over named leaves in the order of their names (as UTF-8).

    It is kept level by level, so that a changed leaf costs one way to the root; only a new leaf makes it anew.
    """

    def __init__(self) -> None:
        self._names: list[bytes] = []
        self._levels: list[list[bytes]] = [[]]
        self._is_stale = False

    def __len__(self) -> int:
        return len(self._names)

    def put(self, name: str, leaf: bytes) -> None:
        """Set the leaf of a name to a hash made by :func:`leaf_hash`."""
        key = name.encode()
        index = bisect_left(self._names, key)
        leaves = self._levels[0]
        if index < len(self._names) and self._names[index] == key:
            leaves[index] = leaf
            if not self._is_stale:
                self._climb(index)
        else:
            self._names.insert(index, key)
            leaves.insert(index, leaf)
            self._is_stale = True

    def root(self) -> bytes:
        """The root; of no leaves the hash of nothing."""
        self._freshen()
        return self._levels[-1][0] if self._names else EMPTY

    def path(self, name: str) -> tuple[int, list[bytes]] | None:
        """The place of a leaf, and the siblings on its way to the root; ``None`` where there is no such leaf."""
        key = name.encode()
        index = bisect_left(self._names, key)
        if index == len(self._names) or self._names[index] != key:
            return None
        self._freshen()
        siblings, place = [], index
        for level in self._levels[:-1]:
            if place ^ 1 < len(level):
                siblings.append(level[place ^ 1])
            place >>= 1
        return index, siblings

    def _climb(self, index: int) -> None:
        for below, above in zip(self._levels, self._levels[1:], strict=False):
            index >>= 1
            above[index] = _parent(below, index)

    def _freshen(self) -> None:
        if not self._is_stale:
            return
        levels = [self._levels[0]]
        while len(levels[-1]) > 1:
            below = levels[-1]
            levels.append([_parent(below, index) for index in range((len(below) + 1) // 2)])
        self._levels, self._is_stale = levels, False


def _parent(level: list[bytes], index: int) -> bytes:
    left = 2 * index
    return node_hash(level[left], level[left + 1]) if left + 1 < len(level) else level[left]
