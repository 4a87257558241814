"""Values as people type them, with Arabic digits and separators too; ``None`` is what cannot be read.

Nothing is guessed: ``1,5`` may be meant as one and a half, so it is no number.
"""

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from thaman_contracts.money import MoneyError, halalas_from, riyals
from thaman_dashboard.pages.amounts import RIYADH
from thaman_dashboard.pages.numerals import western

_AMOUNT = re.compile(r"-?[0-9]{1,10}(\.[0-9]{1,2})?")
_SHARE = re.compile(r"-?[0-9]{1,6}(\.[0-9]{1,2})?")
_WHOLE = re.compile(r"-?[0-9]{1,9}")


def amount_plain(value: int | None) -> str:
    """Halalas as a field of a form takes them."""
    return "" if value is None else str(riyals(value))


def halalas(text: str) -> int | None:
    """An amount in riyals, with two decimals at most, as halalas."""
    plain = western(text).replace("\u2212", "-")
    if not _AMOUNT.fullmatch(plain):
        return None
    try:
        found = halalas_from(plain.removeprefix("-"))
    except MoneyError:
        return None
    return -found if plain.startswith("-") else found


def basis_points(text: str) -> int | None:
    """A percentage, with two decimals at most, as basis points."""
    plain = western(text.strip().rstrip("%٪")).replace("\u2212", "-")
    try:
        return int(Decimal(plain) * 100) if _SHARE.fullmatch(plain) else None
    except InvalidOperation:
        return None


def whole(text: str) -> int | None:
    """A whole number."""
    plain = western(text).replace("\u2212", "-")
    return int(plain) if _WHOLE.fullmatch(plain) else None


def day(text: str) -> date | None:
    """A day, as the browser's own field writes it: ``2026-11-24``."""
    try:
        found = date.fromisoformat(western(text))
    except ValueError:
        return None
    return found if _is_of_our_time(found) else None


def instant(text: str) -> datetime | None:
    """A date and time; without an offset it is Riyadh's, as the browser's own field writes it."""
    try:
        found = datetime.fromisoformat(western(text))
    except ValueError:
        return None
    if not _is_of_our_time(found.date()):
        return None
    return (found if found.tzinfo else found.replace(tzinfo=RIYADH)).astimezone(UTC)


def _is_of_our_time(found: date) -> bool:
    """Whether PostgreSQL, offsets and calendars can all work with it."""
    return 2000 <= found.year < 2200
