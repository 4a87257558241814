"""A run's hand-overs, agent by agent, made of the optimizer's record of it."""

from collections.abc import Mapping
from typing import Any

_RUN = ("run_id", "state", "trigger", "slot", "mode", "settings_version", "engine_version", "started_at", "ended_at")


def handed_over(record: Mapping[str, Any], told_by: str) -> dict[str, Any]:
    """What the scout handed to the analyst, the analyst to the executor, and the executor to the merchant.

    ``told_by`` names who told of it; what they have no word of is ``None``.
    """
    return {
        "told_by": told_by,
        "run": {name: record.get(name) for name in _RUN},
        "scout": {"items": record.get("items"), "market": record.get("scouted")},
        "analyst": {"held": record.get("hold_reasons"), "advice": record.get("advice")},
        "executor": {"statistics": record.get("statistics"), "failure": record.get("failure")},
    }
