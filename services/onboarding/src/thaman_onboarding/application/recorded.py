"""The read models of stores, keys, catalogues and orders made from the service's own log, page by page."""

from collections.abc import Sequence
from functools import partial

from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.clock import Clock
from thaman_kit.domain import DomainEvent
from thaman_onboarding.adapters.store_rows import project_key, project_revocation
from thaman_onboarding.application.folding import OwnFold
from thaman_onboarding.domain import events
from thaman_onboarding.observation.rebuild import fold_events


class RecordedFold:
    """Fills empty tables; what is asked for in between is complete after :meth:`finish`, which may be called again."""

    def __init__(self, application: EventSourcedApplication, clock: Clock) -> None:
        self._application = application
        self._clock = clock
        self._fold = OwnFold(gaps=False)

    def own(self, page: Sequence[DomainEvent]) -> None:
        """Take in the next events of the log."""
        self._application.execute(partial(self._take, page))

    def finish(self) -> None:
        """Write the rows of stores that moved, their rules, and the installation."""
        self._application.execute(lambda unit: self._fold.project(unit, self._clock.now()))
        self._fold.settled()

    def _take(self, page: Sequence[DomainEvent], unit: UnitOfWork) -> None:
        for event in page:
            match event:
                case events.ApiKeyIssued():
                    project_key(unit, event)
                case events.ApiKeyRevoked():
                    project_revocation(unit, event.key_id, event.occurred_at)
                case _:
                    self._fold.take(event)
        fold_events(page, unit)
