"""The ledger: appending to it and proving it."""

from collections.abc import Generator
from dataclasses import dataclass
from itertools import islice
from threading import BoundedSemaphore

from thaman_audit.domain.rows import project
from thaman_audit.errors import UnknownStore
from thaman_audit.ports import Batches, Opened, Tables
from thaman_audit.verify import Entry, Verdict, verify_chain
from thaman_contracts.envelope import Envelope
from thaman_contracts.events import EventData
from thaman_kit.application import UnitOfWork

WALKS = 2
"""Chains that are walked at once; each has a connection of its own, and one interpreter walks no faster by more."""

TURN_S = 1.0
"""How often a walk that waits for its turn says that it does."""


@dataclass(frozen=True, slots=True)
class Progress:
    """So many entries of so many were found good so far."""

    proven: int
    of: int


class Ledger:
    """The commands of the audit."""

    def __init__(self, tables: Tables, batches: Batches, moment: Opened) -> None:
        self._tables = tables
        self._batches = batches
        self._moment = moment
        self._walks = BoundedSemaphore(WALKS)

    def append(self, envelope: Envelope, body: bytes, unit: UnitOfWork) -> None:
        """Put an event at the end of its store's chain, with its bytes as they were received."""
        self._batches.of(unit).append(envelope, body)

    def project(self, event: EventData, envelope: Envelope, unit: UnitOfWork) -> None:
        """Let the read models follow."""
        project(event, envelope, self._batches.of(unit).rows)

    def verify(self, store_id: str) -> Verdict:
        """Walk a store's chain and name the first place where it does not hold.

        Raises:
            UnknownStore: the ledger has no entry of this store.
        """
        walking = self.walking(store_id)
        while True:
            try:
                next(walking)
            except StopIteration as end:
                verdict: Verdict = end.value
                return verdict

    def walking(self, store_id: str) -> Generator[Progress, None, Verdict]:
        """As :meth:`verify`, with word of how far it is; whoever does not want to know the end may leave it.

        Raises:
            UnknownStore: with the first word; the ledger has no entry of this store.
        """
        known = self._tables.head(store_id)
        if known is None:
            raise UnknownStore(store_id)
        yield Progress(0, known.seq)
        while not self._walks.acquire(timeout=TURN_S):
            yield Progress(0, known.seq)
        try:
            return (yield from self._walked(store_id))
        finally:
            self._walks.release()

    def _walked(self, store_id: str) -> Generator[Progress, None, Verdict]:
        # The head is read first: entries that arrive meanwhile lie beyond it.
        with self._moment() as moment:
            head = moment.head(store_id)
            if head is None:
                raise UnknownStore(store_id)
            if moment.is_whole(store_id):
                walking, proven = moment.steps(head), 0
                try:
                    while True:
                        proven += next(walking)
                        yield Progress(proven, head.seq)
                except StopIteration as end:
                    if end.value == head:
                        return Verdict(head.seq)
                finally:
                    walking.close()
        # What does not hold, and bodies in files, are for the walk that says what is wrong.
        return verify_chain(islice(self._tables.chain(store_id), head.seq), head)


def envelope_of(entry: Entry) -> Envelope:
    """What the ledger keeps of an event's envelope."""
    return Envelope(
        event_id=entry.event_id,
        service=entry.service,
        type=entry.type,
        store_id=entry.store_id,
        time=entry.occurred_at,
        position=entry.position,
        previous=0,
    )
