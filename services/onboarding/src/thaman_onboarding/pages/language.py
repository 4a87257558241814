"""Which language a browser is answered in."""

from typing import Literal

Language = Literal["ar", "en"]

DEFAULT: Language = "ar"


def choose_language(*wishes: str | None, accept_language: str = "") -> Language:
    """The first wish that is a language we have, else the best of ``Accept-Language``, else Arabic."""
    for wish in wishes:
        language = _known(wish or "")
        if language is not None:
            return language
    for tag in _by_preference(accept_language):
        language = _known(tag)
        if language is not None:
            return language
    return DEFAULT


def _known(tag: str) -> Language | None:
    primary = tag.strip().lower().partition("-")[0]
    if primary == "ar":
        return "ar"
    return "en" if primary == "en" else None


def _by_preference(header: str) -> list[str]:
    weighed = []
    for place, part in enumerate(header.split(",")[:20]):
        tag, _, weight = part.partition(";")
        weighed.append((-_quality(weight), place, tag))
    return [tag for quality, _, tag in sorted(weighed) if quality < 0]


def _quality(weight: str) -> float:
    name, _, value = weight.strip().partition("=")
    if not name:
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
