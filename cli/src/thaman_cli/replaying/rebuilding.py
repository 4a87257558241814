"""A store's read models made again in a database that is dropped afterwards."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from itertools import islice
from typing import Protocol

from thaman_audit.adapters.ledger import LedgerTables
from thaman_audit.adapters.published import PublishedFold as AuditFold
from thaman_cli.world.reading import Connection, connect
from thaman_contracts.subjects import SERVICES
from thaman_kit.application import EventSourcedApplication
from thaman_kit.clock import SystemClock
from thaman_kit.restoring import Told
from thaman_kit.scratch import scratch_database
from thaman_onboarding.application.published import PublishedFold as OnboardingFold
from thaman_optimizer.adapters.published import PublishedFold as OptimizerFold
from thaman_optimizer.consumers import router
from thaman_scheduler.adapters.read_models import ReadModels
from thaman_scheduler.application import Scheduler
from thaman_scheduler.domain.jobs import Rules
from thaman_scheduler.published import PublishedFold as SchedulerFold

PAGE = 5_000
"""Events that are one transaction of each service; more would hold more in memory and save little."""


class Fold(Protocol):
    """A service that makes its tables of published events; it passes over those that are not for it."""

    def fold(self, page: Sequence[Told]) -> None:
        """Take in the next events."""

    def finish(self) -> None:
        """Do what can be done at the end only."""


@contextmanager
def rebuilt(admin_db_url: str, events: Iterable[Told]) -> Iterator[Connection]:
    """A connection to a database of its own in which every service has the read models that ``events`` make.

    Raises:
        NoScratch: the role may not make databases.
    """
    with scratch_database(admin_db_url, SERVICES) as url:
        with ExitStack() as stack:
            applications: dict[str, EventSourcedApplication] = {
                service: stack.enter_context(closing(EventSourcedApplication.connect(service, url, pool_size=2)))
                for service in SERVICES
            }
            _fill(_folds(applications), events)
        with connect(url) as connection:
            yield connection


def _folds(applications: dict[str, EventSourcedApplication]) -> tuple[Fold, ...]:
    clocked = applications["scheduler"]
    scheduler = Scheduler(clocked, ReadModels(clocked.database), SystemClock(), Rules())
    return (
        OnboardingFold(applications["onboarding"]),
        SchedulerFold(clocked, scheduler),
        OptimizerFold(applications["optimizer"], router),
        AuditFold(LedgerTables(applications["audit"].database)),
    )


def _fill(folds: Sequence[Fold], events: Iterable[Told]) -> None:
    rest = iter(events)
    with ThreadPoolExecutor(len(folds)) as pool:  # each mostly waits for the server
        while page := list(islice(rest, PAGE)):
            for done in [pool.submit(one.fold, page) for one in folds]:
                done.result()
    for one in folds:
        one.finish()
