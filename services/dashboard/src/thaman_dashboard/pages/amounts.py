"""Amounts, shares and times as HTML: exact, each kept to itself so that it cannot pull its neighbours along.

Digits are Latin in both languages, as Salla shows prices, unless a person wants :data:`ARABIC` ones on Arabic pages.
Unknown is a dash, never zero.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from markupsafe import Markup

from thaman_contracts.money import change_bp, riyals
from thaman_dashboard.pages.numerals import arabic_indic
from thaman_kit.language import Language
from thaman_kit.seasons import umm_al_qura

Writing = Callable[[str], str]
"""How the digits of a text are written."""

ARABIC: Writing = arabic_indic
LATIN: Writing = str

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


_ERA = {"ar": "هـ", "en": "AH"}
_HIJRI_MONTHS = {
    "ar": (
        "محرم",
        "صفر",
        "ربيع الأول",
        "ربيع الآخر",
        "جمادى الأولى",
        "جمادى الآخرة",
        "رجب",
        "شعبان",
        "رمضان",
        "شوال",
        "ذو القعدة",
        "ذو الحجة",
    ),
    "en": (
        "Muharram",
        "Safar",
        "Rabi I",
        "Rabi II",
        "Jumada I",
        "Jumada II",
        "Rajab",
        "Shaban",
        "Ramadan",
        "Shawwal",
        "Dhu al-Qadah",
        "Dhu al-Hijjah",
    ),
}


def unit_of(currency: str, language: Language) -> str:
    """What a currency is called."""
    return _UNITS.get(currency, {}).get(language, currency)


def money(
    halalas: int | None, currency: str, language: Language, *, signed: bool = False, writing: Writing = LATIN
) -> Markup:
    """An amount with its unit; ``signed`` gives a gain its plus."""
    if halalas is None:
        return unknown(language)
    figure = writing(digits(riyals(halalas), signed=signed))
    return Markup('<bdi class="money"><data value="{}" dir="ltr">{}</data> <span class="unit">{}</span></bdi>').format(
        halalas, figure, unit_of(currency, language)
    )


def share(bp: int | None, language: Language, *, signed: bool = False, writing: Writing = LATIN) -> Markup:
    """Basis points as a percentage, without zeros that say nothing."""
    if bp is None:
        return unknown(language)
    figure = writing(f"{_short(Decimal(bp).scaleb(-2), signed=signed)}%")
    return Markup('<bdi class="share" dir="ltr">{}</bdi>').format(figure)


def change(old: int | None, new: int | None, language: Language, *, writing: Writing = LATIN) -> Markup:
    """How far ``new`` lies from ``old``, as a signed percentage."""
    if old is None or new is None or old <= 0:
        return unknown(language)
    return share(change_bp(old, new), language, signed=True, writing=writing)


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


def moment(at: datetime | None, language: Language, *, writing: Writing = LATIN, hijri: bool = False) -> Markup:
    """A date and time as Riyadh's clocks show it."""
    if at is None:
        return unknown(language)
    return _time(at, writing(f"{_date(at, language, hijri=hijri)} {at.astimezone(RIYADH):%H:%M}"))


def day(at: datetime, language: Language, *, writing: Writing = LATIN, hijri: bool = False) -> Markup:
    """A date as Riyadh's calendars show it; ``hijri``: with the Umm al-Qura date beside it."""
    return _time(at, writing(_date(at, language, hijri=hijri)))


def date_of(on: date | None, language: Language, *, writing: Writing = LATIN, hijri: bool = False) -> Markup:
    """A day without a time."""
    if on is None:
        return unknown(language)
    said = writing(_calendar_date(on, language, hijri=hijri))
    return Markup('<time datetime="{}">{}</time>').format(on.isoformat(), said)


def month(on: date, language: Language, *, writing: Writing = LATIN) -> str:
    """A month and its year."""
    return writing(f"{_MONTHS[language][on.month - 1]} {on.year}")


def hijri_date(on: date, language: Language, *, writing: Writing = LATIN) -> str | None:
    """A day by the Umm al-Qura calendar, without its year; ``None`` where the calendar does not reach."""
    found = umm_al_qura(on)
    return None if found is None else writing(f"{found.day} {_HIJRI_MONTHS[language][found.month - 1]}")


def relative(at: datetime, language: Language, said: str, *, writing: Writing = LATIN, hijri: bool = False) -> Markup:
    """``said`` (how long ago, in words) with the exact instant behind it."""
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        _machine(at), writing(f"{_date(at, language, hijri=hijri)} {at.astimezone(RIYADH):%H:%M:%S}"), said
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


def _date(at: datetime, language: Language, *, hijri: bool = False) -> str:
    return _calendar_date(at.astimezone(RIYADH).date(), language, hijri=hijri)


def _calendar_date(on: date, language: Language, *, hijri: bool = False) -> str:
    said = f"{on.day} {_MONTHS[language][on.month - 1]} {on.year}"
    found = umm_al_qura(on) if hijri else None
    if found is None:
        return said
    return f"{said} ({found.day} {_HIJRI_MONTHS[language][found.month - 1]} {found.year} {_ERA[language]})"


def _time(at: datetime, said: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(_machine(at), said)


def local(at: datetime | None) -> str:
    """An instant as the browser's own field for a date and time takes it, by Riyadh's clocks."""
    return "" if at is None else f"{at.astimezone(RIYADH):%Y-%m-%dT%H:%M}"


def _machine(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
