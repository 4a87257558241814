"""How a person wants numbers and dates: kept in cookies like the language, and asked for in an address the same way."""

from dataclasses import dataclass
from typing import Literal, get_args

from starlette.requests import Request
from starlette.responses import Response

Digits = Literal["western", "arabic"]
Calendar = Literal["gregorian", "both"]

DIGITS: tuple[Digits, ...] = get_args(Digits)
CALENDARS: tuple[Calendar, ...] = get_args(Calendar)
CHOICES: dict[str, tuple[str, ...]] = {"digits": DIGITS, "calendar": CALENDARS}
"""What may be chosen, by the parameter of an address that chooses it; the first is the default."""

_YEAR_S = 31_536_000


@dataclass(frozen=True, slots=True)
class Preferences:
    """``arabic`` digits are for Arabic pages; ``both`` shows the Umm al-Qura date beside the Gregorian one."""

    digits: Digits = "western"
    calendar: Calendar = "gregorian"


def preferences_of(request: Request) -> Preferences:
    """Those of a request: asked for in the address, or chosen earlier."""
    found = {name: _chosen(request, name) for name in CHOICES}
    return Preferences(**{name: value for name, value in found.items() if value is not None})  # type: ignore[arg-type]


def remember(request: Request, response: Response, *, secure: bool) -> None:
    """Let the browser keep what the address asks for."""
    for name, choices in CHOICES.items():
        wish = request.query_params.get(name)
        if wish in choices:
            response.set_cookie(
                cookie_of(name), wish, max_age=_YEAR_S, path="/", secure=secure, httponly=True, samesite="lax"
            )


def cookie_of(name: str) -> str:
    """The cookie that keeps a preference."""
    return f"thaman-{name}"


def _chosen(request: Request, name: str) -> str | None:
    wishes = (request.query_params.get(name), request.cookies.get(cookie_of(name)))
    return next((wish for wish in wishes if wish in CHOICES[name]), None)
