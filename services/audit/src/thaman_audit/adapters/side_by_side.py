"""Chains proven by several processes, which all see one moment of the ledger.

PostgreSQL sends a chain about twice as fast as one process hashes it, and one interpreter hashes on one core only.
"""

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from thaman_audit.adapters.moment import Moment
from thaman_audit.ports import Provable
from thaman_audit.proving import ChainProof, Chains, Tell, one_by_one, prove_chain

WORTH = 50_000
"""Entries from which on processes are worth their start."""
_MOST = 8
Opened = Callable[[], AbstractContextManager[Moment]]
"""Opens the one moment that all processes see."""


def chains_of(url: str, ledger: Moment, archive: Path | None = None, processes: int | None = None) -> Chains:
    """How the chains of ``ledger`` are best proven: by itself, or by ``processes`` that open ``url``, too.

    By default there are as many processes as cores, none for a small ledger and where a process cannot be forked.
    """
    if processes is None:
        may = sys.platform == "linux" and ledger.count() >= WORTH
        processes = min(len(os.sched_getaffinity(0)), _MOST) if may else 1
    return (
        partial(_by_several, partial(Moment.of, url, archive, ledger.snapshot()), processes)
        if processes > 1
        else one_by_one
    )


def _by_several(
    opened: Opened, processes: int, _: Provable, checkpoints: int, stores: Iterable[str], tell: Tell
) -> Iterator[ChainProof]:
    """Whole chains, told of when each is done; they come in the order of ``stores`` whoever is faster."""
    found = list(stores)
    prove = partial(_prove, opened, checkpoints)
    with multiprocessing.get_context("fork").Pool(min(processes, max(len(found), 1))) as pool:
        for store_id, chain in zip(found, pool.imap(prove, found), strict=True):
            tell(store_id, chain.entries)
            yield chain


def _prove(opened: Opened, checkpoints: int, store_id: str) -> ChainProof:
    with opened() as ledger:
        return prove_chain(ledger, checkpoints, store_id, 0, None, _quiet)


def _quiet(_: str, __: int) -> None:
    """Told in the other process."""
