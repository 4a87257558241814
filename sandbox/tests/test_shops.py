"""Competitor shops as a reader of their pages finds them."""

import csv
import json
import re
from decimal import Decimal
from io import StringIO
from typing import Any
from xml.etree import ElementTree

import pytest

from thaman_sandbox.shops.offers import ODDITIES, SHOPS

from .conftest import Sandbox

SCRIPT = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)


def slugs(sandbox: Sandbox, shop: str) -> list[str]:
    tree = ElementTree.fromstring(sandbox.http.get(f"/shops/{shop}/sitemap.xml").text)
    return [str(node.text).rpartition("/")[2] for node in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]


def with_oddity(sandbox: Sandbox, shop: str, oddity: str) -> dict[str, Any]:
    for slug in slugs(sandbox, shop):
        one = sandbox.control("GET", f"/shops/{shop}/offers/{slug}")
        if one["oddity"] == oddity:
            return dict(one)
    raise AssertionError(f"{shop} has no {oddity}")


def documents(page: str) -> list[Any]:
    return [json.loads(text, parse_float=Decimal) for text in SCRIPT.findall(page)]


def product_in(value: Any) -> dict[str, Any] | None:
    if isinstance(value, list):
        return next((found for one in value if (found := product_in(one))), None)
    if isinstance(value, dict):
        return value if value.get("@type") == "Product" else product_in(value.get("@graph", []))
    return None


@pytest.mark.parametrize("shop", [key for key in SHOPS if key != "kharabeesh"])
def test_a_page_says_the_offer_as_structured_data(sandbox: Sandbox, shop: str) -> None:
    known = with_oddity(sandbox, shop, "none")
    page = sandbox.http.get(f"/shops/{shop}/p/{known['slug']}")
    assert page.status_code == 200 and 'dir="' in page.text
    product = product_in(documents(page.text))
    assert product is not None
    offers = product["offers"]
    assert offers["priceCurrency"] == "SAR" and offers["availability"].endswith("/InStock")
    if offers["@type"] == "AggregateOffer":
        assert Decimal(str(offers["lowPrice"])) <= Decimal(str(offers["highPrice"])) and offers["offerCount"] > 1
    else:
        assert Decimal(str(offers["price"])) * 100 == known["price"]
        assert offers["priceSpecification"]["valueAddedTaxIncluded"] is SHOPS[shop].prices_include_vat


def test_styles_differ(sandbox: Sandbox) -> None:
    pages = {}
    for shop in ("alraed", "nokhba", "citymart"):
        slug = with_oddity(sandbox, shop, "none")["slug"]
        pages[shop] = documents(sandbox.http.get(f"/shops/{shop}/p/{slug}").text)
    assert "@graph" in pages["nokhba"][0]
    assert isinstance(pages["citymart"][0], list)
    assert len(pages["alraed"]) == 2
    kinds = (product["offers"]["@type"] for slug in slugs(sandbox, "safqa") if (product := whole(sandbox, slug)))
    assert "AggregateOffer" in kinds, "found without reading on"


def whole(sandbox: Sandbox, slug: str) -> dict[str, Any] | None:
    if slug.count("-") != 1 or sandbox.control("GET", f"/shops/safqa/offers/{slug}")["oddity"] != "none":
        return None
    return product_in(documents(sandbox.http.get(f"/shops/safqa/p/{slug}").text))


