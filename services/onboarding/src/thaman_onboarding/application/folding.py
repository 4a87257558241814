"""What a store's and the installation's own events make of their rows, however the events were come by."""

from datetime import datetime

from thaman_contracts.ids import store_uuid
from thaman_kit.application import UnitOfWork
from thaman_kit.domain import DomainEvent
from thaman_onboarding.adapters.store_rows import project_rules, project_store, project_system
from thaman_onboarding.domain.store import Store
from thaman_onboarding.domain.system import SYSTEM_ID, System


class OwnFold:
    """Stores and the installation, folded event by event; those that moved are written by :meth:`project`."""

    def __init__(self, *, gaps: bool) -> None:
        """``gaps``: private events are missing, so the number of an event is no version of its store."""
        self._gaps = gaps
        self._stores: dict[str, Store] = {}
        self._moved: set[str] = set()
        self._system: System | None = None

    def take(self, event: DomainEvent) -> bool:
        """Fold the event; whether it is one of a store's or the installation's history."""
        aggregate = event.topic.partition(".")[0]
        if aggregate == "system":
            self._system = self._system or System(SYSTEM_ID)
            self._system.when(event)
        elif aggregate == "store":
            store = self._stores.setdefault(event.store_id, Store(store_uuid(event.store_id)))
            store.when(event)
            if not self._gaps:
                store.version = event.originator_version
            self._moved.add(event.store_id)
        else:
            return False
        return True

    def project(self, unit: UnitOfWork, now: datetime) -> None:
        """Write the rows of what moved."""
        for store_id in sorted(self._moved):
            store = self._stores[store_id]
            project_store(unit, store, now)
            project_rules(unit, store_id, tuple(store.rules.values()))
        if self._system is not None:
            project_system(unit, self._system, now)

    def settled(self) -> None:
        """What was projected is stored."""
        self._moved.clear()
