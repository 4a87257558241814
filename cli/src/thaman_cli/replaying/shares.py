"""A share of making a store again: some services' folds, and the events that they need of all."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import Protocol

from thaman_audit.adapters.ledger import LedgerTables
from thaman_audit.adapters.published import PublishedFold as AuditFold
from thaman_audit.adapters.published import is_told as is_told_to_audit
from thaman_cli.world.facts import stored_classes
from thaman_contracts.envelope import Envelope
from thaman_kit.application import EventSourcedApplication
from thaman_kit.clock import SystemClock
from thaman_kit.restoring import Restorer, Told
from thaman_onboarding.application.published import SUPPLY
from thaman_onboarding.application.published import PublishedFold as OnboardingFold
from thaman_optimizer.adapters.published import PublishedFold as OptimizerFold
from thaman_optimizer.consumers import router
from thaman_scheduler.adapters.read_models import ReadModels
from thaman_scheduler.application import Scheduler
from thaman_scheduler.domain.jobs import Rules
from thaman_scheduler.published import PublishedFold as SchedulerFold

Message = tuple[Envelope, bytes]
"""An entry of the ledger as it was published: its envelope and its body."""


class Fold(Protocol):
    """A service that makes its tables of published events; it passes over those that are not for it."""

    def fold(self, page: Sequence[Told]) -> None:
        """Take in the next events."""

    def finish(self) -> None:
        """Do what can be done at the end only."""


class Share:
    """The folds of ``services``, each on its own thread, because each mostly waits for the server.

    An event that none of them needs is not even read.
    """

    def __init__(self, url: str, services: Sequence[str]) -> None:
        self._restorer = Restorer(stored_classes(), SUPPLY)
        self._needed = [_NEEDED[service] for service in services]
        with ExitStack() as stack:
            self._folds = [
                _FOLDS[service](
                    stack.enter_context(closing(EventSourcedApplication.connect(service, url, pool_size=2)))
                )
                for service in services
            ]
            self._threads = stack.enter_context(ThreadPoolExecutor(len(services)))
            self._open = stack.pop_all()

    def fold(self, page: Sequence[Message]) -> None:
        """Take in the next messages.

        Raises:
            Undeliverable: one of them is not known to this release.
        """
        told = [
            (envelope, self._restorer.restore(envelope, body))
            for envelope, body in page
            if any(is_needed(envelope) for is_needed in self._needed)
        ]
        for done in [self._threads.submit(one.fold, told) for one in self._folds]:
            done.result()

    def finish(self) -> None:
        """Do what can be done at the end only."""
        for one in self._folds:
            one.finish()

    def close(self) -> None:
        """Give all connections back."""
        self._open.close()


def scheduler_fold(application: EventSourcedApplication) -> Fold:
    """The scheduler's, with the rules that ship."""
    clocked = Scheduler(application, ReadModels(application.database), SystemClock(), Rules())
    return SchedulerFold(application, clocked)


_FOLDS: dict[str, Callable[[EventSourcedApplication], Fold]] = {
    "onboarding": OnboardingFold,
    "scheduler": scheduler_fold,
    "optimizer": lambda application: OptimizerFold(application, router),
    "audit": lambda application: AuditFold(LedgerTables(application.database)),
}

_NEEDED: dict[str, Callable[[Envelope], bool]] = {
    "onboarding": lambda envelope: envelope.service == "onboarding",
    "scheduler": lambda envelope: envelope.service in ("scheduler", "onboarding"),
    "optimizer": lambda envelope: envelope.service in ("optimizer", "onboarding"),
    # What nobody else needs is read here, so that an entry which cannot be read is always noticed.
    "audit": lambda envelope: envelope.service not in ("optimizer", "onboarding") or is_told_to_audit(envelope.type),
}
