"""Which language a browser is answered in; the same on all pages of an installation, whichever service serves them."""

from typing import Literal, get_args

from starlette.requests import Request

Language = Literal["ar", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
DEFAULT: Language = "ar"

COOKIE = "thaman-lang"
PARAMETER = "lang"

_LONGEST = 20
"""Tags of ``Accept-Language`` that are looked at."""


def language_of(request: Request) -> Language:
    """The language of a request: asked for in the address, chosen earlier, or the browser's."""
    return choose_language(
        request.query_params.get(PARAMETER),
        request.cookies.get(COOKIE),
        accept_language=request.headers.get("accept-language", ""),
    )


def asked_for(request: Request) -> Language | None:
    """The language that the address names, to be remembered; ``None`` without one."""
    return _known(request.query_params.get(PARAMETER, ""))


def choose_language(*wishes: str | None, accept_language: str = "") -> Language:
    """The first wish that is a language we have, else the best of ``Accept-Language``, else Arabic."""
    for wish in (*wishes, *_by_preference(accept_language)):
        language = _known(wish or "")
        if language is not None:
            return language
    return DEFAULT


def _known(tag: str) -> Language | None:
    primary = tag.strip().lower().partition("-")[0]
    return next((language for language in LANGUAGES if language == primary), None)


def _by_preference(header: str) -> list[str]:
    weighed = []
    for place, part in enumerate(header.split(",")[:_LONGEST]):
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
