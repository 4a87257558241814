"""One price put back: what it would do, then the same confirmed."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.desk import AtDesk
from thaman_dashboard.endpoints.products_asking import known_item
from thaman_dashboard.owner_ports import OwnerRefused
from thaman_dashboard.pages.notices import Notice
from thaman_dashboard.permissions import Deed, require
from thaman_dashboard.visits import Posted, SureVisitor, Visitor, from_our_pages
from thaman_kit.problems import Fault, invalid_request, not_found

LONGEST_KEY = 64
LONGEST_DIGEST = 64
MOVED = frozenset(("shown_something_else", "undo_refused"))
Decision = Annotated[UUID, Query(description="The decision to take back.")]
router = APIRouter(prefix="/products", dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get("/{item_key:path}/undo")
def preview(request: Request, desk: AtDesk, visit: Visitor, item_key: str, decision: Decision) -> Response:
    """What taking back one decision would do now."""
    require(visit.session.role, Deed.UNDO)
    item = known_item(desk, visit, item_key)
    try:
        plan = desk.products.owners.preview_undo(visit.store_id, item_key, decision)
    except OwnerRefused as error:
        if error.code != "not_found":
            raise
        raise not_found("decision") from error
    if not plan.items:
        raise not_found("decision")
    return desk.pages.show(
        request, "products_undo.html", visit=visit, item=item, plan=plan, decision=decision, key=uuid4().hex
    )


@router.post("/{item_key:path}/undo")
def undo(desk: AtDesk, visit: SureVisitor, form: Posted, item_key: str) -> Response:
    """Do what was shown, or nothing where prices moved since."""
    require(visit.session.role, Deed.UNDO)
    known_item(desk, visit, item_key)
    key, digest = form.one("key"), form.one("digest")
    try:
        decision = UUID(form.one("decision"))
    except ValueError as error:
        raise invalid_request([Fault("is no decision's id", "bad_id", parameter="decision")]) from error
    if not key or len(key) > LONGEST_KEY or not key.isascii() or not digest or len(digest) > LONGEST_DIGEST:
        raise invalid_request([Fault("is not the form's own", "bad_key", parameter="key")])
    page = f"/products/{item_key}"
    try:
        done = desk.products.commands.undo(visit.session, item_key, decision, digest, key)
    except OwnerRefused as error:
        if error.code not in MOVED:
            raise
        return desk.pages.move(page, Notice("product_undo_moved"))
    return desk.pages.move(page, Notice("product_undone" if done else "product_undo_moved"))
