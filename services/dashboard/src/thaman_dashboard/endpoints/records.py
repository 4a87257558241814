"""What happened: runs, and the timeline."""

from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.desk import AtDesk
from thaman_dashboard.endpoints.asking import After, Code
from thaman_dashboard.visits import Visitor, from_our_pages
from thaman_kit.problems import not_found

ON_A_PAGE = 25
router = APIRouter(dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get("/runs")
def runs(request: Request, desk: AtDesk, visit: Visitor, after: After = None) -> Response:
    """Pricing runs, newest first."""
    page = desk.read_models.runs(visit.store_id, after=after, limit=ON_A_PAGE)
    return desk.pages.show(request, "runs.html", visit=visit, runs=page, after=after)


@router.get("/runs/{run_id}")
def run(request: Request, desk: AtDesk, visit: Visitor, run_id: UUID) -> Response:
    """One run with its numbers."""
    found = desk.read_models.run(visit.store_id, run_id)
    if found is None:
        raise not_found("run")
    return desk.pages.show(request, "run.html", visit=visit, run=found)


@router.get("/activity")
def activity(
    request: Request, desk: AtDesk, visit: Visitor, kind: Code = "", item: Code = "", after: After = None
) -> Response:
    """The timeline, newest first."""
    kinds = desk.read_models.activity_kinds(visit.store_id)
    wanted = kind if kind in kinds else ""
    page = desk.read_models.activity(
        visit.store_id, kind=wanted or None, item=item.strip() or None, after=after, limit=ON_A_PAGE
    )
    return desk.pages.show(
        request, "activity.html", visit=visit, lines=page, kinds=kinds, kind=wanted, item=item.strip(), after=after
    )
