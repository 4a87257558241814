"""Putting earlier prices back: choose what, see item by item what would happen, confirm exactly that, follow it."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.audit_ports import UndoPlan, UndoWish
from thaman_dashboard.desk import AtDesk
from thaman_dashboard.owner_ports import OwnerRefused
from thaman_dashboard.pages.notices import Notice
from thaman_dashboard.pages.typed import instant, whole
from thaman_dashboard.permissions import Deed, require
from thaman_dashboard.visits import Posted, SureVisitor, Visitor, from_our_pages
from thaman_kit.problems import Fault, invalid_request, not_found

RUNS = 20
SHOWN = 200
"""Items of a plan on the page, of each kind; the counts are of all."""

LONGEST_KEY = 64
Typed = Annotated[str, Query(max_length=40)]
router = APIRouter(prefix="/undo", dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get("")
def preview(
    request: Request, desk: AtDesk, visit: Visitor, scope: Typed = "", at: Typed = "", run: Typed = "",
    version: Typed = "",
) -> Response:  # fmt: skip
    """Choose what to undo; where something was chosen, what an undo would do now."""
    wish = _wish(scope, at, run, version)
    wrong = scope if scope in ("as_of", "run", "policy") and wish is None else None
    plan: UndoPlan | None = None
    if wish is not None:
        try:
            plan = desk.audit.undos.preview(visit.store_id, wish)
        except OwnerRefused as error:
            if error.code != "undo_refused":
                raise
            wrong = scope
    return desk.pages.show(
        request,
        "undo.html",
        visit=visit,
        status=200 if wrong is None else 422,
        runs=desk.read_models.runs(visit.store_id, limit=RUNS).items,
        chosen={"scope": scope, "at": at, "run": run, "version": version},
        wrong=wrong,
        plan=plan,
        shown=SHOWN,
        key=uuid4().hex,
    )


@router.post("")
def undo(desk: AtDesk, visit: SureVisitor, form: Posted) -> Response:
    """Carry out what was shown."""
    require(visit.session.role, Deed.UNDO)
    named = {name: form.one(name) for name in ("scope", "at", "run", "version")}
    wish, key = _wish(**named), form.one("key")
    if wish is None or not key or len(key) > LONGEST_KEY or not key.isascii():
        raise invalid_request([Fault("is not the preview's own form", "bad_form", parameter="scope")])
    try:
        done = desk.audit.undos.undo(visit.store_id, wish, form.one("digest"), key)
    except OwnerRefused as error:
        if error.code not in ("shown_something_else", "undo_refused"):
            raise
        return desk.pages.move("/undo", Notice("audit_undo_moved"))
    if not done.decisions:
        return desk.pages.move("/undo", Notice("audit_undo_nothing"))
    return desk.pages.move(f"/undo/{done.undo_id}", Notice("audit_undo_asked", len(done.decisions)))


@router.get("/{undo_id}")
def follow(request: Request, desk: AtDesk, visit: Visitor, undo_id: UUID) -> Response:
    """How far an undo is."""
    try:
        done = desk.audit.undos.look_up(visit.store_id, undo_id)
    except OwnerRefused as error:
        if error.code != "not_found":
            raise
        raise not_found("undo") from error
    return desk.pages.show(
        request,
        "undo_done.html",
        visit=visit,
        done=done,
        names=desk.audit.rows.names(visit.store_id, [one.item_key for one in done.decisions[:SHOWN]]),
        settled=sum(one.state in ("applied", "failed", "stale") for one in done.decisions),
        shown=SHOWN,
    )


def _wish(scope: str, at: str, run: str, version: str) -> UndoWish | None:
    """What a form asks for; ``None`` where it does not name one thing."""
    if scope == "as_of":
        then = instant(at)
        return None if then is None else UndoWish("as_of", at=then)
    if scope == "run":
        try:
            return UndoWish("run", run_id=UUID(run))
        except ValueError:
            return None
    number = whole(version) if scope == "policy" else None
    return None if number is None or number < 1 else UndoWish("policy", policy_version=number)
