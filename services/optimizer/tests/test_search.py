"""Looks with a search engine: what it is asked, and that only the pages themselves are believed."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from tests.support.looks import NOW, look, product_page, remembered, serve_site, source
from tests.support.shop import Shop, shop_fixture  # noqa: F401

from thaman_contracts.events.listings import LookOutcome, SourceKind
from thaman_kit.clock import ManualClock
from thaman_optimizer.adapters.listings.looker import build_looker
from thaman_optimizer.adapters.listings.providers import HttpSearch
from thaman_optimizer.adapters.listings.search_looker import query_of
from thaman_optimizer.errors import SearchFailed, SearchRefused
from thaman_optimizer.listing_ports import Hit, Look, Wanted

from .conftest import optimizer_settings

SEARCH = source(SourceKind.SEARCH)
KEY = SecretStr("key-1")


def tavily(*urls: str) -> str:
    """An answer as Tavily gives it."""
    hits = [{"title": f"Snippet {url}", "url": url, "content": "from 1 SAR", "score": 0.98} for url in urls]
    return json.dumps(
        {
            "query": "q",
            "follow_up_questions": None,
            "answer": None,
            "images": [],
            "results": hits,
            "response_time": 1.09,
            "request_id": "123e4567-e89b-12d3-a456-426614174111",
        }
    )


def serper(*urls: str) -> str:
    """An answer as Serper gives it."""
    organic = [
        {"title": f"Snippet {url}", "link": url, "snippet": "from 1 SAR", "position": place}
        for place, url in enumerate(urls, 1)
    ]
    asked = {"q": "q", "gl": "sa", "hl": "ar", "type": "search", "num": 5, "engine": "google"}
    return json.dumps({"searchParameters": asked, "organic": organic, "credits": 1})


ANSWERS: dict[str, Callable[..., str]] = {"tavily": tavily, "serper": serper}
NAMES = pytest.mark.parametrize("name", ANSWERS)


@pytest.fixture(name="engine")
def engine_fixture() -> Iterator[Shop]:
    """The search engine's server."""
    server = Shop()
    try:
        yield server
    finally:
        server.stop()


def wanted(*titles: str, **said: Any) -> list[Wanted]:
    given = {"brand": None, "gtin": None, "model": None} | said
    return [Wanted(str(number), title, **given) for number, title in enumerate(titles)]


def search(engine: Shop, products: list[Wanted], name: str = "tavily", **given: Any) -> Look:
    provider = HttpSearch(name, KEY, engine.url, given.pop("call_s", 5.0))
    return look(SEARCH, wanted=products, provider=provider, **given)


async def ask(engine: Shop, name: str, call_s: float = 5.0) -> list[Hit]:
    return await HttpSearch(name, KEY, engine.url, call_s).search("عود ملكي", 5)


# -- The engines -------------------------------------------------------------------------------------------------------


async def test_tavily_is_asked_as_it_documents(engine: Shop) -> None:
    engine.serve("/search", tavily("https://a.example/1#reviews", "https://b.example/2"))
    hits = await ask(engine, "tavily")
    assert [one.url for one in hits] == ["https://a.example/1", "https://b.example/2"]
    assert (hits[0].title, hits[0].text) == ("Snippet https://a.example/1#reviews", "from 1 SAR")
    path, headers = engine.asked[0]
    assert (path, headers["authorization"], headers["content-type"]) == ("/search", "Bearer key-1", "application/json")
    (body,) = engine.posted
    assert (body["query"], body["max_results"], body["search_depth"]) == ("عود ملكي", 5, "basic")
    assert body["include_answer"] is body["include_raw_content"] is False


async def test_serper_is_asked_as_it_documents(engine: Shop) -> None:
    engine.serve("/search", serper("https://a.example/1", "https://b.example/2"))
    assert [one.url for one in await ask(engine, "serper")] == ["https://a.example/1", "https://b.example/2"]
    path, headers = engine.asked[0]
    assert (path, headers["x-api-key"]) == ("/search", "key-1")
    assert engine.posted == [{"q": "عود ملكي", "gl": "sa", "hl": "ar", "num": 5}]


@NAMES
async def test_no_more_hits_than_asked_for_and_none_that_lead_elsewhere(name: str, engine: Shop) -> None:
    bad = ("javascript:alert(1)", "http://a:b@c.example/", "", "ftp://a.example", "http://[::1")
    engine.serve("/search", ANSWERS[name](*bad, *(f"https://a.example/{number}" for number in range(9))))
    assert [one.url for one in await ask(engine, name)] == [f"https://a.example/{number}" for number in range(5)]


@NAMES
@pytest.mark.parametrize("status", [401, 402, 403, 429, 432, 433])
async def test_a_refusal_says_what_to_do_and_never_the_key(name: str, status: int, engine: Shop) -> None:
    engine.serve("/search", '{"detail": {"error": "Unauthorized: key-1"}}', status=status)
    with pytest.raises(SearchRefused, match=str(status)) as refused:
        await ask(engine, name)
    assert "key-1" not in str(refused.value)


