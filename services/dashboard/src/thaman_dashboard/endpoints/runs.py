"""Pricing runs: the list, one run as it goes on, what it held, and what its agents handed over."""

import json
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query
from fastapi.encoders import jsonable_encoder
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.desk import AtDesk, Desk
from thaman_dashboard.domain.handing_over import handed_over
from thaman_dashboard.endpoints.asking import After
from thaman_dashboard.run_views import HeldReason
from thaman_dashboard.views import RunView
from thaman_dashboard.visits import Visit, Visitor, from_our_pages
from thaman_kit.problems import not_found

ON_A_PAGE = 25
HELD_ON_A_PAGE = 50
Reason = Annotated[str, Query(max_length=120, description="Why the price stays: <guard>/<code>.")]
router = APIRouter(prefix="/runs", dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get("")
def runs(request: Request, desk: AtDesk, visit: Visitor, after: After = None) -> Response:
    """Pricing runs, newest first."""
    page = desk.read_models.runs(visit.store_id, after=after, limit=ON_A_PAGE)
    return desk.pages.show(
        request,
        "runs.html",
        visit=visit,
        runs=page,
        after=after,
        entitled=visit.store.entitled_on(desk.clock.now().date()),
        run_key=uuid4().hex,
    )


@router.get("/{run_id}")
def run(request: Request, desk: AtDesk, visit: Visitor, run_id: UUID) -> Response:
    """One run: how far it is, its numbers, what it held and why."""
    found = _run(desk, visit, run_id)
    reasons, is_whole = _held(desk, visit, found)
    return desk.pages.show(
        request,
        "run.html",
        visit=visit,
        run=found,
        judged=desk.runs.reading.judged(visit.store_id, run_id),
        reasons=reasons,
        is_whole=is_whole,
    )


@router.get("/{run_id}/held")
def held(
    request: Request, desk: AtDesk, visit: Visitor, run_id: UUID, reason: Reason = "", after: After = None
) -> Response:
    """The items that a run left as they are for one reason, as far as no later run has looked at them."""
    found = _run(desk, visit, run_id)
    page = desk.runs.reading.held_items(visit.store_id, run_id, reason, after=after, limit=HELD_ON_A_PAGE)
    return desk.pages.show(request, "run_held.html", visit=visit, run=found, reason=reason, held=page, after=after)


@router.get("/{run_id}/hand-over.json")
def hand_over(desk: AtDesk, visit: Visitor, run_id: UUID) -> Response:
    """What scout, analyst and executor handed over, as a file."""
    found, record = _run(desk, visit, run_id), desk.runs.owner.record(visit.store_id, run_id)
    told = _as_heard(desk, visit, found) if record is None else handed_over(record.document, "optimizer")
    body = json.dumps(told, ensure_ascii=False, indent=2)
    name = f"thaman-run-{run_id}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type="application/json", headers=headers)


def _run(desk: Desk, visit: Visit, run_id: UUID) -> RunView:
    found = desk.read_models.run(visit.store_id, run_id)
    if found is None:
        raise not_found("run")
    return found


def _as_heard(desk: Desk, visit: Visit, run: RunView) -> dict[str, Any]:
    """The hand-overs as the events told of them, while their owner does not answer."""
    reasons = desk.runs.reading.held_reasons(visit.store_id, run.run_id)
    heard = jsonable_encoder(run) | {"hold_reasons": {one.reason: one.count for one in reasons}}
    return handed_over(heard, "events")


def _held(desk: Desk, visit: Visit, run: RunView) -> tuple[tuple[HeldReason, ...], bool]:
    """Why a run held, and whether that is all: of items that later runs looked at only the optimizer knows."""
    own = desk.runs.reading.held_reasons(visit.store_id, run.run_id)
    if run.statistics is None or sum(one.count for one in own) == run.statistics.held:
        return own, True
    record = desk.runs.owner.record(visit.store_id, run.run_id)
    return (own, False) if record is None else (record.hold_reasons, True)
