"""What there is to hear of, what a person wants to hear of, and what they have read."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.desk import AtDesk
from thaman_dashboard.notifications import KINDS, REACH
from thaman_dashboard.pages.notices import Notice
from thaman_dashboard.permissions import Deed, require
from thaman_dashboard.views import SessionView
from thaman_dashboard.visits import Posted, SureVisitor, Visitor, from_our_pages
from thaman_kit.problems import Fault, invalid_request

router = APIRouter(prefix="/notifications", dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get("")
def notifications(request: Request, desk: AtDesk, visit: Visitor) -> Response:
    """What a person chose to hear of in the last thirty days, newest first; looking does not mark it as read."""
    now = desk.clock.now()
    wishes = desk.notifications.wishes(visit.store_id, _person(visit.session))
    listed = desk.notifications.listed(visit.store_id, wishes.kinds, now - REACH)
    since = wishes.since(now)
    return desk.pages.show(
        request,
        "notifications.html",
        visit=visit,
        listed=[(one, one.at > since) for one in listed],
        chosen=wishes.kinds,
        kinds=KINDS,
    )


@router.post("/read")
def read(desk: AtDesk, visit: SureVisitor, form: Posted) -> Response:
    """All that was shown is read; what came meanwhile stays new."""
    require(visit.session.role, Deed.NOTIFICATIONS)
    try:
        until = datetime.fromisoformat(form.one("until"))
    except ValueError as error:
        raise invalid_request([Fault("is no instant", "bad_instant", parameter="until")]) from error
    if until.tzinfo is None:
        raise invalid_request([Fault("is no instant with a zone", "bad_instant", parameter="until")])
    desk.notifications.read(visit.store_id, _person(visit.session), min(until, desk.clock.now()))
    return desk.pages.move("/notifications", Notice("notifications_read"))


@router.post("")
def choose(desk: AtDesk, visit: SureVisitor, form: Posted) -> Response:
    """What the person wants to hear of from now on."""
    require(visit.session.role, Deed.NOTIFICATIONS)
    wanted = form.all("kinds")
    desk.notifications.choose(visit.store_id, _person(visit.session), tuple(one for one in KINDS if one in wanted))
    return desk.pages.move("/notifications", Notice("notifications_chosen"))


def _person(session: SessionView) -> UUID:
    assert session.person_id is not None, "a session that is stored is of somebody"
    return session.person_id
