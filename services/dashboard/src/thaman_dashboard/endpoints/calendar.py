"""A month with the seasons, the times in which prices rest, dated strategies and discount licences."""

import re
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.desk import AtDesk
from thaman_dashboard.endpoints.away import AWAY
from thaman_dashboard.endpoints.policies import live_of
from thaman_dashboard.pages.amounts import RIYADH
from thaman_dashboard.pages.month import (
    FIRST,
    LAST,
    licence_marks,
    month_of,
    policy_marks,
    seasons_near,
    watch_mark,
)
from thaman_dashboard.policies_ports import LicenceShown, PolicyShown
from thaman_dashboard.visits import Visitor, from_our_pages
from thaman_kit.problems import Fault, invalid_request

_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
Wanted = Annotated[str, Query(alias="month", max_length=7, description="YYYY-MM; by default this month.")]
router = APIRouter(prefix="/calendar", dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get("")
def calendar(request: Request, desk: AtDesk, visit: Visitor, wanted: Wanted = "") -> Response:
    """One month."""
    today = desk.clock.now().astimezone(RIYADH).date()
    first = _first(wanted, today)
    live: PolicyShown | None = None
    licences: tuple[LicenceShown, ...] = ()
    try:
        live = live_of(desk, visit, desk.policy_owners.policies(visit.store_id))
        licences = desk.licence_owners.licences(visit.store_id)
        is_away = False
    except AWAY:
        is_away = True
    marks = [
        *seasons_near(first),
        *([] if live is None else policy_marks(live.policy, first)),
        *licence_marks(licences),
        *watch_mark(visit.store.settings.watch_until, today),
    ]
    return desk.pages.show(
        request, "calendar.html", visit=visit, month=month_of(first, marks), today=today, live=live, is_away=is_away
    )


def _first(wanted: str, today: date) -> date:
    """The first day of the wanted month.

    Raises:
        Problem: 422, it is none that can be shown.
    """
    if not wanted:
        return today.replace(day=1)
    found = _MONTH.fullmatch(wanted)
    try:
        first = date(int(found[1]), int(found[2]), 1) if found else None
    except ValueError:
        first = None
    if first is None or not FIRST <= first <= LAST:
        raise invalid_request([Fault("is no month that can be shown", "bad_month", parameter="month")])
    return first
