"""A store's read models made again in a database that is dropped afterwards."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import islice
from typing import Protocol

from thaman_audit.adapters.ledger import LedgerTables
from thaman_audit.adapters.published import PublishedFold as AuditFold
from thaman_cli.world.reading import Connection, connect
from thaman_contracts.subjects import SERVICES
from thaman_kit.application import EventSourcedApplication
from thaman_kit.clock import SystemClock
from thaman_kit.restoring import Message
from thaman_kit.scratch import scratch_database
from thaman_onboarding.application.published import PublishedFold as OnboardingFold
from thaman_optimizer.adapters.published import PublishedFold as OptimizerFold
from thaman_optimizer.consumers import router
from thaman_scheduler.adapters.read_models import ReadModels
from thaman_scheduler.application import Scheduler
from thaman_scheduler.domain.jobs import Rules
from thaman_scheduler.published import PublishedFold as SchedulerFold

PAGE = 1_000
"""Messages that are one transaction of each service."""


class Fold(Protocol):
    """A service that makes its tables of published events; it passes over those that are not for it."""

    def fold(self, page: Sequence[Message]) -> None:
        """Take in the next messages."""

    def finish(self) -> None:
        """Do what can be done at the end only."""


@contextmanager
def rebuilt(admin_db_url: str, messages: Iterable[Message]) -> Iterator[Connection]:
    """A connection to a database of its own in which every service has the read models that ``messages`` make.

    Raises:
        NoScratch: the role may not make databases.
        Undeliverable: a message is not known to this release.
    """
    with scratch_database(admin_db_url, SERVICES) as url:
        with ExitStack() as stack:
            applications: dict[str, EventSourcedApplication] = {
                service: stack.enter_context(closing(EventSourcedApplication.connect(service, url, pool_size=2)))
                for service in SERVICES
            }
            _fill(_folds(applications), messages)
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


def _fill(folds: Sequence[Fold], messages: Iterable[Message]) -> None:
    rest = iter(messages)
    while page := list(islice(rest, PAGE)):
        for one in folds:
            one.fold(page)
    for one in folds:
        one.finish()
