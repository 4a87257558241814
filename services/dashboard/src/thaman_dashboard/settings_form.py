"""The typed settings: what they change, and what is wrong with those that cannot be."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from thaman_contracts.events.settings import MarginBasis, StoreSettings
from thaman_contracts.money import BP_ONE
from thaman_dashboard.pages.amounts import RIYADH, percent_plain
from thaman_dashboard.pages.typed import basis_points, instant, whole
from thaman_dashboard.settings_fields import FIELDS, Field, Kind, breaker_of
from thaman_dashboard.visits import Form


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a field cannot be taken: a code of ``wrong.…``, and the bounds as a person would type them."""

    code: str
    low: str = ""
    high: str = ""


class Unreadable(ValueError):
    """What was typed is not what the field takes; nothing of it is guessed."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A form as it was read: ``changes`` to what is in force, by setting, as JSON; ``wrong`` by field."""

    changes: dict[str, Any]
    wrong: dict[str, Wrong]


def typed(form: Form, settings: StoreSettings) -> Typed:
    """Read the fields that a form has; what it does not have stays as it is."""
    changes: dict[str, Any] = {}
    limits = breaker_of(settings).model_dump(mode="json")
    wrong: dict[str, Wrong] = {}
    for field in (one for one in FIELDS if form.all(one.name)):
        try:
            value = _value(field, form.one(field.name))
        except Unreadable:
            wrong[field.name] = _wrong(field)
            continue
        if field.of_breaker:
            limits[field.setting] = value
        elif value != _plain(field.value(settings)):
            changes[field.setting] = value
    if limits != breaker_of(settings).model_dump(mode="json"):
        changes["breaker"] = limits
    return Typed(changes, wrong | _impossible(changes, settings))


def as_typed(field: Field, settings: StoreSettings) -> str:
    """What the settings say, as the field takes it."""
    value = field.value(settings)
    if value is None:
        return ""
    if field.kind is Kind.SHARE:
        return percent_plain(value)
    if field.kind is Kind.INSTANT:
        assert isinstance(value, datetime)
        return f"{value.astimezone(RIYADH):%Y-%m-%dT%H:%M}"
    if field.kind is Kind.SWITCH:
        return "yes" if value else "no"
    return str(_plain(value))


def _value(field: Field, text: str) -> Any:
    """A field's value as JSON.

    Raises:
        Unreadable: it is none, or out of bounds.
    """
    if not text and field.optional:
        return None
    if field.kind is Kind.CHOICE:
        return _known(text, field.options)
    if field.kind is Kind.SWITCH:
        return _known(text, ("yes", "no")) == "yes"
    if field.kind is Kind.INSTANT:
        at = instant(text)
        if at is None:
            raise Unreadable
        return _plain(at)
    number = basis_points(text) if field.kind is Kind.SHARE else whole(text)
    low, high = field.bounds
    if number is None or not low <= number <= high:
        raise Unreadable
    return number


def _known(text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise Unreadable
    return text


def _wrong(field: Field) -> Wrong:
    if field.kind not in (Kind.SHARE, Kind.COUNT):
        return Wrong("when" if field.kind is Kind.INSTANT else "choice")
    low, high = field.bounds
    if field.kind is Kind.SHARE:
        return Wrong("share_between", percent_plain(low), percent_plain(high))
    return Wrong("count_between", str(low), str(high))


def _impossible(changes: dict[str, Any], settings: StoreSettings) -> dict[str, Wrong]:
    """A margin that no price can earn: with fees it would be the whole price."""
    told = {name: changes.get(name, getattr(settings, name)) for name in ("min_margin_bp", "margin_basis", "fee_bp")}
    margin = told["min_margin_bp"] if told["margin_basis"] == MarginBasis.MARGIN else 0
    is_named = any(name in changes for name in told)
    return {"margin": Wrong("whole_price")} if is_named and margin + told["fee_bp"] >= BP_ONE else {}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.value if isinstance(value, Enum) else value
