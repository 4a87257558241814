"""Reads single values out of JSON, saying what is wrong with the ones that cannot be meant."""

import math
from datetime import UTC, date, datetime
from typing import Any


class BadValue(ValueError):
    """A value that cannot be meant; the message names the field and says why."""


def text(value: Any, name: str) -> str:
    """Text that is not empty."""
    if not isinstance(value, str) or not value:
        raise BadValue(f"{name} must be text, not {shown(value)}")
    return value


def whole(value: Any, name: str, low: int, high: int) -> int:
    """A whole number between ``low`` and ``high``; 12.0 is one, true is none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int:
        raise BadValue(f"{name} must be a whole number, not {shown(value)}")
    if not low <= value <= high:
        raise BadValue(f"{name} must be from {low} to {high}, not {shown(value)}")
    return value


def number(value: Any, name: str, low: float, high: float) -> float:
    """A number between ``low`` and ``high``."""
    if type(value) is not int and type(value) is not float:
        raise BadValue(f"{name} must be a number, not {shown(value)}")
    if not math.isfinite(value) or not low <= value <= high:
        raise BadValue(f"{name} must be from {low:g} to {high:g}, not {shown(value)}")
    return float(value)


def truth(value: Any, name: str) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise BadValue(f"{name} must be true or false, not {shown(value)}")
    return value


def moment(value: Any, name: str) -> datetime:
    """An ISO date or time; without a zone it is UTC."""
    if isinstance(value, str):
        try:
            read = datetime.fromisoformat(value)
        except ValueError:
            read = None
        if read is not None:
            try:
                return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
            except OverflowError:
                pass
    raise BadValue(f"{name} must be an ISO date or time, not {shown(value)}")


def day(value: Any, name: str) -> date:
    """The day of an ISO date or time."""
    return moment(value, name).date()


def shown(value: Any) -> str:
    """A value as a message may show it, cut short."""
    written = repr(value)
    return written if len(written) <= 60 else written[:57] + "..."
