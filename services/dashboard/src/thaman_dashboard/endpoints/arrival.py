"""The way in from onboarding's page; the one form that another origin may send, and only that one."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.desk import AtDesk
from thaman_dashboard.visits import Posted, origin_of
from thaman_kit.handover import LONGEST
from thaman_kit.problems import Problem

router = APIRouter(include_in_schema=False)


@router.post("/arrive")
def arrive(request: Request, desk: AtDesk, form: Posted) -> Response:
    """Open a session of the browser that came back from Salla, in place of the one it had."""
    senders = {origin_of(url) for url in (desk.public_url, desk.onboarding_public_url) if url}
    if request.headers.get("origin") not in senders:
        raise Problem(403, "foreign_form", "Not from our pages", "The form is not onboarding's.", "Connect it again.")
    token = form.one("handover")[: LONGEST + 1]
    secret = desk.arrivals.enter(token, request.headers.get("user-agent"))
    if secret is None:
        return desk.pages.show(request, "arriving.html", status=202, token=token)
    desk.sign_in.leave(desk.cookie.read(request))
    response = desk.pages.move("/")
    desk.cookie.give(response, secret)
    return response
