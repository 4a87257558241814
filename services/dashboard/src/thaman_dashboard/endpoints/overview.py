"""The first page: whether prices are written, what waits, what changed; stop, resume and run now."""

from uuid import uuid4

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.desk import AtDesk
from thaman_dashboard.pages.notices import Notice
from thaman_dashboard.visits import Posted, SureVisitor, Visitor, from_our_pages
from thaman_kit.problems import Fault, invalid_request

RECENT = 6
LONGEST_REASON = 100
LONGEST_KEY = 64
router = APIRouter(dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get("/")
def overview(request: Request, desk: AtDesk, visit: Visitor) -> Response:
    """The store at one glance."""
    now = desk.clock.now()
    return desk.pages.show(
        request,
        "overview.html",
        visit=visit,
        counts=desk.read_models.overview(visit.store_id, now),
        entitled=visit.store.entitled_on(now.date()),
        plan=desk.owners.plan(visit.store_id),
        needs=desk.runs.reading.needs(visit.store_id, now),
        recent=desk.read_models.activity(visit.store_id, limit=RECENT).items,
        run_key=uuid4().hex,
    )


@router.post("/pause")
def pause(desk: AtDesk, visit: SureVisitor, form: Posted) -> Response:
    """Stop all writing now."""
    shown = desk.commands.pause(visit.session, form.one("reason")[:LONGEST_REASON] or None)
    return desk.pages.move("/", Notice("paused", late=not shown))


@router.post("/resume")
def resume(desk: AtDesk, visit: SureVisitor) -> Response:
    """Allow writing again."""
    shown = desk.commands.resume(visit.session)
    return desk.pages.move("/", Notice("resumed", late=not shown))


@router.post("/runs")
def run_now(desk: AtDesk, visit: SureVisitor, form: Posted) -> Response:
    """Ask for a pricing run."""
    key = form.one("key")
    if not key or len(key) > LONGEST_KEY or not key.isascii():
        raise invalid_request([Fault("is not the form's own", "bad_key", parameter="key")])
    desk.commands.run_now(visit.session, key)
    return desk.pages.move("/runs", Notice("run_asked"))
