"""Histories as trees: whatever the size, roots and ways are those of RFC 6962, and a proof reads few leaves."""

from hashlib import sha256
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from thaman_audit.domain.histories import CHUNK, Growing, Reader, chunks, root_of
from thaman_audit.domain.merkle import EMPTY, node_hash
from thaman_audit.testing_proofs import verifier

SIZES = st.integers(1, 40) | st.integers(1, 5 * CHUNK) | st.sampled_from([CHUNK - 1, CHUNK, CHUNK + 1, 4 * CHUNK])


def _leaves(size: int) -> list[bytes]:
    return [sha256(str(place).encode()).digest() for place in range(size)]


def _by_definition(leaves: list[bytes]) -> bytes:
    if len(leaves) <= 1:
        return leaves[0] if leaves else EMPTY
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(_by_definition(leaves[:half]), _by_definition(leaves[half:]))


class _Read:
    """Leaves that count how many of them were asked for."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.leaves = leaves
        self.count = 0

    def __call__(self, first: int, end: int) -> list[bytes]:
        self.count += end - first
        return self.leaves[first:end]


@settings(max_examples=60, deadline=None)
@given(size=SIZES, data=st.data())
def test_roots_and_paths_fit_at_every_size(size: int, data: st.DataObject) -> None:
    read = _Read(_leaves(size))
    nodes = [node for _, node in chunks(0, size // CHUNK, read)]
    cut = data.draw(st.integers(1, size), "an earlier size")
    growing = Growing()
    for leaf in read.leaves[:cut]:
        growing.add(leaf)
    assert (growing.size, growing.root()) == (cut, _by_definition(read.leaves[:cut]))
    grown, part = Growing(), data.draw(st.integers(0, cut), "a part")
    grown.extend(read.leaves[:part])
    grown.extend(read.leaves[part:cut])
    assert (grown.size, grown.root()) == (growing.size, growing.root())
    assert root_of(read.leaves) == Reader(size, nodes, read).root() == _by_definition(read.leaves)
    assert Reader(size, nodes, read).cut(cut).root() == _by_definition(read.leaves[:cut])
    place, read.count = data.draw(st.integers(0, cut - 1), "place"), 0
    proof: dict[str, Any] = {"index": place, "path": Reader(size, nodes, read).cut(cut).path(place)}
    assert read.count <= 2 * CHUNK, "the whole chain was read for one proof"
    assert verifier().root_of(read.leaves[place], proof, cut) == _by_definition(read.leaves[:cut])


@settings(max_examples=60, deadline=None)
@given(size=SIZES, data=st.data())
def test_pieces_are_the_whole_tree_without_what_is_shown(size: int, data: st.DataObject) -> None:
    read = _Read(_leaves(size))
    shown = sorted(data.draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=12)))
    pieces = list(Reader(size, [], read).gaps(shown))
    assert [place for place, _, digest in pieces if digest is None] == shown
    covered = [place for first, count, _ in pieces for place in range(first, first + count)]
    assert covered == list(range(size))
    assert all(digest == _by_definition(read.leaves[at : at + count]) for at, count, digest in pieces if digest)
