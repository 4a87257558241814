"""Chains proven by several processes, which all see one moment of the ledger.

PostgreSQL sends a chain about twice as fast as one process hashes it, and one interpreter hashes on one core only. A
short chain is one process' work. A long one is cut into stretches: each begins with an entry's stored hash and proves
what follows up to the next one's beginning. Here the stretches are put together: where one does not end with the very
hash that the next one began with, the chain is good up to that place and not further, as if one process had walked it.
"""

import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from thaman_audit.adapters.moment import Moment
from thaman_audit.errors import ProofBrokeOff
from thaman_audit.ports import Provable
from thaman_audit.proving import ChainProof, Chains, Tell, one_by_one, prove_chain
from thaman_audit.verify import GENESIS, Head, Sealed

WORTH = 50_000
"""Entries from which on processes are worth their start."""
STRETCH = 20_480
"""Entries of a long chain that are one piece of work."""
_MOST = 8
_AHEAD = 4
"""Pieces of work for each process that may be done and not asked for yet; of each entry 32 bytes wait."""
_HASH = 32
Opened = Callable[[], AbstractContextManager[Moment]]
"""Opens the one moment that all processes see."""


def chains_of(url: str, ledger: Moment, archive: Path | None = None, processes: int | None = None) -> Chains:
    """How the chains of ``ledger`` are best proven: by itself, or by ``processes`` that open ``url``, too.

    By default there are as many processes as cores, none for a small ledger and where a process cannot be forked.
    """
    if processes is None:
        may = sys.platform == "linux" and ledger.count() >= WORTH
        processes = min(len(os.sched_getaffinity(0)), _MOST) if may else 1
    if processes == 1:
        return one_by_one
    return partial(_by_several, partial(Moment.of, url, archive, ledger.snapshot()), processes, ledger.lengths())


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was found of a part of a chain: the stored end of what comes before, ``None`` where there is none, the last
    good entry, and the hashes of all that are good."""

    start: Head | None
    good: Head
    leaves: bytes

    def hashes(self) -> list[bytes]:
        """The hashes one by one."""
        return [self.leaves[place : place + _HASH] for place in range(0, len(self.leaves), _HASH)]


Cut = Sequence[tuple[str, range]]
"""Stores, each with the places before the stretches of its chain; none of a chain that is walked as a whole."""


def _by_several(
    opened: Opened,
    processes: int,
    lengths: Mapping[str, int],
    ledger: Provable,
    checkpoints: int,
    stores: Iterable[str],
    tell: Tell,
) -> Iterator[ChainProof]:
    """As :func:`put_together`.

    Raises:
        ProofBrokeOff: a process is gone.
    """
    cut = [(store_id, cut_at(lengths.get(store_id, 0))) for store_id in stores]
    context = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(processes, mp_context=context)
    try:
        done = _in_turn(pool, work_of(partial(_moment, opened), checkpoints, cut), _AHEAD * processes)
        yield from put_together(done, cut, ledger, checkpoints, tell)
    except BrokenProcessPool as error:
        raise ProofBrokeOff from error
    finally:
        pool.shutdown(cancel_futures=True)


def cut_at(length: int, size: int = STRETCH) -> range:
    """The places before the stretches of a chain that says to be so long; none where it is too short to be cut."""
    return range(0, length if length >= 2 * size else 0, size)


def work_of(look: Callable[[], Moment], checkpoints: int, cut: Cut) -> Iterator[Callable[[], ChainProof | Stretch]]:
    """The pieces of work, in the order of the chains; ``look`` gives the moment where a piece is done."""
    for store_id, places in cut:
        if not places:
            yield partial(_whole, look, checkpoints, store_id)
        for after in places:
            yield partial(_stretch, look, store_id, after, after + places.step)


def put_together(done: Iterator[Any], cut: Cut, ledger: Provable, checkpoints: int, tell: Tell) -> Iterator[ChainProof]:
    """Chains in their order, whatever was done first; ``tell`` hears of each piece when it is its turn."""
    for store_id, places in cut:
        if places:
            mine = islice(done, len(places))
            yield prove_chain(ledger, checkpoints, store_id, 0, None, tell, partial(_joined, mine))
            for _ in mine:  # what a walk that ended early did not ask for
                pass
        else:
            chain: ChainProof = next(done)
            tell(store_id, chain.entries)
            yield chain


def _in_turn(pool: ProcessPoolExecutor, work: Iterable[Callable[[], Any]], most: int) -> Iterator[Any]:
    """What pieces of work give, in their order; at most so many are begun before they are asked for."""
    begun: deque[Future[Any]] = deque()
    for piece in work:
        begun.append(pool.submit(piece))
        if len(begun) == most:
            yield begun.popleft().result()
    while begun:
        yield begun.popleft().result()


def _joined(
    stretches: Iterable[Stretch],
    start: Head,
    until: int,
    sealed: Sealed,
    tell: Callable[[int], None],
    leaves: Callable[[list[bytes]], None],
) -> Head:
    """The last good entry of a chain, of its stretches one after another; as :meth:`Moment.walk`."""
    good, marks = start, sorted(sealed)
    for stretch in stretches:
        if stretch.start != good:
            return good
        hashes = stretch.hashes()
        fit = min(_sealed_until(hashes, good.seq, sealed, marks), until - good.seq)
        leaves(hashes[:fit])
        tell(fit)
        if fit < len(hashes):
            return Head(good.store_id, good.seq + fit, hashes[fit - 1]) if fit else good
        good = stretch.good
    return good


def _sealed_until(hashes: list[bytes], before: int, sealed: Sealed, marks: list[int]) -> int:
    """How many of these entries, which follow the place ``before``, come before one that was sealed with another
    hash."""
    for seq in marks:
        if before < seq <= before + len(hashes) and sealed[seq][1] != hashes[seq - before - 1]:
            return seq - before - 1
    return len(hashes)


def _whole(look: Callable[[], Moment], checkpoints: int, store_id: str) -> ChainProof:
    return prove_chain(look(), checkpoints, store_id, 0, None, lambda *_: None)


def _stretch(look: Callable[[], Moment], store_id: str, after: int, until: int) -> Stretch:
    ledger = look()
    start = ledger.entry_head(store_id, after) if after else Head(store_id, 0, GENESIS)
    if start is None:
        return Stretch(None, Head(store_id, after, b""), b"")
    found: list[bytes] = []
    good = ledger.walk(start, until, {}, lambda _: None, found.extend)
    return Stretch(start, good, b"".join(found))


_open = ExitStack()
_moments: list[Moment] = []


def _moment(opened: Opened) -> Moment:
    """A process' own look at the one moment; it stays open until the process ends."""
    if not _moments:
        _moments.append(_open.enter_context(opened()))
    return _moments[0]
