"""The products, and a product's page: prices with a chart, rivals, decisions, limits."""

from datetime import timedelta
from decimal import Decimal

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from thaman_contracts.money import MoneyError, halalas_from, riyals
from thaman_dashboard.desk import AtDesk, Desk
from thaman_dashboard.endpoints.asking import After, Code, Search, known_code
from thaman_dashboard.pages.chart import draw
from thaman_dashboard.pages.notices import Notice
from thaman_dashboard.pages.numerals import western
from thaman_dashboard.views import ItemView, ProposalState, ProposalView
from thaman_dashboard.visits import Form, Posted, SureVisitor, Visit, Visitor, from_our_pages
from thaman_kit.problems import not_found

ON_A_PAGE = 25
CHART = timedelta(days=30)

router = APIRouter(prefix="/products", dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get("")
def products(
    request: Request,
    desk: AtDesk,
    visit: Visitor,
    search: Search = "",
    status: Code = "",
    risk: Code = "",
    locked: Code = "",
    after: After = None,
) -> Response:
    """The store's items by name."""
    chosen = {"status": known_code("status", status), "risk": known_code("risk", risk)}
    page = desk.read_models.items(
        visit.store_id,
        search=search.strip() or None,
        locked={"yes": True, "no": False}.get(locked),
        after=after,
        limit=ON_A_PAGE,
        **chosen,
    )
    shown = {"search": search.strip(), "locked": locked if locked in ("yes", "no") else "", "after": after}
    shown |= {name: value or "" for name, value in chosen.items()}
    return desk.pages.show(request, "products.html", visit=visit, products=page, chosen=shown)


@router.get("/{item_key:path}")
def product(request: Request, desk: AtDesk, visit: Visitor, item_key: str) -> Response:
    """One item."""
    return _page(request, desk, visit, _known(desk, visit, item_key))


@router.post("/{item_key:path}")
def set_limits(request: Request, desk: AtDesk, visit: SureVisitor, form: Posted, item_key: str) -> Response:
    """Set the item's lowest and highest price and its lock."""
    item = _known(desk, visit, item_key)
    limits, wrong = _limits(form)
    if wrong:
        typed = {name: form.one(name) for name in ("lowest", "highest", "locked")}
        return _page(request, desk, visit, item, status=422, wrong=wrong, typed=typed)
    lowest, highest, locked = limits["lowest"], limits["highest"], form.one("locked") == "yes"
    shown = desk.commands.set_limits(visit.session, item_key, lowest=lowest, highest=highest, locked=locked)
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
    pending, latest = _proposals(desk, visit, key)
    chart = draw(
        prices,
        models.offer_points(visit.store_id, key, begins),
        begins=begins,
        ends=now,
        floor=item.min_price if latest is None else latest.floor,
        ceiling=item.max_price if latest is None else latest.ceiling,
    )
    return desk.pages.show(
        request,
        "product.html",
        visit=visit,
        status=status,
        item=item,
        prices=prices,
        chart=chart,
        pending=pending,
        latest=latest,
        held=models.held(visit.store_id, key),
        offers=models.offers(visit.store_id, key),
        decisions=models.decisions(visit.store_id, key),
        wrong=wrong or {},
        typed=typed,
    )


def _known(desk: Desk, visit: Visit, item_key: str) -> ItemView:
    item = desk.read_models.item(visit.store_id, item_key)
    if item is None:
        raise not_found("product")
    return item


def _proposals(desk: Desk, visit: Visit, item_key: str) -> tuple[ProposalView | None, ProposalView | None]:
    """The item's proposal that waits, and its newest one."""

    def first(state: ProposalState | None) -> ProposalView | None:
        return next(iter(desk.read_models.proposals(visit.store_id, state=state, item=item_key, limit=1).items), None)

    pending = first(ProposalState.PENDING)
    return pending, pending or first(None)


def _limits(form: Form) -> tuple[dict[str, int | None], dict[str, str]]:
    """Lowest and highest price, and what is wrong with those that are none."""
    limits: dict[str, int | None] = {}
    wrong: dict[str, str] = {}
    for name in ("lowest", "highest"):
        try:
            limits[name] = _amount(form.one(name))
        except MoneyError:
            wrong[name] = "amount"
    lowest, highest = limits.get("lowest"), limits.get("highest")
    if lowest is not None and highest is not None and lowest > highest:
        wrong["lowest"] = "crossed"
    return limits, wrong


def _amount(text: str) -> int | None:
    """An amount as a person types it, with Arabic digits too; empty is no limit.

    Raises:
        MoneyError: it is none, or finer than a halala: ``1.299`` may mean a thousand.
    """
    plain = western(text)
    if not plain:
        return None
    halalas = halalas_from(plain)
    if riyals(halalas) != Decimal(plain):
        raise MoneyError(f"{text!r} has more than two decimals")
    return halalas
