"""Where a person is signed in, who they say they are, and signing out elsewhere."""

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.desk import AtDesk
from thaman_dashboard.pages.devices import device
from thaman_dashboard.pages.notices import Notice
from thaman_dashboard.people import LONGEST_CONTACT, LONGEST_NAME
from thaman_dashboard.visits import Posted, SureVisitor, Visitor, from_our_pages
from thaman_kit.problems import not_found

_HASH = 32
router = APIRouter(prefix="/sessions", dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get("")
def sessions(request: Request, desk: AtDesk, visit: Visitor) -> Response:
    """The person's own sessions; an owner sees those of the store's other people, too."""
    return desk.pages.show(
        request,
        "sessions.html",
        visit=visit,
        own=desk.people.sessions(visit.session),
        theirs=desk.people.sessions_of_store(visit.session),
        name=visit.session.person_name or "",
        contact=desk.people.contact(visit.session) or "",
        device=device,
        longest_name=LONGEST_NAME,
        longest_contact=LONGEST_CONTACT,
    )


@router.post("/me")
def describe(desk: AtDesk, visit: SureVisitor, form: Posted) -> Response:
    """Keep what the person says of themselves."""
    desk.people.describe(visit.session, form.one("name"), form.one("contact"))
    return desk.pages.move("/sessions", Notice("sessions_described"))


@router.post("/end")
def end(desk: AtDesk, visit: SureVisitor, form: Posted) -> Response:
    """End one session."""
    session_hash = _hash(form.one("session"))
    if session_hash is None or not desk.people.end_session(visit.session, session_hash):
        raise not_found("session")
    return desk.pages.move("/sessions", Notice("sessions_ended", 1))


@router.post("/end-others")
def end_others(desk: AtDesk, visit: SureVisitor) -> Response:
    """End all sessions of the person but this one."""
    return desk.pages.move("/sessions", Notice("sessions_ended", desk.people.end_others(visit.session)))


def _hash(text: str) -> bytes | None:
    """The session that a form names; its hash opens nothing."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        return None
    return found if len(found) == _HASH else None
