"""Settings of the whole installation, and its emergency stop."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from thaman_contracts.events.settings import SystemSettings
from thaman_contracts.ids import SYSTEM, derived_id
from thaman_kit.domain import Aggregate, DomainEvent
from thaman_onboarding.domain import events
from thaman_onboarding.errors import InvalidChange, SettingsConflict

SYSTEM_ID = derived_id("system", "settings")


class System(Aggregate):
    """The installation: one of it. ``fence`` rises with every emergency stop."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.settings = SystemSettings()
        self.settings_version = 0
        self.fence = 0

    @classmethod
    def new(cls) -> "System":
        """The installation with the settings it comes with."""
        return cls(SYSTEM_ID)

    def change(self, changes: Mapping[str, Any], expected: int | None, by: str, now: datetime) -> None:
        """Change the named settings; stopping raises the fence, and so does stopping again.

        Raises:
            SettingsConflict: ``expected`` is given and not the version in force.
            InvalidChange: a field is unknown or its value is not allowed.
        """
        if expected is not None and expected != self.settings_version:
            raise SettingsConflict(expected, self.settings_version)
        unknown = sorted(set(changes) - set(SystemSettings.model_fields))
        if unknown:
            raise InvalidChange([(name, "there is no such setting") for name in unknown])
        settings = _validated(self.settings.model_dump() | dict(changes))
        stops = settings.stopped and "stopped" in changes
        if settings == self.settings and not stops:
            return
        self.trigger(
            events.SystemSettingsChanged,
            store_id=SYSTEM,
            occurred_at=now,
            settings_version=self.settings_version + 1,
            settings=settings,
            system_fence=self.fence + 1 if stops else self.fence,
            changed_by=by,
        )

    def when(self, event: DomainEvent) -> None:
        """Change state as ``event`` says."""
        match event:
            case events.SystemSettingsChanged():
                self.settings = event.settings
                self.settings_version = event.settings_version
                self.fence = event.system_fence
            case _:
                super().when(event)


def _validated(values: dict[str, Any]) -> SystemSettings:
    try:
        return SystemSettings.model_validate(values)
    except ValidationError as error:
        problems = [(".".join(map(str, one["loc"])) or "settings", one["msg"]) for one in error.errors()]
        raise InvalidChange(problems) from error
