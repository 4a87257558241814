"""The ledger: appending to it and proving it."""

from itertools import islice
from threading import BoundedSemaphore

from thaman_audit.domain.rows import project
from thaman_audit.errors import UnknownStore
from thaman_audit.ports import Batches, Opened, Tables
from thaman_audit.verify import GENESIS, Entry, Head, Verdict, verify_chain
from thaman_contracts.envelope import Envelope
from thaman_contracts.events import EventData
from thaman_kit.application import UnitOfWork

WALKS = 2
"""Chains that are walked at once; each has a connection of its own, and one interpreter walks no faster by more."""


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
        # The head is read first: entries that arrive meanwhile lie beyond it.
        with self._walks, self._moment() as moment:
            head = moment.head(store_id)
            if head is None:
                raise UnknownStore(store_id)
            if moment.is_whole(store_id):
                good = moment.walk(Head(store_id, 0, GENESIS), head.seq, {}, lambda _: None, lambda _: None)
                if good == head:
                    return Verdict(head.seq)
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
