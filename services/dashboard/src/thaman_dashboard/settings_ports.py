"""What the settings' page asks of the optimizer; :mod:`thaman_dashboard.adapters.settings_owners` asks over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Side:
    """Items under some settings: with limits and without, of these those whose margin no price earns, and how many
    present prices stand outside of their limits."""

    limited: int
    unlimited: int
    impossible: int
    below_floor: int
    above_ceiling: int


@dataclass(frozen=True, slots=True)
class MovedLimits:
    """An item whose limits would change; shelf prices in halalas, ``None`` where it has no limits."""

    item: str
    name: str | None
    shelf_price: int
    floor_now: int | None
    floor_then: int | None
    ceiling_now: int | None
    ceiling_then: int | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What changed settings would make of the store's floors and ceilings."""

    items: int
    now: Side
    then: Side
    raised: int
    lowered: int
    examples: tuple[MovedLimits, ...]


class SettingsOwners(Protocol):
    """What is asked before settings are changed."""

    def effect(self, store_id: str, changes: Mapping[str, Any]) -> Effect:
        """What changed settings would do; nothing is written.

        Raises:
            OwnerError: the optimizer refused, is away, or nobody knows.
        """
