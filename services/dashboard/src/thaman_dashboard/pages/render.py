"""Pages as HTML: server-rendered, without script and without inline style; all that comes from outside is escaped."""

from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from thaman_dashboard.pages import amounts, chart, notices, words
from thaman_dashboard.pages.assets import Assets
from thaman_dashboard.pages.notices import Notice
from thaman_dashboard.pages.speech import Speech
from thaman_dashboard.visits import SAFE, Visit
from thaman_kit import language
from thaman_kit.clock import Clock
from thaman_kit.problems import Problem

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
MENU = (
    ("/", "overview"),
    ("/approvals", "approvals"),
    ("/products", "products"),
    ("/runs", "runs"),
    ("/activity", "activity"),
    ("/settings", "settings"),
)
"""Where the menu leads, and the text of each entry."""

_YEAR_S = 31_536_000


class Pages:
    """Renders pages."""

    def __init__(self, clock: Clock, *, secure: bool) -> None:
        """``secure``: cookies go over HTTPS alone."""
        self.assets = Assets()
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
            "codes": words.codes,
            "menu": MENU,
            "place": chart.place,
            "plain": amounts.plain,
            "percent_plain": amounts.percent_plain,
            "web_address": web_address,
        }

    def show(
        self, request: Request, template: str, *, visit: Visit | None = None, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A page; a notice that the browser carries is said on it and dropped."""
        chosen = language.language_of(request)
        notice = notices.carried(request) if visit is not None else None
        html = self._environment.get_template(template).render(
            s=Speech(chosen, self._clock.now()),
            direction="rtl" if chosen == "ar" else "ltr",
            visit=visit,
            notice=notice,
            path=request.url.path,
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


def _in_other_language(request: Request) -> dict[str, str]:
    """The same page in each language; what a command answered cannot be asked again, so there it is the first page."""
    if request.method not in SAFE:
        return {one: f"/?{urlencode({language.PARAMETER: one})}" for one in language.LANGUAGES}
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != language.PARAMETER]
    # A path that begins with two slashes would be another site's address.
    path = quote("/" + request.scope["path"].lstrip("/"))
    return {one: f"{path}?{urlencode([*kept, (language.PARAMETER, one)])}" for one in language.LANGUAGES}