@NAMES
@pytest.mark.parametrize(
    ("body", "status"),
    [
        *(("{}", status) for status in (301, 400, 404, 422, 500, 502, 503)),
        *((body, 200) for body in ("", "x", "[]", "{}", "null", '{"results": {}, "organic": 1}', "[" * 100_000)),
        ("[" + "1," * 600_000 + "1]", 200),
    ],
)
async def test_an_answer_that_is_not_understood_is_a_failed_query(
    name: str, body: str, status: int, engine: Shop
) -> None:
    engine.serve("/search", body, status=status)
    with pytest.raises(SearchFailed) as failed:
        await ask(engine, name)
    assert not isinstance(failed.value, SearchRefused) and name in str(failed.value)


@NAMES
async def test_hits_of_any_shape_are_passed_over(name: str, engine: Shop) -> None:
    odd = [None, 1, "x", [], {}, {"url": 1, "link": 1}, {"url": "https://a.example/1", "link": "https://a.example/1"}]
    engine.serve("/search", json.dumps({"results": odd, "organic": odd}))
    assert await ask(engine, name) == [Hit("https://a.example/1", "", "")]


@NAMES
async def test_an_engine_that_is_slow_or_gone_is_a_failed_query(name: str, engine: Shop) -> None:
    release = threading.Event()
    engine.drip("/search", release)
    try:
        with pytest.raises(SearchFailed, match="no answer within"):
            await ask(engine, name, call_s=0.5)
    finally:
        release.set()
    with pytest.raises(SearchFailed, match="could not be reached"):
        await HttpSearch(name, KEY, "http://127.0.0.1:9").search("x", 5)


# -- Looks -------------------------------------------------------------------------------------------------------------


@NAMES
def test_what_the_pages_say_is_a_listing_and_what_the_engine_says_is_not(name: str, engine: Shop, shop: Shop) -> None:
    serve_site(shop, ["1"])
    shop.serve("/1", product_page("عود ملكي", brand="Lattafa", gtin13="6281007034913"), etag='"v1"')
    shop.serve("/news", "<h1>All about oud, from 1 SAR</h1>")
    shop.serve("/robots.txt", "User-agent: *\nDisallow: /private\n")
    engine.serve("/search", ANSWERS[name](*(f"{shop.url}/{path}" for path in ("1", "news", "private", "missing"))))
    found = search(engine, wanted("Oud"), name)
    (listing,) = found.listings
    assert (listing.competitor, listing.title, listing.brand) == (shop.host, "عود ملكي", "Lattafa")
    assert (listing.gtin, listing.url) == ("6281007034913", f"{shop.url}/1")
    assert (found.outcome, found.searched, found.skipped) == (LookOutcome.READ, ("0",), 2)
    assert "/private" not in shop.paths()
    assert found.requests == len(shop.asked) + len(engine.asked) == 5


def test_a_page_that_is_known_is_asked_for_conditionally_and_what_was_found_before_stays(
    engine: Shop, shop: Shop
) -> None:
    serve_site(shop, ["1", "2"])
    engine.serve("/search", tavily(f"{shop.url}/1"))
    first = search(engine, wanted("One"))
    engine.serve("/search", tavily(f"{shop.url}/2"))
    second = search(engine, wanted("Two"), known=remembered(first))
    assert {one.title for one in second.listings} == {"1", "2"}
    assert set(remembered(second)) == {f"{shop.url}/2"}
    search(engine, wanted("Two"), known=remembered(second))
    assert shop.asked[-1][1]["If-None-Match"] == '"2"'


def test_the_stores_own_pages_are_no_rivals(engine: Shop, shop: Shop) -> None:
    other = Shop()
    try:
        serve_site(shop, ["1"])
        (rival,) = serve_site(other, ["2"])
        engine.serve("/search", tavily(f"{shop.url}/1", rival))
        found = search(engine, wanted("Oud", url=f"{shop.url}/my-oud"))
        assert [one.url for one in found.listings] == [rival]
        assert shop.asked == []
    finally:
        other.stop()


def test_a_page_that_many_products_find_is_read_once(engine: Shop, shop: Shop) -> None:
    (url,) = serve_site(shop, ["1"])
    engine.serve("/search", tavily(url, f"{url}#reviews"))
    found = search(engine, wanted(*"abcdef"))
    assert (len(found.listings), found.searched) == (1, tuple("012345"))
    assert shop.paths() == ["/robots.txt", "/1"]


def test_no_query_is_made_whose_pages_could_not_be_read(engine: Shop, shop: Shop) -> None:
    serve_site(shop, [str(number) for number in range(20)])
    pages = iter(range(20))

    def five_more(handler: Any) -> None:
        body = tavily(*(f"{shop.url}/{next(pages)}" for _ in range(5))).encode()
        handler.send_response(200)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    engine.pages["/search"] = five_more
    found = search(engine, wanted(*"abcdef"), pages=12)
    assert (len(found.pages), found.searched, len(engine.posted)) == (10, ("0", "1"), 2)


