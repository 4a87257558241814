"""The walk along a store's chain: asked for by a button; its own page says how far it is, and what came of it."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.desk import AtDesk
from thaman_dashboard.endpoints.inquiries import question
from thaman_dashboard.inquiry_ports import Kind
from thaman_dashboard.visits import SureVisitor, Visitor, from_our_pages

router = APIRouter(prefix="/audit/verify", dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get("")
def begin(request: Request, desk: AtDesk, visit: Visitor) -> Response:
    """The walk that is under way, or the button that begins one."""
    under_way = desk.inquiries.inquiring.latest_open(visit.session, Kind.WALK)
    if under_way is not None:
        return desk.pages.move(f"/audit/verify/{under_way}")
    return desk.pages.show(request, "audit_verify.html", visit=visit, inquiry=None)


@router.post("")
def ask(desk: AtDesk, visit: SureVisitor) -> Response:
    """Have the chain walked; one walk at a time is enough."""
    return desk.pages.move(f"/audit/verify/{desk.inquiries.inquiring.ask(visit.session, Kind.WALK)}")


@router.get("/{walk_id}")
def walk(request: Request, desk: AtDesk, visit: Visitor, walk_id: UUID) -> Response:
    """How far a walk is, or what came of it."""
    inquiry = question(desk, visit, Kind.WALK, walk_id)
    found = desk.inquiries.inquiring.answer(inquiry)
    told: dict[str, Any] = {}
    if found is not None:
        told = {"chain": desk.audit.records.chain(visit.store_id), "seal": desk.audit.records.latest_seal()}
    return desk.pages.show(request, "audit_verify.html", visit=visit, inquiry=inquiry, walk=found, **told)
