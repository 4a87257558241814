"""The products, and a product's page: prices with a chart, rivals, decisions, and what the merchant says of it."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from thaman_contracts.events.settings import AutomationMode
from thaman_contracts.money import MoneyError
from thaman_dashboard.desk import AtDesk, Desk
from thaman_dashboard.endpoints.products_asking import ItemWish, known_item
from thaman_dashboard.pages.chart import draw
from thaman_dashboard.pages.marks import marks_of
from thaman_dashboard.pages.notices import Notice
from thaman_dashboard.pages.typed_amount import amount as _amount
from thaman_dashboard.permissions import Deed, require
from thaman_dashboard.views import ItemView, ProposalState, ProposalView
from thaman_dashboard.visits import Form, Posted, SureVisitor, Visit, Visitor, from_our_pages

ON_A_PAGE = 25
CHART = timedelta(days=30)
FIELDS = {"lowest": "min_price", "highest": "max_price", "cost": "cost"}
"""Amounts of the form, and the fields of an item's rule that they are."""

router = APIRouter(prefix="/products", dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get("")
def products(request: Request, desk: AtDesk, visit: Visitor, wish: Annotated[ItemWish, Query()]) -> Response:
    """The store's items: those that a filter wants, in the order that it wants."""
    page = desk.read_models.items(
        visit.store_id, after=wish.after, limit=ON_A_PAGE, now=desk.clock.now(), **wish.wanted()
    )
    return desk.pages.show(request, "products.html", visit=visit, products=page, chosen=wish.shown())


@router.get("/{item_key:path}")
def product(request: Request, desk: AtDesk, visit: Visitor, item_key: str) -> Response:
    """One item."""
    return _page(request, desk, visit, known_item(desk, visit, item_key))


@router.post("/{item_key:path}")
def set_rule(request: Request, desk: AtDesk, visit: SureVisitor, form: Posted, item_key: str) -> Response:
    """Say what the merchant wants of the item; fields that the form does not have stay as they are."""
    require(visit.session.role, Deed.LIMITS)
    item = known_item(desk, visit, item_key)
    changes, wrong = _changes(form)
    if wrong:
        typed = {name: form.one(name) for name in (*FIELDS, "mode", "locked")}
        return _page(request, desk, visit, item, status=422, wrong=wrong, typed=typed)
    shown = desk.products.commands.set_rule(visit.session, item_key, changes)
    return desk.pages.move(f"/products/{item_key}", Notice("limits_set", late=not shown))


def _page(
    request: Request,
    desk: Desk,
    visit: Visit,
    item: ItemView,
    *,
    status: int = 200,
    wrong: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    now = desk.clock.now()
    begins, key, models = now - CHART, item.item_key, desk.read_models
    prices = models.prices(visit.store_id, key, begins)
    decisions = models.decisions(visit.store_id, key)
    marks = marks_of(prices, decisions, desk.products.rows.holds(visit.store_id, key, begins), begins)
    pending, latest = _proposals(desk, visit, key)
    chart = draw(
        prices,
        models.offer_points(visit.store_id, key, begins),
        begins=begins,
        ends=now,
        floor=item.min_price if latest is None else latest.floor,
        ceiling=item.max_price if latest is None else latest.ceiling,
        marks=marks,
    )
    return desk.pages.show(
        request,
        "product.html",
        visit=visit,
        status=status,
        item=item,
        prices=prices,
        marks=marks,
        chart=chart,
        pending=pending,
        latest=latest,
        held=models.held(visit.store_id, key),
        offers=models.offers(visit.store_id, key),
        decisions=decisions,
        wrong=wrong or {},
        typed=typed,
    )


def _proposals(desk: Desk, visit: Visit, item_key: str) -> tuple[ProposalView | None, ProposalView | None]:
    """The item's proposal that waits, and its newest one."""

    def first(state: ProposalState | None) -> ProposalView | None:
        return next(iter(desk.read_models.proposals(visit.store_id, state=state, item=item_key, limit=1).items), None)

    pending = first(ProposalState.PENDING)
    return pending, pending or first(None)


def _changes(form: Form) -> tuple[dict[str, Any], dict[str, str]]:
    """What to change of the rule, and by field the text of what is wrong."""
    changes: dict[str, Any] = {"locked": form.one("locked") == "yes"}
    wrong: dict[str, str] = {}
    for name in form.given(*FIELDS):
        try:
            changes[FIELDS[name]] = _amount(form.one(name))
        except MoneyError:
            wrong[name] = "wrong.amount"
    lowest, highest = changes.get("min_price"), changes.get("max_price")
    if lowest is not None and highest is not None and lowest > highest:
        wrong["lowest"] = "wrong.crossed"
    if changes.get("cost") == 0:
        wrong["cost"] = "products.wrong_cost"
    for name in form.given("mode"):
        mode = form.one(name)
        if mode and mode not in tuple(AutomationMode):
            wrong["mode"] = "wrong.choice"
        else:
            changes["mode"] = AutomationMode(mode) if mode else None
    return changes, wrong
