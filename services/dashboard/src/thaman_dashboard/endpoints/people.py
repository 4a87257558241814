"""A store's people and invitations, and the way in that an invitation is."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.desk import AtDesk
from thaman_dashboard.errors import SpentInvitation
from thaman_dashboard.pages.notices import Notice
from thaman_dashboard.people import LONGEST_CONTACT, LONGEST_NAME
from thaman_dashboard.permissions import Deed, require
from thaman_dashboard.sign_in import LONGEST_SECRET
from thaman_dashboard.views import Role
from thaman_dashboard.visits import Form, Posted, SureVisitor, Visit, Visitor, from_our_pages, is_of_session
from thaman_kit.problems import Fault, invalid_request, not_found

ROLES = tuple(Role)[::-1]
"""As they are offered: the most powerful first."""


def sure_owner_of(visit: SureVisitor) -> Visit:
    """The visit of a form of somebody who may change who belongs to the store.

    Raises:
        NotAllowed: their role does not permit it.
    """
    require(visit.session.role, Deed.PEOPLE)
    return visit


SureOwner = Annotated[Visit, Depends(sure_owner_of)]
router = APIRouter(dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get("/people")
def people(request: Request, desk: AtDesk, visit: Visitor) -> Response:
    """Who belongs to the store, and who is invited."""
    return desk.pages.show(
        request,
        "people.html",
        visit=visit,
        members=desk.people.members(visit.session),
        invitations=desk.people.invitations(visit.session),
        roles=ROLES,
        longest=LONGEST_NAME,
    )


@router.post("/people/invitations")
def invite(request: Request, desk: AtDesk, visit: SureOwner, form: Posted) -> Response:
    """Make an invitation; its link is on this page and on no other."""
    made = desk.people.invite(visit.session, _role(form), form.one("name"))
    url = f"{desk.public_url}/invitations/{made.token}"
    return desk.pages.show(request, "people_invited.html", visit=visit, status=201, made=made, url=url)


@router.post("/people/invitations/{invitation_id}/revoke")
def revoke(desk: AtDesk, visit: SureOwner, invitation_id: UUID) -> Response:
    """Take an invitation back."""
    if not desk.people.revoke(visit.session, invitation_id):
        raise not_found("invitation")
    return desk.pages.move("/people", Notice("people_revoked"))


@router.post("/people/{person_id}/role")
def change_role(desk: AtDesk, visit: SureOwner, form: Posted, person_id: UUID) -> Response:
    """Give a person another role."""
    desk.people.change_role(visit.session, person_id, _role(form))
    # Who took their own ownership away may not look at this page any more.
    gone = person_id == visit.session.person_id and _role(form) is not Role.OWNER
    return desk.pages.move("/" if gone else "/people", Notice("people_role"))


@router.post("/people/{person_id}/remove")
def remove(desk: AtDesk, visit: SureOwner, person_id: UUID) -> Response:
    """Take a person from the store."""
    desk.people.remove(visit.session, person_id)
    return desk.pages.move("/people", Notice("people_removed"))


@router.get("/invitations/{token}")
def look(request: Request, desk: AtDesk, token: str) -> Response:
    """What an invitation opens, with a button; looking does not spend it."""
    invitation = desk.people.look(token) if len(token) <= LONGEST_SECRET else None
    if invitation is None:
        raise SpentInvitation
    return desk.pages.show(
        request,
        "invitation.html",
        invitation=invitation,
        store=desk.read_models.store(invitation.store_id),
        session=desk.sign_in.session(desk.cookie.read(request)),
        longest_name=LONGEST_NAME,
        longest_contact=LONGEST_CONTACT,
    )


@router.post("/invitations/{token}")
def accept(request: Request, desk: AtDesk, form: Posted, token: str) -> Response:
    """Accept an invitation: as the person who is signed in here, or as a new one."""
    before = desk.cookie.read(request)
    session = desk.sign_in.session(before)
    if session is not None:
        is_of_session(form, session)
    agent = request.headers.get("user-agent")
    secret = desk.people.accept(token[: LONGEST_SECRET + 1], session, form.one("name"), form.one("contact"), agent)
    desk.sign_in.leave(before)
    response = desk.pages.move("/", Notice("people_joined"))
    desk.cookie.give(response, secret)
    return response


@router.post("/store")
def switch(request: Request, desk: AtDesk, visit: SureVisitor, form: Posted) -> Response:
    """Go on at another of the person's stores."""
    secret = desk.people.switch(visit.session, form.one("store_id"))
    if secret is None:
        raise not_found("store")
    response = desk.pages.move("/")
    desk.cookie.give(response, secret)
    return response


def _role(form: Form) -> Role:
    try:
        return Role(form.one("role"))
    except ValueError as error:
        raise invalid_request([Fault("is no role", "bad_role", parameter="role")]) from error
