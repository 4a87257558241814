"""Pages as HTML: server-rendered and whole without script, with none inline; all that comes from outside is escaped."""

from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from thaman_dashboard.domain.weighing import margin_bp, reason_parts
from thaman_dashboard.pages import amounts, chart, live, notices, words
from thaman_dashboard.pages.assets import Assets
from thaman_dashboard.pages.brand import Brand
from thaman_dashboard.pages.notices import Notice
from thaman_dashboard.pages.preferences import preferences_of, remember
from thaman_dashboard.pages.speech import Speech
from thaman_dashboard.visits import PART, SAFE, Visit
from thaman_kit import language
from thaman_kit.clock import Clock
from thaman_kit.problems import Problem

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; manifest-src 'self';"
    " worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
MENU = (
    ("/", "overview"),
    ("/approvals", "approvals"),
    ("/products", "products"),
    ("/runs", "runs"),
    ("/activity", "activity"),
    ("/audit", "audit"),
    ("/analytics", "analytics"),
    ("/people", "people"),
    ("/policies", "policies"),
    ("/settings", "settings"),
)
"""Where the menu leads, and the text of each entry."""

FOR = {"/people": "people"}
"""Entries of the menu that not everybody sees, by the deed that they are for."""

_YEAR_S = 31_536_000


class Pages:
    """Renders pages."""

    def __init__(self, clock: Clock, *, secure: bool, brand: Brand | None = None) -> None:
        """``secure``: cookies go over HTTPS alone; ``brand`` is an operator's own look."""
        self._brand = brand or Brand()
        self.assets = Assets(self._brand)
        self._clock = clock
        self._secure = secure
        self._environment = Environment(
            loader=PackageLoader("thaman_dashboard", "pages/templates"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {
            "asset": self.assets.address,
            "brand": self._brand,
            "codes": words.codes,
            "margin_bp": margin_bp,
            "reason_parts": reason_parts,
            "live": live.attributes,
            "again": live.again,
            "place": chart.place,
            "local": amounts.local,
            "plain": amounts.plain,
            "percent_plain": amounts.percent_plain,
            "web_address": web_address,
        }

    def show(
        self, request: Request, template: str, *, visit: Visit | None = None, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A page; a notice that the browser carries is said on it and dropped."""
        chosen = language.language_of(request)
        # A part that is shown anew comes while the page with the notice may be on its way.
        is_part = PART in request.headers
        is_somebodys = visit is not None or "operator" in values
        notice = notices.carried(request) if is_somebodys and not is_part else None
        html = self._environment.get_template(template).render(
            s=Speech(chosen, self._clock.now(), preferences_of(request), self._brand.name),
            direction="rtl" if chosen == "ar" else "ltr",
            visit=visit,
            menu=_menu(visit),
            notice=notice,
            path=request.url.path,
            here=live.here(request),
            others=_in_other_language(request),
            **values,
        )
        headers = {
            "Content-Security-Policy": POLICY,
            "Content-Language": chosen,
            # With no-referrer, forms of our own would come from the origin "null".
            "Referrer-Policy": "same-origin",
            "Vary": "Accept-Language, Cookie",
        }
        response = HTMLResponse(html, status_code=status, headers=headers)
        self._remember_language(request, response)
        remember(request, response, secure=self._secure)
        if notice is not None:
            notices.drop(response, secure=self._secure)
        return response

    def problem(self, request: Request, problem: Problem) -> Response:
        """A problem as a page."""
        response = self.show(
            request,
            "problem.html",
            status=problem.status,
            code=problem.code,
            reference=getattr(request.state, "request_id", None),
        )
        response.headers.update(problem.headers)
        return response

    def move(self, address: str, notice: Notice | None = None) -> RedirectResponse:
        """Go on to a page of ours after a command, with what there is to say of it."""
        response = RedirectResponse(address, status_code=303)
        if notice is not None:
            notices.carry(response, notice, secure=self._secure)
        return response

    def _remember_language(self, request: Request, response: Response) -> None:
        wish = language.asked_for(request)
        if wish is not None:
            response.set_cookie(
                language.COOKIE, wish, max_age=_YEAR_S, path="/", secure=self._secure, httponly=True, samesite="lax"
            )


def web_address(address: str | None) -> str | None:
    """An address of the web that may be linked to; anything else a stranger wrote is none."""
    try:
        parts = urlsplit(address or "")
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return None
    return address if is_web else None


def _menu(visit: Visit | None) -> list[tuple[str, str]]:
    """The menu's entries that lead a visitor to a page."""
    return [entry for entry in MENU if visit is not None and (entry[0] not in FOR or visit.may(FOR[entry[0]]))]


def _in_other_language(request: Request) -> dict[str, str]:
    """The same page in each language; what a command answered cannot be asked again, so there it is the first page."""
    if request.method not in SAFE:
        return {one: f"/?{urlencode({language.PARAMETER: one})}" for one in language.LANGUAGES}
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != language.PARAMETER]
    # A path that begins with two slashes would be another site's address.
    path = quote("/" + request.scope["path"].lstrip("/"))
    return {one: f"{path}?{urlencode([*kept, (language.PARAMETER, one)])}" for one in language.LANGUAGES}
