"""The page inside Salla's admin: how the store stands, and the way to the dashboard in a tab of its own.

A session inside a frame would need a cookie that other sites' pages may send along, which is what the forms' guards are
built on not to have. So the page shows and decides nothing, and its one button opens a one-time link in a new tab.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.desk import AtDesk
from thaman_dashboard.embedded_ports import BadEmbeddedToken, SallaSilent
from thaman_dashboard.pages.render import POLICY
from thaman_kit.problems import Problem, not_found

_SILENT = Problem(503, "salla_silent", "Not possible now", "Salla did not say whose page it is.", "Load it again.")
router = APIRouter(include_in_schema=False)


@router.get("/embedded")
def embedded(request: Request, desk: AtDesk, token: Annotated[str, Query(max_length=4_000)] = "") -> Response:
    """The store of the token that Salla appended."""
    parts = desk.embedded
    if parts is None:
        raise not_found("page")
    response: Response
    connect = f"{desk.onboarding_public_url}/oauth/authorize" if desk.onboarding_public_url else None
    shown: dict[str, Any] = {"origins": parts.origins, "connect": connect}
    try:
        response = desk.pages.show(request, "embedded.html", seen=parts.look(token), **shown)
    except BadEmbeddedToken:
        response = desk.pages.show(request, "embedded.html", status=401, seen=None, **shown)
    except SallaSilent:
        response = desk.pages.problem(request, _SILENT)
    framed = POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {parts.origins}")
    response.headers["Content-Security-Policy"] = framed
    # The address has a token in it.
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
