"""A long history made again at once: in two processes, plain where that is enough, in a database without a log.

What comes out is what :mod:`thaman_cli.replaying.rebuilding` makes event by event. Where the ledger has a body that is
not as plain as it should be, that is asked instead, because it says what is wrong.
"""

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from itertools import chain as chain_of

import psycopg
from eventsourcing.persistence import PersistenceError

from thaman_audit.adapters.hearing import Heard
from thaman_audit.adapters.ledger import LedgerTables
from thaman_audit.adapters.published import BulkFold as AuditFold
from thaman_cli.replaying.beside import IS_POSSIBLE, Beside, Part, pages
from thaman_cli.replaying.chain import Chain
from thaman_cli.replaying.shares import scheduler_fold
from thaman_cli.world.facts import stored_classes
from thaman_contracts.subjects import SERVICES
from thaman_kit.application import EventSourcedApplication
from thaman_kit.collector import calmed
from thaman_kit.errors import KitError
from thaman_kit.plain import Fields, Plain
from thaman_kit.plain_prices import APPLIED, read_applied
from thaman_kit.plain_sights import OBSERVED, read_sight
from thaman_kit.restoring import Restorer, Told
from thaman_kit.scratch import scratch_database
from thaman_onboarding.application.published import SUPPLY
from thaman_onboarding.observation.bulk import BulkFold as OnboardingFold
from thaman_optimizer.adapters.bulk.decisions import TYPES
from thaman_optimizer.adapters.bulk.fold import BulkFold as OptimizerFold
from thaman_optimizer.adapters.bulk.items import OFFERS, read_offers
from thaman_optimizer.consumers import router

LONG = 3_000
"""Events from which on all this is worth its start."""

PAGE = 5_000
"""Events that are one transaction of each service."""

AHEAD = 4
"""Pages that may wait for the database."""

LIGHT = ("optimizer.proposals", "optimizer.decisions", "audit.price_history")
"""Tables that keep a row of nearly every event."""

_PLAIN: dict[str, Callable[[bytes], Fields]] = {
    APPLIED: read_applied,
    OBSERVED: read_sight,
    OFFERS: read_offers,
}
"""The events that are wanted plain, and how they are read."""

UNFIT = (KeyError, ValueError, OverflowError, KitError, PersistenceError, psycopg.Error)
"""What says that a history is not plain."""


def is_fit(chain: Chain) -> bool:
    """Whether a chain is long, whole, and on a machine where this works."""
    return IS_POSSIBLE and chain.length >= LONG and chain.ledger.is_whole(chain.store_id)


@contextmanager
def made_at_once(admin_db_url: str, chain: Chain) -> Iterator[str]:
    """The address of a database of its own with the read models of a chain that is fit; dropped afterwards.

    Raises:
        NoScratch: the role may not make databases.
        One of :data:`UNFIT`: the history is not plain.
    """
    part = Part(admin_db_url, chain.ledger.snapshot(), chain.store_id, chain.at)
    with ExitStack() as stack:
        beside = stack.enter_context(closing(Beside(part)))
        made = stack.enter_context(_being_made(admin_db_url, beside))
        # No database is dropped while somebody keeps the server waiting in the middle of a COPY.
        stack.callback(beside.close)
        stack.enter_context(calmed())
        read = stack.enter_context(closing(_read(chain)))
        ahead: list[list[Told | Plain]] = []  # what can be read before there is a database
        while not made.done() and len(ahead) < AHEAD and (page := next(read, None)):
            ahead.append(page)
        url = made.result()
        with closing(_Rest(url, chain.store_id)) as rest:
            for page in chain_of(ahead, read):
                rest.fold(page)
            rest.finish()
        beside.finish()
        yield url


@contextmanager
def _being_made(admin_db_url: str, beside: Beside) -> Iterator[Future[str]]:
    """The database's address, when there is one; dropped at the end of the block."""
    scratch = scratch_database(admin_db_url, SERVICES, light=LIGHT)

    def make() -> str:
        url = scratch.__enter__()
        beside.into(url)
        return url

    with ThreadPoolExecutor(1) as maker:
        made = maker.submit(make)
        try:
            yield made
        finally:
            if made.exception() is None:
                scratch.__exit__(None, None, None)


def _read(chain: Chain) -> Generator[list[Told | Plain]]:
    """All that the other process does not read, by the page."""
    restorer = Restorer(stored_classes(), SUPPLY)
    with closing(chain.heard(TYPES - _PLAIN.keys())) as heard:  # closed even where an error keeps this frame
        for page in pages(heard, PAGE):
            yield [_known(restorer, one) for one in page]


def _known(restorer: Restorer, one: Heard) -> Told | Plain:
    if (plain := _PLAIN.get(one.type)) is not None:
        return Plain(one.event_id, plain(one.body))
    envelope = one.envelope()
    return envelope, restorer.restore(envelope, one.body)


class _Rest:
    """All folds but the other process', each on a thread of its own, because each mostly waits for the server."""

    def __init__(self, url: str, store_id: str) -> None:
        with ExitStack() as stack:
            onboarding, scheduler, optimizer, audit = (
                stack.enter_context(closing(EventSourcedApplication.connect(service, url, pool_size=2)))
                for service in SERVICES
            )
            self._folds = (
                OnboardingFold(onboarding, store_id),
                OptimizerFold(optimizer, router, store_id),
                AuditFold(LedgerTables(audit.database), store_id),
            )
            self._slots = scheduler_fold(scheduler)
            self._threads = stack.enter_context(ThreadPoolExecutor(len(SERVICES)))
            self._open = stack.pop_all()
        self._writing: list[Future[None]] = []

    def fold(self, page: list[Told | Plain]) -> None:
        """Take in the next events, when those before are written. Raises what became of those."""
        self._settle()
        told = [one for one in page if not isinstance(one, Plain)]
        self._writing = [self._threads.submit(fold.fold, page) for fold in self._folds]
        self._writing.append(self._threads.submit(self._slots.fold, told))

    def finish(self) -> None:
        """Do what can be done at the end only."""
        self._settle()
        for fold in (*self._folds, self._slots):
            fold.finish()

    def close(self) -> None:
        """Give all connections back."""
        self._open.close()

    def _settle(self) -> None:
        for written in self._writing:
            written.result()
