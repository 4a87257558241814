"""Where rivals sell a product: pages that are watched, what they said last, and why that counts or does not."""

from datetime import timedelta

from fastapi import APIRouter, Depends
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from thaman_contracts.events.optimizer import LEAST_OFFER_CONFIDENCE_BP, CompetitorLink, OfferFitness
from thaman_dashboard.desk import AtDesk, Desk
from thaman_dashboard.endpoints.products_asking import known_item
from thaman_dashboard.owner_ports import OwnerRefused
from thaman_dashboard.pages.notices import Notice
from thaman_dashboard.pages.render import web_address
from thaman_dashboard.permissions import Deed, require
from thaman_dashboard.product_views import RivalLink, Use
from thaman_dashboard.views import ItemView, OfferView
from thaman_dashboard.visits import Posted, SureVisitor, Visit, Visitor, from_our_pages

REFUSED = frozenset(("link_refused", "invalid_request"))
router = APIRouter(prefix="/products", dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get("/{item_key:path}/links")
def links(request: Request, desk: AtDesk, visit: Visitor, item_key: str) -> Response:
    """The product's watched pages."""
    return _page(request, desk, visit, known_item(desk, visit, item_key))


@router.post("/{item_key:path}/links")
def add(request: Request, desk: AtDesk, visit: SureVisitor, form: Posted, item_key: str) -> Response:
    """Watch one more page."""
    require(visit.session.role, Deed.LINKS)
    item = known_item(desk, visit, item_key)
    typed = {name: form.one(name) for name in ("competitor", "url")}
    try:
        link = CompetitorLink.model_validate(typed)
    except ValidationError:
        return _page(request, desk, visit, item, typed=typed, wrong="products.links.wrong")
    if not link.competitor or web_address(link.url) is None:
        return _page(request, desk, visit, item, typed=typed, wrong="products.links.wrong")
    try:
        added = desk.products.commands.add_link(visit.session, item_key, link)
    except OwnerRefused as error:
        if error.code not in REFUSED:
            raise
        return _page(request, desk, visit, item, typed=typed, wrong="products.links.refused")
    if not added:
        return _page(request, desk, visit, item, typed=typed, wrong="products.links.full")
    return desk.pages.move(f"/products/{item_key}/links", Notice("link_added"))


@router.post("/{item_key:path}/links/remove")
def remove(desk: AtDesk, visit: SureVisitor, form: Posted, item_key: str) -> Response:
    """Watch a page no longer."""
    known_item(desk, visit, item_key)
    desk.products.commands.remove_link(visit.session, item_key, form.one("url"))
    return desk.pages.move(f"/products/{item_key}/links", Notice("link_removed"))


def _page(
    request: Request,
    desk: Desk,
    visit: Visit,
    item: ItemView,
    *,
    typed: dict[str, str] | None = None,
    wrong: str | None = None,
) -> Response:
    offers = {offer.url: offer for offer in desk.read_models.offers(visit.store_id, item.item_key)}
    watched = [
        RivalLink(link.competitor, link.url, offers.get(link.url), _use(desk, visit, offers.get(link.url)))
        for link in desk.products.rows.links(visit.store_id, item.item_key)
    ]
    return desk.pages.show(
        request,
        "products_links.html",
        visit=visit,
        status=422 if wrong else 200,
        item=item,
        links=watched,
        found=[offer for url, offer in offers.items() if url not in {one.url for one in watched}],
        typed=typed or {"competitor": "", "url": ""},
        wrong=wrong,
    )


def _use(desk: Desk, visit: Visit, offer: OfferView | None) -> Use:
    if offer is None:
        return Use.UNREAD
    if offer.fitness != OfferFitness.USABLE:
        return Use.UNFIT
    if offer.confidence_bp < LEAST_OFFER_CONFIDENCE_BP:
        return Use.UNSURE
    oldest = desk.clock.now() - timedelta(minutes=visit.store.settings.offer_max_age_minutes)
    return Use.COUNTS if offer.observed_at >= oldest else Use.TOO_OLD
