"""Listings of rivals that may be the store's products: both titles side by side, and the merchant's yes or no."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.desk import AtDesk
from thaman_dashboard.endpoints.asking import After, Code, known_code
from thaman_dashboard.owner_ports import OwnerAway, OwnerRefused, OwnerUnsure
from thaman_dashboard.pages.notices import Notice
from thaman_dashboard.permissions import Deed, require
from thaman_dashboard.product_views import MatchView
from thaman_dashboard.views import Page
from thaman_dashboard.visits import Form, Posted, SureVisitor, Visitor, from_our_pages
from thaman_kit.problems import Fault, invalid_request, not_found

ON_A_PAGE = 25
MOST_AT_ONCE = 100
FOUND = "found"
Item = Annotated[str, Query(max_length=41)]
router = APIRouter(prefix="/products/matches", dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get("")
def matches(
    request: Request,
    desk: AtDesk,
    visit: Visitor,
    state: Code = FOUND,
    kind: Code = "",
    item: Item = "",
    after: After = None,
) -> Response:
    """What waits for an answer, or was answered."""
    wanted = {"state": known_code("products_match_state", state), "kind": known_code("products_match_kind", kind)}
    page: Page[MatchView] | None
    try:
        page = desk.products.owners.matches(
            visit.store_id,
            states=[wanted["state"]] if wanted["state"] else [],
            kinds=[wanted["kind"]] if wanted["kind"] else [],
            item_key=item.strip() or None,
            after=after,
            limit=ON_A_PAGE,
        )
    except (OwnerAway, OwnerUnsure):
        page = None
    chosen = {name: value or "" for name, value in wanted.items()} | {"item": item.strip(), "after": after}
    return desk.pages.show(request, "products_matches.html", visit=visit, matches=page, chosen=chosen)


@router.post("")
def answer(desk: AtDesk, visit: SureVisitor, form: Posted) -> Response:
    """Answer the matches that the pressed button means: one, those ticked, or all that were shown."""
    require(visit.session.role, Deed.MATCHES)
    confirmed, ids = _meant(form)
    if not ids:
        return desk.pages.move("/products/matches", Notice("none_chosen"))
    try:
        done = desk.products.commands.answer_matches(visit.session, ids, confirmed=confirmed)
    except OwnerRefused as error:
        if error.code != "not_found":
            raise
        raise not_found("match") from error
    return desk.pages.move("/products/matches", Notice("matches_confirmed" if confirmed else "matches_rejected", done))


def _meant(form: Form) -> tuple[bool, list[UUID]]:
    """Whether it is a yes, and to which matches."""
    for button, confirmed in (("confirm", True), ("reject", False)):
        pressed = form.one(button)
        if pressed in ("chosen", "shown"):
            return confirmed, _ids(form.all(pressed))
        if pressed:
            return confirmed, _ids([pressed])
    return True, []


def _ids(texts: list[str]) -> list[UUID]:
    if len(texts) > MOST_AT_ONCE:
        raise invalid_request([Fault(f"are more than {MOST_AT_ONCE}", "too_many", parameter="chosen")])
    try:
        return list(dict.fromkeys(UUID(text) for text in texts))
    except ValueError as error:
        raise invalid_request([Fault("is no match's id", "bad_id", parameter="chosen")]) from error
