"""The operator's pages over all stores, with a way in and a cookie of their own."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from thaman_contracts.ids import StoreId
from thaman_dashboard.desk import AtDesk, desk_of
from thaman_dashboard.endpoints.asking import After, Search
from thaman_dashboard.errors import SpentLink
from thaman_dashboard.operator_views import OperatorSession
from thaman_dashboard.pages.notices import Notice
from thaman_dashboard.views import Role
from thaman_dashboard.visits import Form, Posted, foreign, from_our_pages
from thaman_kit.auth import Principal, require_operator
from thaman_kit.problems import Fault, Problem, invalid_request

ON_A_PAGE = 25
outside = APIRouter()
router = APIRouter(prefix="/operator", dependencies=[Depends(from_our_pages)], include_in_schema=False)


class OperatorLinkView(BaseModel):
    """A sign-in link to the operator's pages. It works once, until ``expires_at``, and is shown this once."""

    url: str = Field(description="To be opened in the operator's browser.")
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OperatorVisit:
    """A signed-in request of an operator, which is nobody's visit of a store."""

    session: OperatorSession


def operator_of(request: Request) -> OperatorVisit:
    """The visit of an operator's browser.

    Raises:
        Problem: 401, no operator is signed in.
    """
    desk = desk_of(request)
    session = desk.operators.session(desk.operator_cookie.read(request))
    if session is None:
        raise Problem(401, "operator_signed_out", "Not signed in", "No operator is signed in.", "Make a new link.")
    return OperatorVisit(session)


Operator = Annotated[OperatorVisit, Depends(operator_of)]


def sure_operator_of(visit: Operator, form: Posted) -> OperatorVisit:
    """The visit of a form that carries its session's token.

    Raises:
        Problem: 403, the form is of another session, or of none.
    """
    if not hmac.compare_digest(form.one("csrf").encode(), visit.session.csrf.encode()):
        raise foreign()
    return visit


SureOperator = Annotated[OperatorVisit, Depends(sure_operator_of)]


@outside.post("/operator/links", status_code=201)
def make_link(desk: AtDesk, caller: Annotated[Principal, Depends(require_operator)]) -> OperatorLinkView:
    """Make a one-time link that signs the key's holder in to the operator's pages."""
    link = desk.operators.make_link(caller.key_id)
    return OperatorLinkView(url=f"{desk.public_url}/operator/sign-in/{link.token}", expires_at=link.expires_at)


@router.get("/sign-in/{token}")
def look(request: Request, token: str, desk: AtDesk) -> Response:
    """What the link opens, with a button; looking does not spend it."""
    expires_at = desk.operators.look(token)
    if expires_at is None:
        raise SpentLink
    return desk.pages.show(request, "operator_sign_in.html", expires_at=expires_at)


@router.post("/sign-in/{token}")
def enter(request: Request, token: str, desk: AtDesk) -> Response:
    """Spend the link and open an operator's session in place of the one that the browser had."""
    secret = desk.operators.enter(token, request.headers.get("user-agent"))
    desk.operators.leave(desk.operator_cookie.read(request))
    response = desk.pages.move("/operator")
    desk.operator_cookie.give(response, secret)
    return response


@router.post("/sign-out")
def leave(request: Request, desk: AtDesk, visit: SureOperator) -> Response:
    """End the session."""
    desk.operators.leave(desk.operator_cookie.read(request))
    response = desk.pages.show(request, "signed_out.html")
    desk.operator_cookie.take(response)
    return response


@router.get("")
def stores(request: Request, desk: AtDesk, visit: Operator, search: Search = "", after: After = None) -> Response:
    """All stores, and how the installation stands."""
    wanted = search.replace("\0", "").strip()
    return desk.pages.show(
        request,
        "operator.html",
        operator=visit,
        stores=desk.operators.stores(wanted or None, after, ON_A_PAGE),
        totals=desk.operators.totals(),
        system=desk.operators.system(),
        chosen={"search": wanted, "after": after},
        roles=tuple(Role)[::-1],
    )


@router.get("/log")
def log(request: Request, desk: AtDesk, visit: Operator, after: After = None) -> Response:
    """What operators did."""
    page = desk.operators.log(after, ON_A_PAGE)
    return desk.pages.show(request, "operator_log.html", operator=visit, lines=page, after=after)


@router.post("/stop")
def stop(desk: AtDesk, visit: SureOperator) -> Response:
    """Stop all writing of all stores."""
    shown = desk.operators.stop(visit.session, stopped=True)
    return desk.pages.move("/operator", Notice("operator_stopped", late=not shown))


@router.post("/resume")
def resume(desk: AtDesk, visit: SureOperator) -> Response:
    """Allow writing again."""
    shown = desk.operators.stop(visit.session, stopped=False)
    return desk.pages.move("/operator", Notice("operator_resumed", late=not shown))


@router.post("/stores/{store_id}/links")
def link_to(request: Request, desk: AtDesk, visit: SureOperator, form: Posted, store_id: StoreId) -> Response:
    """Make a sign-in link for a store; it is on this page and on no other."""
    role = _role(form)
    link = desk.operators.link_to(visit.session, store_id, role)
    return desk.pages.show(
        request,
        "operator_link.html",
        status=201,
        operator=visit,
        url=f"{desk.public_url}/sign-in/{link.token}",
        link=link,
        role=role,
        store=desk.read_models.store(store_id),
    )


def _role(form: Form) -> Role:
    try:
        return Role(form.one("role"))
    except ValueError as error:
        raise invalid_request([Fault("is no role", "bad_role", parameter="role")]) from error
