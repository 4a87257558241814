"""How far a policy is let, what it did in shadow, and what it would do."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from thaman_contracts.events.policies import PolicyStage
from thaman_dashboard.desk import AtDesk
from thaman_dashboard.endpoints.inquiries import question
from thaman_dashboard.endpoints.policies import Version, known_policy, show_policy
from thaman_dashboard.inquiry_ports import Kind
from thaman_dashboard.owner_ports import OwnerRefused
from thaman_dashboard.pages.notices import Notice
from thaman_dashboard.pages.pictures import signed, spread
from thaman_dashboard.pages.typed import basis_points
from thaman_dashboard.permissions import Deed, require
from thaman_dashboard.policies_ports import WhatIf
from thaman_dashboard.visits import Posted, SureVisitor, Visitor, from_our_pages
from thaman_kit.problems import Fault, invalid_request, not_found

DAYS = (7, 14, 28, 56, 90)
"""How much of its history a policy may be tried on."""
SHOWN = 50
router = APIRouter(prefix="/policies", dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.post("/{version}/stage")
def stage(request: Request, desk: AtDesk, visit: SureVisitor, version: Version, form: Posted) -> Response:
    """Let a policy further, or take it back."""
    require(visit.session.role, Deed.POLICIES)
    wanted = form.one("stage")
    if wanted not in list(PolicyStage):
        raise invalid_request([Fault("is no stage", "bad_stage", parameter="stage")])
    share: int | None = None
    if wanted == PolicyStage.CANARY:
        share = basis_points(form.one("share"))
        if share is None or not 0 < share < 10_000:
            return show_policy(request, desk, visit, version, status=422, wrong_share=form.one("share"))
    try:
        desk.policy_owners.stage(visit.store_id, version, PolicyStage(wanted), share)
    except OwnerRefused as error:
        if error.code != "policy_stage_refused":
            raise
        return desk.pages.move(f"/policies/{version}", Notice("policy_refused"))
    return desk.pages.move(f"/policies/{version}", Notice("policy_staged"))


@router.get("/{version}/shadow")
def shadow(request: Request, desk: AtDesk, visit: Visitor, version: Version) -> Response:
    """What the policy made of items while in shadow, beside the live prices."""
    found = known_policy(desk, visit, version)
    told = desk.policy_owners.shadow(visit.store_id, version)
    pairs = [(one.live_price or one.shelf_price, one.shadow_price or one.shelf_price) for one in told.items]
    different = [one for one in told.items if one.live_price != one.shadow_price]
    return desk.pages.show(
        request,
        "policies_shadow.html",
        visit=visit,
        found=found,
        told=told,
        picture=spread(pairs),
        pictured=len(pairs),
        different=different[:SHOWN],
    )


@router.post("/{version}/what-if")
def ask(desk: AtDesk, visit: SureVisitor, version: Version, form: Posted) -> Response:
    """Ask what the policy would make of the store as it stands, or of its recorded runs. Nothing is written."""
    require(visit.session.role, Deed.POLICIES)
    over, days = form.one("over"), form.one("days")
    if over not in ("now", "history") or days not in {str(one) for one in DAYS}:
        raise invalid_request([Fault("is none of those offered", "bad_choice", parameter="over")])
    title = known_policy(desk, visit, version).head.title
    asked = {"version": version, "title": title, "over": over, "days": int(days)}
    what_if_id = desk.inquiries.inquiring.ask(visit.session, Kind.WHAT_IF, **asked)
    return desk.pages.move(f"/policies/{version}/what-if/{what_if_id}")


@router.get("/{version}/what-if/{what_if_id}")
def what_if(request: Request, desk: AtDesk, visit: Visitor, version: Version, what_if_id: UUID) -> Response:
    """What the policy would make of it, as soon as that is known; until then no owner is asked."""
    inquiry = question(desk, visit, Kind.WHAT_IF, what_if_id)
    if inquiry.asked["version"] != version:
        raise not_found("question")
    told: WhatIf | None = desk.inquiries.inquiring.answer(inquiry)
    pictures: dict[str, Any] = {}
    if told is not None:
        gains = [one.policy.expected - one.live.expected for one in reversed(told.runs)]
        pictures = {"prices": spread(_pairs(told)), "runs": signed(gains), "shown": SHOWN}
    return desk.pages.show(
        request, "policies_whatif.html", visit=visit, inquiry=inquiry, told=told, **inquiry.asked, **pictures
    )


def _pairs(told: WhatIf) -> list[tuple[int, int]]:
    """The price that would stand under each; a held item keeps its own. Items treated alike are pairs, too."""
    differ = [(one.live_price or one.shelf_price, one.policy_price or one.shelf_price) for one in told.differences]
    return differ + [(1, 1)] * max(0, told.live.items - told.different)
