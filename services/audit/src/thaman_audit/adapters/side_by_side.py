"""Chains proven by several processes, which all see one moment of the ledger.

PostgreSQL sends a chain about twice as fast as one process hashes it, and one interpreter hashes on one core only.
"""

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from thaman_audit.adapters.moment import Moment
from thaman_audit.errors import ProofBrokeOff
from thaman_audit.ports import Provable
from thaman_audit.proving import ChainProof, Chains, Tell, one_by_one, prove_chain

WORTH = 50_000
"""Entries from which on processes are worth their start."""
_MOST = 8
Opened = Callable[[], AbstractContextManager[Moment]]
"""Opens the one moment that all processes see."""


def chains_of(url: str, ledger: Moment, archive: Path | None = None, processes: int | None = None) -> Chains:
    """How the chains of ``ledger`` are best proven: by itself, or by ``processes`` that open ``url``, too.

    By default there are as many processes as cores, none where they gain little (see :func:`_gains`) and where a
    process cannot be forked.
    """
    if processes is None:
        may = sys.platform == "linux" and _gains(ledger.count(), ledger.longest())
        processes = min(len(os.sched_getaffinity(0)), _MOST) if may else 1
    return (
        partial(_by_several, partial(Moment.of, url, archive, ledger.snapshot()), processes)
        if processes > 1
        else one_by_one
    )


def _gains(entries: int, longest: int) -> bool:
    """Whether processes are worth it: of a ledger that is mostly one chain, one process tells how far it is."""
    return entries >= WORTH and longest * 3 <= entries * 2


def _by_several(
    opened: Opened, processes: int, _: Provable, checkpoints: int, stores: Iterable[str], tell: Tell
) -> Iterator[ChainProof]:
    """Whole chains, told of when each is done; they come in the order of ``stores`` whoever is faster.

    Raises:
        ProofBrokeOff: a process is gone.
    """
    found = list(stores)
    prove = partial(_prove, opened, checkpoints)
    context = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(min(processes, max(len(found), 1)), mp_context=context)
    try:
        for store_id, chain in zip(found, pool.map(prove, found), strict=True):
            tell(store_id, chain.entries)
            yield chain
    except BrokenProcessPool as error:
        raise ProofBrokeOff from error
    finally:
        pool.shutdown(cancel_futures=True)


def _prove(opened: Opened, checkpoints: int, store_id: str) -> ChainProof:
    with opened() as ledger:
        return prove_chain(ledger, checkpoints, store_id, 0, None, _quiet)


def _quiet(_: str, __: int) -> None:
    """Told in the other process."""