def test_an_engine_that_refuses_is_not_asked_again(engine: Shop) -> None:
    engine.serve("/search", "{}", status=401)
    found = search(engine, wanted(*"abcdef"))
    assert (found.outcome, found.searched, len(engine.posted)) == (LookOutcome.FAILED, (), 1)
    assert "THAMAN_OPTIMIZER_SEARCH_KEY" in (found.detail or "")


def test_what_was_found_before_a_refusal_counts(engine: Shop, shop: Shop) -> None:
    (url,) = serve_site(shop, ["1"])
    engine.serve("/search", tavily(url))
    answer = engine.pages["/search"]

    def once(handler: Any) -> None:
        engine.serve("/search", "{}", status=429)
        answer(handler)

    engine.pages["/search"] = once
    found = search(engine, wanted(*"abc"))
    assert (found.outcome, found.searched, len(found.listings)) == (LookOutcome.PARTLY, ("0",), 1)
    assert "429" in found.problems[0]


def test_an_engine_that_fails_three_times_in_a_row_is_left_alone(engine: Shop) -> None:
    engine.serve("/search", "not json")
    found = search(engine, wanted(*"abcdef"))
    assert (found.outcome, len(engine.posted), found.skipped) == (LookOutcome.FAILED, 3, 3)


def test_a_failed_query_costs_its_product_alone(engine: Shop, shop: Shop) -> None:
    (url,) = serve_site(shop, ["1"])
    good, bad = tavily(url), "not json"
    bodies = iter([bad, good, bad, bad, good])

    def next_one(handler: Any) -> None:
        engine.serve("/search", next(bodies))
        answer, engine.pages["/search"] = engine.pages["/search"], next_one
        answer(handler)

    engine.pages["/search"] = next_one
    found = search(engine, wanted(*"abcde"))
    assert (found.outcome, found.searched, found.skipped) == (LookOutcome.READ, ("1", "4"), 3)


def test_at_the_deadline_what_was_found_counts(engine: Shop, shop: Shop) -> None:
    (url,) = serve_site(shop, ["1"])
    release = threading.Event()
    engine.serve("/search", tavily(url))
    answer = engine.pages["/search"]

    def once(handler: Any) -> None:
        engine.drip("/search", release)
        answer(handler)

    engine.pages["/search"] = once
    try:
        found = search(engine, wanted(*"ab"), seconds=4.0, call_s=30.0)
    finally:
        release.set()
    assert (found.outcome, found.searched, len(found.listings)) == (LookOutcome.PARTLY, ("0",), 1)


@pytest.mark.parametrize(
    ("title", "brand", "query"),
    [
        ("Galaxy S24 256GB", "Samsung", "Samsung Galaxy S24 256GB"),
        ("samsung Galaxy S24", "Samsung", "samsung Galaxy S24"),
        ("عود ملكي", None, "عود ملكي"),
        ('5" site:evil.example -cheap +x "(a|b)"', None, "5 site evil.example cheap x a b"),
        ("EF-ZS921 a-b", None, "EF-ZS921 a-b"),
        ("\u202ea\x00b\n c", "\u200b", "ab c"),
        ("x" * 500, "Brand", f"Brand {'x' * 194}"),
    ],
)
def test_what_is_asked_for_a_product(title: str, brand: str | None, query: str) -> None:
    assert query_of(Wanted("1", title, brand, "6281007034913", "X-1")) == query


# -- Settings ----------------------------------------------------------------------------------------------------------


def settings_with(**given: Any) -> Any:
    return optimizer_settings("postgresql://localhost/x", **given)


def test_a_search_engine_is_set_up_whole_or_not_at_all() -> None:
    assert settings_with(optimizer_search_provider="", optimizer_search_key="").optimizer_search_provider is None
    with pytest.raises(ValidationError, match="THAMAN_OPTIMIZER_SEARCH_KEY"):
        settings_with(optimizer_search_provider="tavily")
    with pytest.raises(ValidationError, match="tavily"):
        settings_with(optimizer_search_provider="another", optimizer_search_key="k")
    for url in ("ftp://a.example", "https://u:p@a.example", "a.example"):
        with pytest.raises(ValidationError, match="not an address"):
            settings_with(optimizer_search_url=url)


async def test_the_settings_make_a_looker_for_what_they_allow(engine: Shop, shop: Shop) -> None:
    (url,) = serve_site(shop, ["1"])
    engine.serve("/search", serper(url))
    given = {"optimizer_allow_loopback": True, "optimizer_host_pause_seconds": 0.0}
    engines = {
        "optimizer_search_provider": "serper",
        "optimizer_search_key": "key-1",
        "optimizer_search_url": engine.url,
    }
    clock = ManualClock(NOW)
    found = await build_looker(settings_with(**given, **engines), clock).look(SEARCH, wanted("Oud"), {})
    assert [one.title for one in found.listings] == ["1"]
    without = await build_looker(settings_with(**given), clock).look(SEARCH, wanted("Oud"), {})
    assert without.outcome is LookOutcome.FAILED
    guarded = await build_looker(settings_with(), clock).look(source(SourceKind.SITEMAP, shop.url), (), {})
    assert guarded.outcome is LookOutcome.FAILED and guarded.listings == ()
