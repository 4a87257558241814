"""The optimizer's answer to what changed settings would do."""

from collections.abc import Mapping
from typing import Any

from thaman_dashboard.adapters.owners_http import OwnersHttp
from thaman_dashboard.settings_ports import Effect, MovedLimits, Side


class HttpSettingsOwners:
    """Implements :class:`thaman_dashboard.settings_ports.SettingsOwners`. Use it from threads."""

    def __init__(self, http: OwnersHttp) -> None:
        """``http`` asks."""
        self._http = http

    def effect(self, store_id: str, changes: Mapping[str, Any]) -> Effect:
        """See :class:`~thaman_dashboard.settings_ports.SettingsOwners`."""
        body = {"changes": dict(changes)}
        told = self._http.ask("optimizer", "POST", f"/stores/{store_id}/settings/preview", json=body).json()
        return Effect(
            items=told["items"],
            now=_side(told["now"]),
            then=_side(told["then"]),
            raised=told["raised"],
            lowered=told["lowered"],
            examples=tuple(_moved(one) for one in told["examples"]),
        )


def _side(told: Mapping[str, Any]) -> Side:
    return Side(**{name: told[name] for name in Side.__slots__})


def _moved(told: Mapping[str, Any]) -> MovedLimits:
    return MovedLimits(**{name: told[name] for name in MovedLimits.__slots__})
