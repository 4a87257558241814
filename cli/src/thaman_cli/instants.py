"""Instants as people give and read them: ISO 8601, and Riyadh's where no offset is given."""

from datetime import datetime, timedelta, timezone
from typing import overload

from thaman_cli.errors import BadUsage

RIYADH = timezone(timedelta(hours=3), "Asia/Riyadh")
HELP = "An instant, e.g. 2026-11-24T14:30; without an offset it is Riyadh's."


@overload
def instant_of(text: str) -> datetime: ...
@overload
def instant_of(text: None) -> None: ...
@overload
def instant_of(text: str | None) -> datetime | None: ...
def instant_of(text: str | None) -> datetime | None:
    """An instant in ISO 8601; without an offset it is Riyadh's. ``None`` stays ``None``.

    Raises:
        BadUsage: it is not one.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadUsage(f"{text!r} is not an instant", "it is not ISO 8601", "Write e.g. 2026-11-24T14:30.") from error
    return found if found.tzinfo else found.replace(tzinfo=RIYADH)


def in_riyadh(at: datetime) -> str:
    """An instant for people."""
    return at.astimezone(RIYADH).strftime("%Y-%m-%d %H:%M:%S Riyadh")
