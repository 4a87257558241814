"""Pages as HTML: server-rendered, no script, one inline style that the content policy knows by its hash."""

import base64
import hashlib
from dataclasses import dataclass
from importlib import resources
from urllib.parse import urlencode

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from thaman_kit.language import language_of
from thaman_kit.problems import Problem
from thaman_onboarding.pages.texts import CHROME, problem_text

_STYLE = resources.files("thaman_onboarding").joinpath("pages/style.css").read_text(encoding="utf-8")


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@dataclass(frozen=True, slots=True)
class Landing:
    """Where the dashboard is, and what it lets this browser in with; without that, the browser proves itself at Salla
    once more."""

    dashboard_url: str
    token: str | None


class Pages:
    """Renders pages. What they show was escaped; what they link to is our own."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=PackageLoader("thaman_onboarding", "pages/templates"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._headers = {"Content-Security-Policy": _policy(_STYLE)}

    def connected(self, request: Request, name: str | None, landing: Landing | None = None) -> HTMLResponse:
        """The store is connected; without a name the last steps are still under way. ``landing`` leads on."""
        headers: dict[str, str] = {}
        if landing is not None and landing.token is not None:
            policy = self._headers["Content-Security-Policy"]
            headers["Content-Security-Policy"] = policy.replace(
                "form-action 'none'", f"form-action {landing.dashboard_url}"
            )
            # The dashboard wants to know which page its form is from; the address here has a code in it and stays.
            headers["Referrer-Policy"] = "strict-origin"
        return self._page(request, "connected.html", 200, headers=headers, name=name, landing=landing)

    def problem(self, request: Request, problem: Problem) -> Response:
        """A problem as a page."""
        language = language_of(request)
        return self._page(
            request,
            "problem.html",
            problem.status,
            headers=problem.headers,
            text=problem_text(problem.code, language),
            reference=getattr(request.state, "request_id", None),
        )

    def _page(
        self, request: Request, template: str, status: int, headers: dict[str, str] | None = None, **values: object
    ) -> HTMLResponse:
        language = language_of(request)
        html = self._environment.get_template(template).render(
            language=language,
            direction="rtl" if language == "ar" else "ltr",
            words=CHROME[language],
            style=Markup(_STYLE),  # noqa: S704 - a file of this package
            connect_url=f"/oauth/authorize?{urlencode({'lang': language})}",
            **values,
        )
        own = {"Content-Language": language, "Vary": "Accept-Language, Cookie"}
        return HTMLResponse(html, status_code=status, headers={**self._headers, **own, **(headers or {})})
