"""The read models of stores, keys, catalogues and orders made from the service's own log, page by page."""

from collections.abc import Sequence
from functools import partial

from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.clock import Clock
from thaman_kit.domain import DomainEvent
from thaman_onboarding.adapters.store_rows import (
    project_key,
    project_revocation,
    project_rules,
    project_store,
    project_system,
)
from thaman_onboarding.domain import events
from thaman_onboarding.domain.store import Store
from thaman_onboarding.domain.system import System
from thaman_onboarding.observation.rebuild import fold_events

_STORE = (
    events.StoreAuthorized,
    events.StoreReauthorized,
    events.StoreSettingsChanged,
    events.ItemRulesChanged,
    events.StorePaused,
    events.StoreResumed,
    events.StoreUninstalled,
    events.UninstallNoted,
    events.ReauthorizationRequired,
    events.EntitlementChanged,
)


class RecordedFold:
    """Fills empty tables; what is asked for in between is complete after :meth:`finish`, which may be called again."""

    def __init__(self, application: EventSourcedApplication, clock: Clock) -> None:
        self._application = application
        self._clock = clock
        self._stores: dict[str, Store] = {}
        self._system: System | None = None
        self._moved: set[str] = set()

    def own(self, page: Sequence[DomainEvent]) -> None:
        """Take in the next events of the log."""
        self._application.execute(partial(self._take, page))

    def finish(self) -> None:
        """Write the rows of stores that moved, their rules, and the installation."""
        self._application.execute(self._project)
        self._moved.clear()

    def _take(self, page: Sequence[DomainEvent], unit: UnitOfWork) -> None:
        for event in page:
            match event:
                case events.ApiKeyIssued():
                    project_key(unit, event)
                case events.ApiKeyRevoked():
                    project_revocation(unit, event.key_id, event.occurred_at)
                case events.SystemSettingsChanged():
                    self._system = self._system or System(event.originator_id)
                    self._system.when(event)
                case _ if isinstance(event, _STORE):
                    store = self._stores.setdefault(event.store_id, Store(event.originator_id))
                    store.when(event)
                    store.version = event.originator_version
                    self._moved.add(event.store_id)
        fold_events(page, unit)

    def _project(self, unit: UnitOfWork) -> None:
        now = self._clock.now()
        for store_id in sorted(self._moved):
            store = self._stores[store_id]
            project_store(unit, store, now)
            project_rules(unit, store_id, tuple(store.rules.values()))
        if self._system is not None:
            project_system(unit, self._system, now)
