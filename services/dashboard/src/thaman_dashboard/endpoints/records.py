"""What happened: the timeline."""

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.desk import AtDesk
from thaman_dashboard.endpoints.asking import After, Code
from thaman_dashboard.visits import Visitor, from_our_pages

ON_A_PAGE = 25
router = APIRouter(dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get("/activity")
def activity(
    request: Request, desk: AtDesk, visit: Visitor, kind: Code = "", item: Code = "", after: After = None
) -> Response:
    """The timeline, newest first."""
    kinds = desk.audit.rows.kinds(visit.store_id)
    wanted = kind if kind in kinds else ""
    page = desk.read_models.activity(
        visit.store_id, kind=wanted or None, item=item.strip() or None, after=after, limit=ON_A_PAGE
    )
    return desk.pages.show(
        request, "activity.html", visit=visit, lines=page, kinds=kinds, kind=wanted, item=item.strip(), after=after
    )
