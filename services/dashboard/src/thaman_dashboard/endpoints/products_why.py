"""Why a price is what it is, or was: the whole chain from what was seen to the read-back, as the audit answers."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.desk import AtDesk, Desk
from thaman_dashboard.endpoints.products_asking import known_item
from thaman_dashboard.owner_ports import OwnerAway, OwnerRefused, OwnerUnsure
from thaman_dashboard.pages.typed import instant
from thaman_dashboard.product_why import Why
from thaman_dashboard.visits import Visit, Visitor, from_our_pages

At = Annotated[str, Query(max_length=40, description="An instant; without an offset it is Riyadh's.")]
router = APIRouter(prefix="/products", dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get("/{item_key:path}/why")
def why(request: Request, desk: AtDesk, visit: Visitor, item_key: str, at: At = "") -> Response:
    """The chain behind the price at an instant, or now."""
    item = known_item(desk, visit, item_key)
    when = instant(at) if at.strip() else None
    answer, problem = None, "products.why.bad_time"
    if not at.strip() or (when is not None and when <= desk.clock.now()):
        answer, problem = _asked(desk, visit, item_key, when)
    cause = None if answer is None else answer.cause
    decision = None if cause is None else cause.write.decision_id
    return desk.pages.show(
        request,
        "products_why.html",
        visit=visit,
        item=item,
        why=answer,
        problem=problem if answer is None else None,
        at=when,
        typed=at,
        receipt=None if decision is None else desk.products.rows.applied_event(visit.store_id, decision),
    )


def _asked(desk: Desk, visit: Visit, item_key: str, when: datetime | None) -> tuple[Why | None, str]:
    """The answer, or the text of why there is none."""
    try:
        return desk.products.owners.why(visit.store_id, item_key, when), ""
    except (OwnerAway, OwnerUnsure):
        return None, "products.why.away"
    except OwnerRefused as error:
        return None, "products.why.unknown" if error.code == "not_found" else "products.why.refused"
