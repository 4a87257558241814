"""Plural forms: Arabic has six of them, English two (Unicode CLDR)."""

from collections.abc import Mapping
from typing import Literal

from thaman_kit.language import Language

Form = Literal["zero", "one", "two", "few", "many", "other"]
Forms = Mapping[Form, str]

NEEDED: Mapping[Language, frozenset[Form]] = {
    "ar": frozenset(("zero", "one", "two", "few", "many", "other")),
    "en": frozenset(("one", "other")),
}
"""What a counted text has to bring in each language."""


def form_of(count: int, language: Language) -> Form:
    """The form that ``count`` (0 or more) things take."""
    if language == "en":
        return "one" if count == 1 else "other"
    if count < 3:
        return ("zero", "one", "two")[count]
    last = count % 100
    if 3 <= last <= 10:
        return "few"
    return "many" if last >= 11 else "other"
