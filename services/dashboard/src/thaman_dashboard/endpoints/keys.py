"""The store's own API keys. A new key's secret is on the page that answers its making, and nowhere else."""

from datetime import timedelta

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.desk import AtDesk, Desk
from thaman_dashboard.endpoints.away import AWAY, away
from thaman_dashboard.pages.notices import Notice
from thaman_dashboard.permissions import Deed, require
from thaman_dashboard.policies_ports import KeyShown, NewKeyShown
from thaman_dashboard.visits import Posted, SureVisitor, Visit, Visitor, from_our_pages

LASTS = (30, 90, 365)
"""Days that a key may be made for; without any it works until it is revoked."""
LONGEST_LABEL = 100
router = APIRouter(prefix="/keys", dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get("")
def keys(request: Request, desk: AtDesk, visit: Visitor) -> Response:
    """The keys of this store, newest first, without their secrets."""
    require(visit.session.role, Deed.KEYS)
    try:
        return _page(request, desk, visit)
    except AWAY:
        return away(request, desk, visit, "keys.title")


@router.post("")
def make(request: Request, desk: AtDesk, visit: SureVisitor, form: Posted) -> Response:
    """Make a key of this store, and show its secret this once."""
    require(visit.session.role, Deed.KEYS)
    label, lasts = form.one("label")[:LONGEST_LABEL], form.one("lasts")
    if not label or lasts not in {"", *(str(one) for one in LASTS)}:
        return _page(request, desk, visit, status=422, wrong=True, label=label)
    expires_at = desk.clock.now() + timedelta(days=int(lasts)) if lasts else None
    made = desk.key_owners.make(visit.store_id, label, expires_at)
    response = _page(request, desk, visit, made=made, status=201)
    response.headers["Cache-Control"] = "no-store"
    return response


@router.post("/{key_id}/revoke")
def revoke(desk: AtDesk, visit: SureVisitor, key_id: str) -> Response:
    """Let a key of this store work no more."""
    require(visit.session.role, Deed.KEYS)
    desk.key_owners.revoke_key(visit.store_id, key_id)
    return desk.pages.move("/keys", Notice("key_revoked"))


def _page(
    request: Request,
    desk: Desk,
    visit: Visit,
    *,
    status: int = 200,
    made: NewKeyShown | None = None,
    wrong: bool = False,
    label: str = "",
) -> Response:
    known = [(one, _state(desk, one)) for one in desk.key_owners.keys(visit.store_id)]
    return desk.pages.show(
        request,
        "keys.html",
        visit=visit,
        status=status,
        known=known,
        made=made,
        wrong=wrong,
        label=label,
        lasts=LASTS,
    )


def _state(desk: Desk, key: KeyShown) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= desk.clock.now() else "works"
