"""Who visits: the browser's session, its store, and the guards before anything is changed."""

import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.people_views import StoreChoice
from thaman_dashboard.permissions import Deed, may
from thaman_dashboard.sign_in import LONGEST
from thaman_dashboard.views import SessionView, StoreView, SystemView
from thaman_kit.problems import Problem

SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
MOST_FIELDS = 1_000
NEWS = "/live"
PART = "HX-Request"
"""What an open page asks by itself: the line of news, and with this header a part of the page."""

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Visit:
    """A signed-in request: its session, and the only store that it can see."""

    session: SessionView
    store: StoreView
    system: SystemView
    stores: tuple[StoreChoice, ...] = ()
    """The person's stores, where there are several to go on at."""
    unread: int = 0
    """Notifications that are new to the person."""

    @property
    def store_id(self) -> str:
        """The store."""
        return self.session.store_id

    def may(self, deed: str) -> bool:
        """Whether the session's role permits a deed."""
        return may(self.session.role, Deed(deed))


class SessionCookie:
    """The cookie that names the session: bound to this host and to HTTPS wherever the installation has it."""

    def __init__(self, public_url: str, name: str = "session", lives: timedelta = LONGEST) -> None:
        self.secure = public_url.startswith("https://")
        self.name = f"__Host-{name}" if self.secure else name
        self._lives = lives

    def read(self, request: Request) -> str | None:
        """The session's secret id that a browser sends."""
        return request.cookies.get(self.name)

    def give(self, response: Response, secret: str) -> None:
        """Let the browser keep a session."""
        response.set_cookie(
            self.name,
            secret,
            max_age=int(self._lives.total_seconds()),
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def take(self, response: Response) -> None:
        """Let the browser forget it."""
        response.delete_cookie(self.name, path="/", secure=self.secure, httponly=True, samesite="lax")


class Form:
    """The fields of a posted form."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self._fields = fields

    def one(self, name: str, default: str = "") -> str:
        """The first value of a field, without blanks around it."""
        return next((value.strip() for key, value in self._fields if key == name), default)

    def given(self, *names: str) -> list[str]:
        """Those of the names that the form has a field of."""
        return [name for name in names if any(key == name for key, _ in self._fields)]

    def all(self, name: str) -> list[str]:
        """All values of a field."""
        return [value for key, value in self._fields if key == name]


def visit_of(request: Request) -> Visit:
    """The visit of a signed-in browser.

    Raises:
        Problem: 401, nobody is signed in; 404, the store is not known any more.
    """
    desk: Any = request.app.state.desk
    is_use = PART not in request.headers and request.url.path != NEWS
    session = desk.sign_in.session(desk.cookie.read(request), is_use=is_use)
    if session is None:
        raise Problem(
            401, "signed_out", "Not signed in", "No session goes with this request.", "Open a new sign-in link."
        )
    store = desk.read_models.store(session.store_id)
    if store is None or store.forgotten:
        raise Problem(404, "store_gone", "Not found", "The store is not known here any more.", "Connect it again.")
    stores = desk.people.stores(session) if session.stores > 1 else ()
    unread = desk.notifications.unread(session, desk.clock.now())
    return Visit(session, store, desk.read_models.system(), stores, unread)


async def posted(request: Request) -> Form:
    """The fields of the form that a request carries.

    Raises:
        Problem: 415, it carries something else; 400, it cannot be read.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Problem(415, "unsupported_media_type", "Not a form", f"The body is not {FORM}.", "Send the page's form.")
    try:
        body = (await request.body()).decode()
        return Form(parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"))
    except ValueError as error:
        raise Problem(400, "bad_request", "Unreadable form", "The form cannot be read.", "Send it again.") from error


async def from_our_pages(request: Request) -> None:
    """Let through what changes nothing, and what a browser says comes from our own pages.

    Raises:
        Problem: 403, another site sent it, or nobody knows who did.
    """
    if request.method in SAFE:
        return
    site = request.headers.get("sec-fetch-site")
    if site is None:
        desk: Any = request.app.state.desk
        is_ours = request.headers.get("origin") == origin_of(desk.public_url)
    else:
        is_ours = site in ("same-origin", "none")
    if not is_ours:
        raise foreign()


def origin_of(address: str) -> str:
    """The origin of an address, as browsers write it."""
    parts = urlsplit(address)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in (None, default) else f":{parts.port}"
    return f"{parts.scheme}://{parts.hostname}{port}"


Visitor = Annotated[Visit, Depends(visit_of)]
Posted = Annotated[Form, Depends(posted)]


def sure_visit_of(visit: Visitor, form: Posted) -> Visit:
    """The visit of a form that carries its session's token.

    Raises:
        Problem: 403, the form is of another session, or of none.
    """
    is_of_session(form, visit.session)
    return visit


def is_of_session(form: Form, session: SessionView) -> None:
    """Go on only with a form that carries its session's token.

    Raises:
        Problem: 403, the form is of another session, or of none.
    """
    if not hmac.compare_digest(form.one("csrf").encode(), session.csrf.encode()):
        raise foreign()


SureVisitor = Annotated[Visit, Depends(sure_visit_of)]
"""Every command takes this one."""


def foreign() -> Problem:
    """403: a form of another session, another site, or nobody's."""
    return Problem(
        403,
        "foreign_form",
        "Not from our pages",
        "The request does not come from a page of this session, so nothing was done.",
        "Open the page again and use its form.",
    )