@pytest.mark.parametrize("oddity", ODDITIES)
def test_bad_pages(sandbox: Sandbox, oddity: str) -> None:
    known = with_oddity(sandbox, "kharabeesh", oddity)
    page = sandbox.http.get(f"/shops/kharabeesh/p/{known['slug']}").text
    scripts = SCRIPT.findall(page)
    if oddity == "text_only":
        assert not scripts and re.search("[٠-٩]+٫[٠-٩]{2}", page)
        return
    if oddity == "broken_json":
        with pytest.raises(json.JSONDecodeError):
            documents(page)
        return
    product = product_in(documents(page))
    assert product is not None
    offers = product["offers"]
    expected = {
        "missing_price": "price" not in offers,
        "out_of_stock": offers["availability"].endswith("OutOfStock"),
        "foreign_currency": offers["priceCurrency"] == "USD",
        "zero_price": offers.get("price") == "0",
        "times_ten": offers.get("price") == str(known["price"] // 10),
    }
    assert expected[oddity]


def test_prices_follow_the_virtual_day_and_repeat(sandbox: Sandbox) -> None:
    sandbox.control("PUT", "/clock", {"frozen_at": "2026-06-01T12:00:00Z"})
    names = slugs(sandbox, "alraed")[:10]

    def prices() -> list[int]:
        return [sandbox.control("GET", f"/shops/alraed/offers/{slug}")["price"] for slug in names]

    before = prices()
    assert prices() == before
    sandbox.control("PUT", "/clock", {"advance_seconds": 4 * 86_400})
    assert prices() != before
    sandbox.control("PUT", "/clock", {"frozen_at": "2026-06-01T12:00:00Z"})
    assert prices() == before


def test_an_offer_set_by_hand_and_conditional_requests(sandbox: Sandbox) -> None:
    slug = slugs(sandbox, "alraed")[0]
    page = f"/shops/alraed/p/{slug}"
    first = sandbox.http.get(page)
    same = sandbox.http.get(page, headers={"If-None-Match": first.headers["etag"]})
    assert same.status_code == 304 and same.content == b""
    dated = sandbox.http.get(page, headers={"If-Modified-Since": first.headers["last-modified"]})
    assert dated.status_code == 304
    assert sandbox.http.get(page, headers={"If-Modified-Since": "whenever"}).status_code == 200
    change = {"price": 12_345, "availability": "OutOfStock"}
    sandbox.control("PUT", f"/shops/alraed/offers/{slug}", change)
    changed = sandbox.http.get(page, headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    product = product_in(documents(changed.text))
    assert product is not None and product["offers"]["price"] == "123.45"
    assert product["offers"]["availability"].endswith("OutOfStock")
    sandbox.control("DELETE", f"/shops/alraed/offers/{slug}")
    assert sandbox.http.get(page).headers["etag"] == first.headers["etag"]


def test_a_stores_links_lead_to_pages_of_the_same_thing(sandbox: Sandbox) -> None:
    store = sandbox.store(products=6, catalogue="coffee")
    links = sandbox.control("GET", f"/stores/{store}/competitor-links")
    assert {link["competitor"] for link in links} <= set(SHOPS)
    gtins = {(one["id"], part["id"]): part["gtin"] for one in sandbox.products(store) for part in one["variants"]}
    gtins |= {(one["id"], None): one["gtin"] for one in sandbox.products(store)}
    checked = 0
    for link in links:
        product = None
        if link["competitor"] not in ("kharabeesh",):
            page = sandbox.http.get(link["url"])
            assert page.status_code == 200
            scripts = SCRIPT.findall(page.text)
            product = product_in(documents(page.text)) if scripts and not scripts[0].endswith(":") else None
        if product is not None:
            assert product["gtin13"] == gtins[link["product_id"], link["variant_id"]]
            checked += 1
    assert checked >= 6


def test_robots_and_unknown_pages(sandbox: Sandbox) -> None:
    assert "Disallow: /_sandbox/" in sandbox.http.get("/robots.txt").text
    assert "/shops/nokhba/sitemap.xml" in sandbox.http.get("/shops/nokhba/robots.txt").text
    assert sandbox.http.get("/shops/nokhba/").status_code == 200
    assert sandbox.http.get("/shops/nokhba/p/nothing-1").status_code == 404
    assert sandbox.http.get("/shops/nobody/sitemap.xml").status_code == 404
    assert sandbox.control("PUT", "/shops/alraed/offers/moon-1", {"price": 1}, expect=404)["error"] == "UnknownShopItem"


def test_a_feed_says_every_listed_thing_as_its_page_does(sandbox: Sandbox) -> None:
    for shop in ("nokhba", "jumla"):
        answer = sandbox.http.get(f"/shops/{shop}/feed.csv")
        assert answer.headers["content-type"].startswith("text/csv")
        rows = {row["url"].rpartition("/")[2]: row for row in csv.DictReader(StringIO(answer.text))}
        assert list(rows) == slugs(sandbox, shop)
        known = with_oddity(sandbox, shop, "none")
        row = rows[known["slug"]]
        assert row["gtin"] and row["title"] and row["currency"] == "SAR"
        assert round(Decimal(row["price"]) * 100) == known["price_with_vat"]
        again = sandbox.http.get(f"/shops/{shop}/feed.csv", headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
    assert sandbox.http.get("/shops/nobody/feed.csv").status_code == 404
