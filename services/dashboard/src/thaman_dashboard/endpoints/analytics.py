"""What price changes brought, where prices stand in the market, and how both moved."""

from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.desk import AtDesk
from thaman_dashboard.domain import did
from thaman_dashboard.domain.price_index import chained
from thaman_dashboard.domain.sold import profits
from thaman_dashboard.domain.weeks import WEEK, week_of
from thaman_dashboard.domain.windows import windows
from thaman_dashboard.endpoints.asking import After, Code
from thaman_dashboard.pages import analytics_charts as charts
from thaman_dashboard.views import Position
from thaman_dashboard.visits import Visitor, from_our_pages

ON_A_PAGE = 25
WEEKS = 13
GROUPS = 15
RIVALS = 50
Days = Annotated[str, Query(max_length=2)]
router = APIRouter(prefix="/analytics", dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get("")
def profit(request: Request, desk: AtDesk, visit: Visitor) -> Response:
    """Realised profit against the control share."""
    rows, settings, store_id = desk.analytics, visit.store.settings, visit.store_id
    controlled = rows.controlled_weeks(store_id)
    chosen = windows(controlled, rows.first_sale(store_id), week_of(desk.clock.now()))
    answer, apart = None, 0
    if chosen is not None:
        sold = rows.sold(store_id, chosen)
        products = profits(sold, visit.store.vat_bp, settings.fee_bp)
        answer = did.compare(products, len(chosen.before), len(chosen.after))
        apart = len(sold) - len(products)
    return desk.pages.show(
        request,
        "analytics.html",
        visit=visit,
        share_bp=settings.control_share_bp,
        windows=chosen,
        answer=answer,
        apart=apart,
        picture=charts.interval(answer.effect) if answer and answer.effect else None,
        least_products=did.LEAST_PRODUCTS,
        least_weeks=did.LEAST_WEEKS,
    )


@router.get("/market")
def market(
    request: Request, desk: AtDesk, visit: Visitor, position: Code = "", by: Code = "", after: After = None
) -> Response:
    """Where each item stands against the market, now and week by week."""
    now = desk.clock.now()
    wanted = Position(position) if position in list(Position) else None
    column = "brand" if by == "brand" else "category"
    weeks = desk.analytics.counts_by_week(visit.store_id, _weeks(now))
    return desk.pages.show(
        request,
        "analytics_market.html",
        visit=visit,
        standings=desk.analytics.standings(visit.store_id, now, wanted, after, ON_A_PAGE),
        groups=desk.analytics.counts_by(visit.store_id, now, column, GROUPS),
        weeks=weeks,
        bars=charts.week_bars(weeks),
        size=(charts.WIDTH, charts.HEIGHT),
        positions=tuple(Position),
        chosen={"position": wanted or "", "by": column, "after": after},
    )


@router.get("/index")
def index(request: Request, desk: AtDesk, visit: Visitor) -> Response:
    """Own prices and the market's as indices."""
    points = chained(desk.analytics.links(visit.store_id, _weeks(desk.clock.now())))
    return desk.pages.show(
        request, "analytics_index.html", visit=visit, points=points, lines=charts.index_lines(points)
    )


@router.get("/rivals")
def rivals(request: Request, desk: AtDesk, visit: Visitor, days: Days = "7") -> Response:
    """What rivals' prices did lately."""
    chosen = 30 if days == "30" else 7
    since = desk.clock.now() - timedelta(days=chosen)
    moved = desk.analytics.movements(visit.store_id, since, RIVALS)
    return desk.pages.show(request, "analytics_rivals.html", visit=visit, moved=moved, days=chosen, most=RIVALS)


def _weeks(now: datetime) -> list[date]:
    """The last weeks, oldest first, this one among them."""
    return [week_of(now) - WEEK * number for number in range(WEEKS - 1, -1, -1)]
