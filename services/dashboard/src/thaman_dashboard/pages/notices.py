"""What a command has to say, carried over one redirect: a code and its counts in a cookie, worded by the next page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import Response

COOKIE = "thaman-notice"
SECONDS = 60
LONGEST = 600
_MOST_COUNTED = 100_000


@dataclass(frozen=True, slots=True)
class Notice:
    """``code`` names the words, ``count`` what they count; ``refused`` counts refusals by their code.

    ``late`` says that the pages may not show it yet.
    """

    code: str
    count: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    late: bool = False


def carry(response: Response, notice: Notice, *, secure: bool) -> None:
    """Send the notice along with a redirect."""
    fields = {"code": notice.code, "count": str(notice.count), "late": str(int(notice.late))}
    fields |= {f"no.{code}": str(count) for code, count in notice.refused.items()}
    response.set_cookie(
        COOKIE, urlencode(fields), max_age=SECONDS, path="/", secure=secure, httponly=True, samesite="lax"
    )


def carried(request: Request) -> Notice | None:
    """The notice that a request brings; ``None`` without one that makes sense."""
    said = request.cookies.get(COOKIE)
    if not said or len(said) > LONGEST:
        return None
    fields = dict(parse_qsl(said))
    refused = {name.removeprefix("no."): _count(value) for name, value in fields.items() if name.startswith("no.")}
    return Notice(fields.get("code", ""), _count(fields.get("count", "")), refused, fields.get("late") == "1")


def drop(response: Response, *, secure: bool) -> None:
    """The notice was shown."""
    response.delete_cookie(COOKIE, path="/", secure=secure, httponly=True, samesite="lax")


def _count(value: str) -> int:
    return min(int(value), _MOST_COUNTED) if value.isascii() and value.isdecimal() and len(value) < 10 else 0
