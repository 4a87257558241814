"""Amounts, shares and times as HTML: exact, each kept to itself so that it cannot pull its neighbours along.

Digits are Latin in both languages, as Salla shows prices. Unknown is a dash, never zero.
"""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from markupsafe import Markup

from thaman_contracts.money import change_bp, riyals
from thaman_kit.language import Language

RIYADH = timezone(timedelta(hours=3), "Asia/Riyadh")
"""Saudi Arabia has no daylight saving time."""

UNKNOWN = "—"
MINUS = "\u2212"

_UNITS = {"SAR": {"ar": "ر.س", "en": "SAR"}}
_MONTHS = {
    "ar": (
        "يناير",
        "فبراير",
        "مارس",
        "أبريل",
        "مايو",
        "يونيو",
        "يوليو",
        "أغسطس",
        "سبتمبر",
        "أكتوبر",
        "نوفمبر",
        "ديسمبر",
    ),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}


def unit_of(currency: str, language: Language) -> str:
    """What a currency is called."""
    return _UNITS.get(currency, {}).get(language, currency)


def money(halalas: int | None, currency: str, language: Language, *, signed: bool = False) -> Markup:
    """An amount with its unit; ``signed`` gives a gain its plus."""
    if halalas is None:
        return unknown(language)
    figure = digits(riyals(halalas), signed=signed)
    return Markup('<bdi class="money"><data value="{}" dir="ltr">{}</data> <span class="unit">{}</span></bdi>').format(
        halalas, figure, unit_of(currency, language)
    )


def share(bp: int | None, language: Language, *, signed: bool = False) -> Markup:
    """Basis points as a percentage, without zeros that say nothing."""
    if bp is None:
        return unknown(language)
    return Markup('<bdi class="share" dir="ltr">{}%</bdi>').format(_short(Decimal(bp).scaleb(-2), signed=signed))


def change(old: int | None, new: int | None, language: Language) -> Markup:
    """How far ``new`` lies from ``old``, as a signed percentage."""
    if old is None or new is None or old <= 0:
        return unknown(language)
    return share(change_bp(old, new), language, signed=True)


def digits(value: Decimal | int, *, signed: bool = False) -> str:
    """A number with thousands parted and a true minus sign."""
    sign = MINUS if value < 0 else "+" if signed and value > 0 else ""
    return f"{sign}{abs(value):,}"


def plain(halalas: int | None) -> str:
    """An amount as a field of a form takes it."""
    return "" if halalas is None else str(riyals(halalas))


def percent_plain(bp: int | None) -> str:
    """A share as a field of a form takes it."""
    return "" if bp is None else _short(Decimal(bp).scaleb(-2)).replace(",", "")


def moment(at: datetime | None, language: Language) -> Markup:
    """A date and time as Riyadh's clocks show it."""
    if at is None:
        return unknown(language)
    return _time(at, f"{_date(at, language)} {at.astimezone(RIYADH):%H:%M}", language)


def day(at: datetime, language: Language) -> Markup:
    """A date as Riyadh's calendars show it."""
    return _time(at, _date(at, language), language)


def relative(at: datetime, language: Language, said: str) -> Markup:
    """``said`` (how long ago, in words) with the exact instant behind it."""
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        _machine(at), f"{_date(at, language)} {at.astimezone(RIYADH):%H:%M:%S}", said
    )


def span(seconds: float) -> tuple[str, int]:
    """The largest unit of a length of time, and how many of it: ``("hours", 3)``."""
    whole = int(abs(seconds))
    for name, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if whole >= size:
            return name, whole // size
    return "moments", 0


def unknown(language: Language) -> Markup:
    """What stands where nothing is known."""
    said = "غير معروف" if language == "ar" else "unknown"
    return Markup('<span class="unknown" title="{0}"><span aria-hidden="true">{1}</span>{2}</span>').format(
        said, UNKNOWN, Markup('<span class="unseen">{}</span>').format(said)
    )


def _short(value: Decimal, *, signed: bool = False) -> str:
    exact = f"{value:.2f}".rstrip("0").rstrip(".")
    return digits(Decimal(exact), signed=signed)


def _date(at: datetime, language: Language) -> str:
    local = at.astimezone(RIYADH)
    return f"{local.day} {_MONTHS[language][local.month - 1]} {local.year}"


def _time(at: datetime, said: str, language: Language) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(_machine(at), said)


def _machine(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
