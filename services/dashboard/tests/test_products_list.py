"""The list of products and the pages around one: filtered, sorted and whole in both languages, with the owners away."""

from collections.abc import Iterator

import pytest

from thaman_contracts.events import optimizer
from thaman_contracts.events.optimizer import CompetitorLink, CompetitorLinks
from thaman_contracts.events.settings import ItemRule
from thaman_dashboard.testing import Streams
from thaman_dashboard.testing_events import Run, authorized, item, observed, rules, told
from thaman_dashboard.testing_pages import Browser, House, standing_house
from thaman_dashboard.views import Role
from thaman_kit.embedded.databases import Databases

RUN = Run("77", "now")
EVIL = '"><script>alert(1)</script>'
URL = "https://a.example/1"


def tell(streams: Streams) -> None:
    """Products below, at and above the market, one without a cost, one with the merchant's own; and a stranger."""
    links = tuple(CompetitorLink(competitor=EVIL, url=url) for url in (URL, "https://b.example/1"))
    streams.deliver(
        authorized("77"),
        observed("77", 1, item("1", 9_000, brand="دار العود"), item("2", 10_000, cost=9_000)),
        observed("77", 1, item("3", 11_000, brand=EVIL), item("4", 500, cost=None), item("5/1", 20_000, cost=None)),
        rules("77", 2, ItemRule(product_id="5", variant_id="1", cost=4_000, locked=True)),
        told(optimizer.CompetitorLinksChanged, "77", 3, changed_by="key_1",
             items=(CompetitorLinks(product_id="1", links=links),)),
        RUN.offers(4, *((key, URL, 10_000) for key in "123")),
        RUN.proposed(5, "1", 9_000, 9_900, reference=10_000, disposition="ask"),
        RUN.held(5, "2", "result/already_right", reference=10_050), RUN.held(5, "3", "group/x", reference=10_000),
        authorized("78"), observed("78", 1, item("9", 100)),
    )  # fmt: skip


@pytest.fixture(scope="module")
def house(postgres_server: Databases) -> Iterator[House]:
    """The pages over that store; the owners are away."""
    with standing_house(postgres_server) as standing:
        tell(standing.streams)
        yield standing


def keys(browser: Browser, query: str = "") -> list[str]:
    """The products of a list, in its order."""
    page = browser.page(f"/products?{query}")
    found = [
        str(given["href"]) for tag, given in page.tags if tag == "a" and str(given.get("href")).startswith("/products/")
    ]
    return [key.removeprefix("/products/") for key in found if key.removeprefix("/products/")[:1].isdecimal()]


def test_a_list_has_what_its_filter_wants(house: House) -> None:
    browser = house.browser("77", Role.VIEWER)
    for query, wanted in {
        "": ["1", "2", "3", "4", "5/1"], "cost=no": ["4"], "cost=yes": ["1", "2", "3", "5/1"], "waiting=yes": ["1"],
        "waiting=no": ["2", "3", "4", "5/1"], "market=below": ["1"], "market=at": ["2"], "market=above": ["3"],
        "brand=العود": ["1"], "brand=%25": [], "locked=yes": ["5/1"],
        "cost=maybe&market=nowhere&order=x": ["1", "2", "3", "4", "5/1"],
        "search=SKU-2": ["2"], "status=hidden": [], "category=x": [],
    }.items():  # fmt: skip
        assert sorted(keys(browser, query)) == wanted, query


def test_a_list_is_sorted_by_price_and_by_margin_with_what_has_none_at_the_end(house: House) -> None:
    browser = house.browser("77", Role.VIEWER)
    assert keys(browser, "order=price") == ["4", "1", "2", "3", "5/1"]
    assert keys(browser, "order=price_desc") == ["5/1", "3", "2", "1", "4"]
    assert keys(browser, "order=margin")[0] == "2" and keys(browser, "order=margin")[-1] == "4"
    assert keys(browser, "order=margin_desc")[0] == "5/1" and keys(browser, "order=margin_desc")[-1] == "4"
    read = house.container.read_models
    for order in ("name", "price", "price_desc", "margin", "margin_desc"):
        after, seen = None, []
        while True:
            page = read.items("77", order=order, after=after, limit=2)
            seen += [one.item_key for one in page.items]
            after = page.next
            if after is None:
                break
        assert seen == [one.item_key for one in read.items("77", order=order).items], order
    margins = {one.item_key: one.margin_bp for one in read.items("77").items}
    # 40.00 x 1.15 / 200.00, and 90.00 x 1.15 / 100.00: sold below its cost.
    assert (margins["5/1"], margins["2"], margins["4"]) == (7_700, -350, None)
    forged = read.items("77", order="price", limit=1).next
    assert house.browser("77").get(f"/products?order=margin&after={forged}").status_code == 422


PATHS = ("/products", "/products/1/links", "/products/5/1", "/products/1/why", "/products/matches", "/products/sheet")


@pytest.mark.parametrize("language", ["ar", "en"])
def test_pages_around_a_product_are_whole_without_the_owners(house: House, language: str) -> None:
    browser = house.browser("77")
    for path in PATHS:
        page = browser.page(path, language)
        assert page.unlabelled == [] and page.headings.count(1) == 1, path
        ids = [given["id"] for _, given in page.tags if "id" in given]
        named = " ".join(
            given.get(key) or "" for _, given in page.tags for key in ("aria-labelledby", "aria-describedby")
        )
        assert len(ids) == len(set(ids)) and set(named.split()) <= set(ids), path
        assert "<script>alert" not in page.html, path


def test_a_link_says_why_what_was_read_there_counts_or_not(house: House) -> None:
    page = house.browser("77", Role.VIEWER).page("/products/1/links")
    assert EVIL in page.text and URL in page.links
    assert "Counts" in page.text and "Not read yet" in page.text
    assert "post" not in {str(given.get("method")) for tag, given in page.tags if given.get("action") != "/sign-out"}
    assert house.browser("77").get("/products/9/links").status_code == 404, "a stranger's"
