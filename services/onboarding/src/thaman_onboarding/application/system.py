"""Installation-wide settings and the emergency stop."""

from collections.abc import Mapping
from typing import Any

from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.clock import Clock
from thaman_kit.logging import get_logger
from thaman_onboarding.adapters import breaker_store
from thaman_onboarding.adapters.store_rows import StoreRows, SystemRow, project_system
from thaman_onboarding.domain.system import SYSTEM_ID, System

log = get_logger(__name__)


class SystemAdmin:
    """The operator's settings. Blocking."""

    def __init__(self, app: EventSourcedApplication, rows: StoreRows, clock: Clock) -> None:
        self._app = app
        self._rows = rows
        self._clock = clock

    def get(self) -> SystemRow:
        """The settings in force."""
        return self._rows.system()

    def change(self, changes: Mapping[str, Any], expected: int | None, by: str) -> SystemRow:
        """Change the named settings; see :meth:`System.change` for the errors."""

        def work(uow: UnitOfWork) -> None:
            system, now = uow.find(System, SYSTEM_ID), self._clock.now()
            if system is None:
                system = System.new()
                uow.add(system)
            fence = system.fence
            system.change(changes, expected, by, now)
            if system.version:
                project_system(uow, system, now)
            if system.fence > fence:
                breaker_store.forget(uow, None)

        self._app.execute(work)
        log.info("system_settings_changed", by=by, fields=sorted(changes))
        return self.get()
