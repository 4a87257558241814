"""The shops' public pages."""

import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from thaman_sandbox.catalogues.trades import find_thing
from thaman_sandbox.control.deps import World_
from thaman_sandbox.errors import UnknownShopItem
from thaman_sandbox.shops.feeds import feed_of
from thaman_sandbox.shops.markup import arabic_number, crossed_out, shown_price, structured_data
from thaman_sandbox.shops.offers import SHOPS, Offer, Shop, find_shop, listed, offer, product_url
from thaman_sandbox.wire import JsonObject
from thaman_sandbox.world import World

router = APIRouter()
_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
)


@router.get("/robots.txt")
async def robots_of_all(request: Request) -> PlainTextResponse:
    """The host's rules: shops may be read, the sandbox's own parts may not."""
    lines = ["User-agent: *", "Disallow: /_sandbox/", "Disallow: /oauth2/", "Allow: /shops/"]
    lines += [f"Sitemap: {request.base_url}shops/{key}/sitemap.xml" for key in SHOPS]
    return PlainTextResponse("\n".join(lines) + "\n")


@router.get("/shops/{shop}/robots.txt")
async def robots(request: Request, shop: str) -> PlainTextResponse:
    """A shop's rules."""
    key = find_shop(shop).key
    lines = ["User-agent: *", f"Disallow: /shops/{key}/cart", f"Allow: /shops/{key}/p/"]
    return PlainTextResponse("\n".join([*lines, f"Sitemap: {request.base_url}shops/{key}/sitemap.xml"]) + "\n")


@router.get("/shops/{shop}/sitemap.xml")
async def sitemap(request: Request, shop: str) -> Response:
    """All product pages of a shop."""
    found = find_shop(shop)
    urls = [product_url(str(request.base_url), found, slug) for slug in listed(found)]
    return Response(_PAGES.get_template("sitemap.xml").render(urls=urls), media_type="application/xml")


@router.get("/shops/{shop}/feed.csv")
async def feed(world: World_, request: Request, shop: str) -> Response:
    """What a price service would say of a shop: every listed thing that has a price, in one file."""
    text = feed_of(world, find_shop(shop), str(request.base_url))
    etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:24]}"'
    if _is_known(request, etag):
        return Response(status_code=304, headers={"ETag": etag})
    return Response(text, media_type="text/csv; charset=utf-8", headers={"ETag": etag})


@router.get("/shops/{shop}/")
async def home(request: Request, shop: str) -> HTMLResponse:
    """A shop's front page."""
    found = find_shop(shop)
    items = []
    for slug in listed(found):
        source = find_thing(slug)
        if source is not None and source[1] is None:
            name = source[0].name.en if found.language == "en" else source[0].name.ar
            items.append({"name": name, "url": product_url(str(request.base_url), found, slug)})
    page = _PAGES.get_template("home.html")
    return HTMLResponse(page.render(items=items, language=found.language, shop_name=_name(found)))


@router.get("/shops/{shop}/p/{slug}")
async def product(world: World_, request: Request, shop: str, slug: str) -> Response:
    """A product page; answers 304 where nothing has changed."""
    try:
        found = offer(world, find_shop(shop), slug)
    except UnknownShopItem:
        return HTMLResponse("<h1>404</h1>", status_code=404)
    base = str(request.base_url)
    html = _PAGES.get_template("product.html").render(**_values(world, found, base))
    etag = f'"{hashlib.sha256(html.encode()).hexdigest()[:24]}"'
    headers = {
        "ETag": etag,
        "Last-Modified": format_datetime(found.since, usegmt=True),
        "Cache-Control": "public, max-age=300",
    }
    if _unchanged(request, etag, found.since):
        return Response(status_code=304, headers=headers)
    return HTMLResponse(html, headers=headers)


def _unchanged(request: Request, etag: str, since: datetime) -> bool:
    if "if-none-match" in request.headers:
        return _is_known(request, etag)
    moment = request.headers.get("if-modified-since")
    if moment is None:
        return False
    try:
        return since <= parsedate_to_datetime(moment).astimezone(UTC)
    except ValueError:
        return False


def _is_known(request: Request, etag: str) -> bool:
    return etag in [one.strip() for one in request.headers.get("if-none-match", "").split(",")]


def _name(shop: Shop) -> str:
    return shop.name.en if shop.language == "en" else shop.name.ar


def _siblings(world: World, found: Offer) -> list[Offer]:
    if found.choice is not None:
        return []
    return [offer(world, found.shop, choice.reference) for choice in found.thing.choices]


def _values(world: World, found: Offer, base: str) -> JsonObject:
    english = found.shop.language == "en"
    url = product_url(base, found.shop, found.slug)
    siblings = _siblings(world, found)
    price, currency = shown_price(found)
    return {
        "language": found.shop.language,
        "shop_name": _name(found.shop),
        "home": f"{base}shops/{found.shop.key}/",
        "name": found.name.en if english else found.name.ar,
        "brand": found.thing.brand.en if english else found.thing.brand.ar,
        "url": url,
        "scripts": structured_data(found, url, siblings),
        "price_text": "" if price is None else _price_text(price, english=english),
        "old_text": "" if price is None else _price_text(crossed_out(price), english=english),
        "currency_text": currency if english or currency != "SAR" else "ر.س",
        "vat_note": _vat_note(found.shop),
        "ask_note": "Ask for the price" if english else "السعر عند الطلب",
        "stock_note": _stock_note(found, english=english),
        "choices": [
            {"label": one.name.en if english else one.name.ar, "url": product_url(base, found.shop, one.slug)}
            for one in siblings
        ],
    }


def _price_text(price: int, *, english: bool) -> str:
    return f"{price // 100:,}.{price % 100:02d}" if english else arabic_number(price)


def _vat_note(shop: Shop) -> str:
    if shop.language == "en":
        return "VAT included" if shop.prices_include_vat else "VAT not included"
    return "السعر شامل ضريبة القيمة المضافة" if shop.prices_include_vat else "السعر غير شامل ضريبة القيمة المضافة"


def _stock_note(found: Offer, *, english: bool) -> str:
    if english:
        return "In stock" if found.in_stock else "Out of stock"
    return "متوفر" if found.in_stock else "نفدت الكمية"
