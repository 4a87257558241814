"""Everything that templates say in one language: texts, words of codes, amounts, times."""

from collections.abc import Mapping
from datetime import date, datetime
from math import ceil
from typing import Any

from markupsafe import Markup, escape

from thaman_dashboard.pages import amounts, words
from thaman_dashboard.pages.plurals import form_of
from thaman_dashboard.pages.preferences import Preferences
from thaman_dashboard.pages.texts import TEXTS
from thaman_kit.language import Language

BRAND = "chrome.brand"
"""The text that an operator's own name takes the place of."""


class Speech:
    """One language at one moment, as somebody prefers its numbers and dates; ``now`` is what ages and remaining times
    are measured from, ``brand`` an operator's name in place of Thaman's."""

    def __init__(
        self, language: Language, now: datetime, preferences: Preferences | None = None, brand: str | None = None
    ) -> None:
        self.language = language
        self.now = now
        self.preferences = preferences or Preferences()
        self._texts = TEXTS[language]
        self._brand = brand
        is_arabic = language == "ar" and self.preferences.digits == "arabic"
        self._writing = amounts.ARABIC if is_arabic else amounts.LATIN
        self._hijri = self.preferences.calendar == "both"

    def say(self, key: str, **values: Any) -> Markup:
        """A text of ours; values that are not HTML of ours are escaped. Counted texts take ``n``."""
        if key == BRAND and self._brand is not None:
            return escape(self._brand)
        text = self._texts[key]
        if isinstance(text, Mapping):
            text = text[form_of(values["n"], self.language)]
        if isinstance(values.get("n"), int):
            values["n"] = self._writing(amounts.digits(values["n"]))
        return Markup(self._writing(text)).format(**values)  # noqa: S704 - a text of this package

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        return key in self._texts

    def word(self, kind: str, code: str | None) -> str | Markup:
        """A code in words."""
        return amounts.unknown(self.language) if code is None else words.word(kind, code, self.language)

    def either(self, ar: str | None, en: str | None) -> str:
        """The one of two sentences that is in this language, or the other where it is missing."""
        return (ar or en or "") if self.language == "ar" else (en or ar or "")

    def money(self, halalas: int | None, currency: str, *, signed: bool = False) -> Markup:
        """An amount."""
        return amounts.money(halalas, currency, self.language, signed=signed, writing=self._writing)

    def share(self, bp: int | None) -> Markup:
        """Basis points."""
        return amounts.share(bp, self.language, writing=self._writing)

    def change(self, old: int | None, new: int | None) -> Markup:
        """How far apart two prices are."""
        return amounts.change(old, new, self.language, writing=self._writing)

    def number(self, value: int | None) -> Markup:
        """A count."""
        if value is None:
            return amounts.unknown(self.language)
        return Markup('<bdi dir="ltr">{}</bdi>').format(self._writing(amounts.digits(value)))

    def moment(self, at: datetime | None) -> Markup:
        """A date and time."""
        return amounts.moment(at, self.language, writing=self._writing, hijri=self._hijri)

    def day(self, at: datetime) -> Markup:
        """A date."""
        return amounts.day(at, self.language, writing=self._writing, hijri=self._hijri)

    def on(self, on: date | None) -> Markup:
        """A day without a time."""
        return amounts.date_of(on, self.language, writing=self._writing, hijri=self._hijri)

    def month(self, on: date) -> str:
        """A month and its year."""
        return amounts.month(on, self.language, writing=self._writing)

    def hijri(self, on: date) -> str | None:
        """A day by the Umm al-Qura calendar."""
        return amounts.hijri_date(on, self.language, writing=self._writing)

    def figure(self, text: str) -> str:
        """A number that is a text already."""
        return self._writing(text)

    def clock_time(self, text: str) -> Markup:
        """A time of the day, given as ``HH:MM``."""
        return Markup('<bdi dir="ltr">{}</bdi>').format(self._writing(text))

    def seconds_until(self, at: datetime) -> Markup:
        """How many seconds are left; a script counts them down."""
        return self.number(max(0, ceil((at - self.now).total_seconds())))

    def ago(self, at: datetime | None) -> Markup:
        """How long ago, or how long until."""
        if at is None:
            return amounts.unknown(self.language)
        seconds = (self.now - at).total_seconds()
        unit, count = amounts.span(seconds)
        said = self.say(f"{'ago' if seconds >= 0 else 'ahead'}.{unit}", n=count)
        return amounts.relative(at, self.language, said, writing=self._writing, hijri=self._hijri)
