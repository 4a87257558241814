"""The settings that a merchant may change, as fields of a form: in groups, read as people type them, with their bounds.

Bounds are those of the contract, so that a form never refuses what the owner would take, nor sends what it would not.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, get_args

from annotated_types import Ge, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from thaman_contracts.events.breaker import BreakerLimits
from thaman_contracts.events.settings import StoreSettings, Strategy
from thaman_dashboard.pages.words import codes


class Kind(StrEnum):
    """How a field is typed: one of some codes, a percentage, a whole number, an instant in Riyadh, yes or no."""

    CHOICE = "choice"
    SHARE = "share"
    COUNT = "count"
    INSTANT = "instant"
    SWITCH = "switch"


@dataclass(frozen=True, slots=True)
class Field:
    """One field. ``words`` names the codes it offers, ``unit`` what it counts; ``of_breaker``: it is a limit of the
    breaker. What is ``optional`` may be left empty."""

    name: str
    setting: str
    kind: Kind
    words: str = ""
    unit: str = ""
    optional: bool = False
    of_breaker: bool = False

    @property
    def bounds(self) -> tuple[int, int]:
        """The least and the largest value, in the setting's own unit."""
        return bounds_of(BreakerLimits if self.of_breaker else StoreSettings, self.setting)

    @property
    def options(self) -> tuple[str, ...]:
        """The codes that it offers; a strategy that needs more than an offset is no whole store's."""
        known = codes(self.words)
        return tuple(code for code in known if self.words != "strategy" or Strategy(code).is_store_wide)

    def value(self, settings: StoreSettings) -> Any:
        """What the settings say."""
        return getattr(breaker_of(settings) if self.of_breaker else settings, self.setting)


def breaker_of(settings: StoreSettings) -> BreakerLimits:
    """The limits of the breaker that hold."""
    return settings.breaker or BreakerLimits()


def bounds_of(model: type[BaseModel], name: str) -> tuple[int, int]:
    """The bounds of a whole number of a contract."""
    limits = list(_limits(model.model_fields[name]))
    lowest = [_whole(one.ge) for one in limits if isinstance(one, Ge)]
    highest = [_whole(one.le) for one in limits if isinstance(one, Le)]
    return max(lowest), min(highest)


def _whole(bound: object) -> int:
    assert isinstance(bound, int)
    return bound


def _limits(info: FieldInfo) -> Iterator[Any]:
    """The bounds of a field, also those within ``Annotated[…] | None``."""
    yield from info.metadata
    for part in get_args(info.annotation):
        for noted in getattr(part, "__metadata__", ()):
            yield from noted.metadata if isinstance(noted, FieldInfo) else (noted,)


def _breaker(name: str, kind: Kind, unit: str = "", *, optional: bool = False) -> Field:
    return Field(f"breaker_{name}", name, kind, unit=unit, optional=optional, of_breaker=True)


GROUPS: Mapping[str, tuple[Field, ...]] = {
    "main": (
        Field("mode", "mode", Kind.CHOICE, "mode"),
        Field("watch", "watch_until", Kind.INSTANT, optional=True),
        Field("tolerance", "risk_tolerance", Kind.CHOICE, "tolerance"),
    ),
    "limits": (
        Field("margin", "min_margin_bp", Kind.SHARE),
        Field("basis", "margin_basis", Kind.CHOICE, "basis"),
        Field("fee", "fee_bp", Kind.SHARE),
        Field("ceiling", "ceiling_over_baseline_bp", Kind.SHARE),
    ),
    "market": (
        Field("strategy", "strategy", Kind.CHOICE, "strategy"),
        Field("offset", "offset_bp", Kind.SHARE),
        Field("ending", "ending", Kind.CHOICE, "ending"),
        Field("min_offers", "min_offers", Kind.COUNT),
        Field("control", "control_share_bp", Kind.SHARE),
        Field("offer_age", "offer_max_age_minutes", Kind.COUNT, unit="minutes"),
    ),
    "pace": (
        Field("frequency", "frequency_hours", Kind.COUNT, unit="hours"),
        Field("step", "max_step_bp", Kind.SHARE),
        Field("week", "week_move_bp", Kind.SHARE),
        Field("changes", "changes_per_day", Kind.COUNT),
        Field("cooldown", "cooldown_minutes", Kind.COUNT, unit="minutes"),
    ),
    "people": (
        Field("approval", "approval_hours", Kind.COUNT, unit="hours"),
        Field("edit_hold", "manual_edit_hold_hours", Kind.COUNT, unit="hours"),
        Field("advice", "advice", Kind.CHOICE, "advice"),
    ),
    "breaker": (
        _breaker("enabled", Kind.SWITCH),
        _breaker("window_minutes", Kind.COUNT, "minutes"),
        _breaker("min_items", Kind.COUNT),
        _breaker("min_count", Kind.COUNT),
        _breaker("changes", Kind.COUNT, optional=True),
        _breaker("changes_bp", Kind.SHARE, optional=True),
        _breaker("run_median_bp", Kind.SHARE, optional=True),
        _breaker("large_cut_bp", Kind.SHARE),
        _breaker("large_cuts_bp", Kind.SHARE, optional=True),
        _breaker("troubles_bp", Kind.SHARE, optional=True),
        _breaker("edits", Kind.COUNT, optional=True),
        _breaker("edits_bp", Kind.SHARE, optional=True),
        _breaker("edits_hours", Kind.COUNT, "hours"),
        _breaker("jump_bp", Kind.SHARE),
        _breaker("jumps_bp", Kind.SHARE, optional=True),
    ),
}
"""All settings, in the order in which a page shows them."""

FIELDS: tuple[Field, ...] = tuple(field for group in GROUPS.values() for field in group)
