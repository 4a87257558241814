"""Discount licences: those on record, a new one, and what was wrong with one or has changed."""

from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.desk import AtDesk, Desk
from thaman_dashboard.endpoints.away import AWAY, away
from thaman_dashboard.licence_form import TypedLicence, as_typed, state_of, typed
from thaman_dashboard.owner_ports import OwnerRefused
from thaman_dashboard.pages.amounts import RIYADH
from thaman_dashboard.pages.notices import Notice
from thaman_dashboard.pages.typed import day
from thaman_dashboard.permissions import Deed, require
from thaman_dashboard.policies_ports import LicenceShown
from thaman_dashboard.settings_form import Wrong
from thaman_dashboard.visits import Posted, SureVisitor, Visit, Visitor, from_our_pages
from thaman_kit.problems import not_found

LONGEST_REASON = 200
router = APIRouter(prefix="/licences", dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get("")
def licences(request: Request, desk: AtDesk, visit: Visitor) -> Response:
    """All licences, the latest first day first."""
    try:
        return _list(request, desk, visit, TypedLicence({}))
    except AWAY:
        return away(request, desk, visit, "licences.title")


@router.post("")
def record(request: Request, desk: AtDesk, visit: SureVisitor, form: Posted) -> Response:
    """Put one on record."""
    require(visit.session.role, Deed.LICENCES)
    found = typed(form)
    if found.licence is None:
        return _list(request, desk, visit, found, status=422)
    desk.licence_owners.record(visit.store_id, found.licence)
    return desk.pages.move("/licences", Notice("licence_recorded"))


@router.get("/{licence_id}")
def licence(request: Request, desk: AtDesk, visit: Visitor, licence_id: UUID) -> Response:
    """One licence, to be corrected or revoked."""
    shown = _known(desk, visit, licence_id)
    return _page(request, desk, visit, shown, TypedLicence(as_typed(shown.licence)))


@router.post("/{licence_id}")
def correct(request: Request, desk: AtDesk, visit: SureVisitor, licence_id: UUID, form: Posted) -> Response:
    """Say it anew, whole, with the reason."""
    require(visit.session.role, Deed.LICENCES)
    shown, found = _known(desk, visit, licence_id), typed(form)
    reason = form.one("reason")[:LONGEST_REASON]
    if not reason:
        found.wrong["reason"] = Wrong("needed")
    if found.licence is None or found.wrong:
        return _page(request, desk, visit, shown, found, status=422)
    desk.licence_owners.correct(visit.store_id, licence_id, found.licence, reason)
    return desk.pages.move(f"/licences/{licence_id}", Notice("licence_corrected"))


@router.post("/{licence_id}/revoke")
def revoke(request: Request, desk: AtDesk, visit: SureVisitor, licence_id: UUID, form: Posted) -> Response:
    """Let it not count from a day on."""
    require(visit.session.role, Deed.LICENCES)
    shown = _known(desk, visit, licence_id)
    found = TypedLicence(as_typed(shown.licence) | {"revoked_from": form.one("revoked_from")})
    since = day(form.one("revoked_from")) if form.one("revoked_from") else None
    reason = form.one("revoke_reason")[:LONGEST_REASON]
    if form.one("revoked_from") and since is None:
        found.wrong["revoked_from"] = Wrong("day")
    if not reason:
        found.wrong["revoke_reason"] = Wrong("needed")
    if found.wrong:
        return _page(request, desk, visit, shown, found, status=422)
    try:
        desk.licence_owners.revoke(visit.store_id, licence_id, reason, since)
    except OwnerRefused:
        found.wrong["revoked_from"] = Wrong("refused")
        return _page(request, desk, visit, shown, found, status=422)
    return desk.pages.move(f"/licences/{licence_id}", Notice("licence_revoked"))


def _known(desk: Desk, visit: Visit, licence_id: UUID) -> LicenceShown:
    known = desk.licence_owners.licences(visit.store_id)
    found = next((one for one in known if one.licence_id == licence_id), None)
    if found is None:
        raise not_found("licence")
    return found


def _list(request: Request, desk: Desk, visit: Visit, found: TypedLicence, *, status: int = 200) -> Response:
    today = desk.clock.now().astimezone(RIYADH).date()
    known = desk.licence_owners.licences(visit.store_id)
    return desk.pages.show(
        request,
        "licences.html",
        visit=visit,
        status=status,
        licences=[(one, state_of(one, today)) for one in known],
        values=found.values,
        wrong=found.wrong,
    )


def _page(
    request: Request, desk: Desk, visit: Visit, shown: LicenceShown, found: TypedLicence, *, status: int = 200
) -> Response:
    return desk.pages.show(
        request,
        "licences_one.html",
        visit=visit,
        status=status,
        shown=shown,
        state=state_of(shown, desk.clock.now().astimezone(RIYADH).date()),
        values=found.values,
        wrong=found.wrong,
    )
