"""Which language a browser is answered in."""

from typing import Literal

from starlette.requests import Request

Language = Literal["ar", "en"]

DEFAULT: Language = "ar"
LANGUAGES: tuple[Language, ...] = ("ar", "en")
COOKIE = "thaman-lang"
PARAMETER = "lang"

_LONGEST = 20
"""Tags of ``Accept-Language`` that are looked at."""


def language_of(request: Request) -> Language:
    """Asked for in the address, chosen earlier, the browser's first that we have, else Arabic."""
    for wish in (request.query_params.get(PARAMETER), request.cookies.get(COOKIE)):
        if wish in LANGUAGES:
            return wish
    for tag in _by_preference(request.headers.get("accept-language", "")):
        primary = tag.strip().lower().partition("-")[0]
        if primary in LANGUAGES:
            return primary
    return DEFAULT


def asked_for(request: Request) -> Language | None:
    """The language that the address names, to be remembered; ``None`` without one."""
    wish = request.query_params.get(PARAMETER)
    return wish if wish in LANGUAGES else None


def _by_preference(header: str) -> list[str]:
    weighed = []
    for place, part in enumerate(header.split(",")[:_LONGEST]):
        tag, _, weight = part.partition(";")
        weighed.append((-_quality(weight), place, tag))
    return [tag for quality, _, tag in sorted(weighed) if quality < 0]


def _quality(weight: str) -> float:
    _, _, value = weight.strip().partition("=")
    try:
        return min(max(float(value), 0.0), 1.0) if value else 1.0
    except ValueError:
        return 0.0
