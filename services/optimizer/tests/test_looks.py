"""Looks into feeds and sites over real HTTP: politely, within bounds, and never where it is not public."""

import asyncio
import gzip
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from tests.support.looks import NOW, look, product_page, remembered, serve_site, source, urlset
from tests.support.shop import Shop, shop_fixture  # noqa: F401

from thaman_contracts.events.listings import LookOutcome, SourceKind
from thaman_kit.clock import ManualClock
from thaman_optimizer.adapters.listings import pages as listing_pages
from thaman_optimizer.adapters.listings.looker import WebLooker
from thaman_optimizer.adapters.web.addresses import AddressRules
from thaman_optimizer.adapters.web.session import Manners
from thaman_optimizer.domain.feeds import MAX_FEED_BYTES
from thaman_optimizer.domain.sitemaps import MAX_SITEMAPS
from thaman_optimizer.listing_ports import Listing

FEED = "url,title,brand,ean,price,currency,shop\n"


def feed_of(shop: Shop) -> Any:
    return source(SourceKind.FEED, f"{shop.url}/feed.csv")


def site_of(shop: Shop) -> Any:
    return source(SourceKind.SITEMAP, shop.url)


# -- Feeds -------------------------------------------------------------------------------------------------------------


def test_a_feeds_rows_are_listings_and_its_bad_rows_are_problems(shop: Shop) -> None:
    rows = (
        "https://a.example/1,Oud,Lattafa,6281007034913,99,SAR,Rival\nx,Musk,,,1,SAR,\nhttps://b.example/2,Musk,,,,,\n"
    )
    shop.serve("/feed.csv", FEED + rows, **{"content-type": "text/csv"})
    shop.serve("/robots.txt", "User-agent: *\nDisallow: /\n")
    found = look(feed_of(shop))
    assert (found.outcome, found.skipped, found.requests, found.detail) == (LookOutcome.READ, 1, 1, None)
    first, second = found.listings
    assert (first.competitor, first.url, first.title) == ("Rival", "https://a.example/1", "Oud")
    assert (first.brand, first.gtin, second.competitor) == ("Lattafa", "6281007034913", "b.example")
    assert first.digest is not None and first.digest != second.digest
    assert found.problems[0].startswith("row 3: url:")
    # The merchant was given the address, so nobody is asked whether robots may read it.
    assert shop.paths() == ["/feed.csv"]


def test_a_feed_is_named_by_its_source_where_its_rows_name_nobody(shop: Shop) -> None:
    shop.serve("/feed.csv", f"{FEED}https://a.example/1,Oud,,,99,SAR,\n")
    found = look(source(SourceKind.FEED, f"{shop.url}/feed.csv", competitor="The other one"))
    assert [one.competitor for one in found.listings] == ["The other one"]


def test_a_feed_in_the_charset_that_its_server_names(shop: Shop) -> None:
    table = "الرابط;الاسم\nhttps://a.example/1;عود\n".encode("windows-1256")
    shop.serve("/feed.csv", table, **{"content-type": "text/csv; charset=windows-1256"})
    assert [one.title for one in look(feed_of(shop)).listings] == ["عود"]
    shop.serve("/feed.csv", table, **{"content-type": "text/csv"})
    assert look(feed_of(shop)).outcome is LookOutcome.FAILED


@pytest.mark.parametrize(
    ("body", "headers", "why"),
    [
        (b"x" * (MAX_FEED_BYTES + 1), {}, "larger than"),
        (gzip.compress(b"x" * (MAX_FEED_BYTES * 10), 1), {"content_encoding": "gzip"}, "larger than"),
        (b"x", {"content_encoding": "br"}, "packed as"),
        (b"not packed", {"content_encoding": "gzip"}, "not packed"),
        (b"<html>", {}, "XML or a web page"),
        (b"", {}, "empty"),
        (b"url,title\nx,Oud\n", {}, "none of the feed's rows can be read; the first: row 2: url:"),
    ],
)
def test_a_feed_that_cannot_be_read_fails_with_a_sentence(
    body: bytes, headers: dict[str, str], why: str, shop: Shop
) -> None:
    shop.serve("/feed.csv", body, **headers)
    found = look(feed_of(shop))
    assert (found.outcome, found.listings) == (LookOutcome.FAILED, ())
    assert why in (found.detail or "")


@pytest.mark.parametrize("status", [304, 401, 403, 404, 429, 500, 503])
def test_a_feed_that_is_not_given_fails_with_its_status(status: int, shop: Shop) -> None:
    shop.serve("/feed.csv", "", status=status)
    found = look(feed_of(shop))
    assert found.outcome is LookOutcome.FAILED and str(status) in (found.detail or "")


# -- Where nobody is led -----------------------------------------------------------------------------------------------

SPELLINGS = ("127.0.0.1", "2130706433", "0x7f000001", "127.1", "[::ffff:127.0.0.1]", "localhost", "[::1]", "0")
KINDS = (SourceKind.FEED, SourceKind.SITEMAP)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("host", SPELLINGS)
def test_spellings_of_this_machine_are_refused(kind: SourceKind, host: str, shop: Shop) -> None:
    serve_site(shop, ["1"])
    port = shop.host.rpartition(":")[2]
    found = look(source(kind, f"http://{host}:{port}/sitemap.xml"), rules=AddressRules())
    assert found.outcome is LookOutcome.FAILED and found.detail
    assert shop.asked == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "url", ["http://user:pw@a.example/", "ftp://a.example/", "file:///etc/passwd", "http://", "http://[::1", "x", None]
)
def test_what_is_no_plain_address_is_refused(kind: SourceKind, url: str | None) -> None:
    found = look(source(kind, url))
    assert found.outcome is LookOutcome.FAILED and found.detail
    assert found.requests == 0


TARGETS = ("http://169.254.169.254/latest/meta-data", "http://10.0.0.1/", "file:///etc/passwd", "ftp://127.0.0.1/")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", [*TARGETS, "http://user:pw@127.0.0.1:1/"])
def test_redirects_into_private_places_are_refused(kind: SourceKind, target: str, shop: Shop) -> None:
    shop.serve("/sitemap.xml", "", status=302, location=target)
    found = look(source(kind, f"{shop.url}/sitemap.xml"))
    assert found.outcome is LookOutcome.FAILED and found.detail
    assert set(shop.paths()) <= {"/robots.txt", "/sitemap.xml"}


@pytest.mark.parametrize("target", TARGETS)
def test_a_page_that_redirects_into_a_private_place_costs_itself_alone(target: str, shop: Shop) -> None:
    serve_site(shop, ["1", "2"])
    shop.serve("/1", "", status=302, location=target)
    found = look(site_of(shop))
    assert [one.title for one in found.listings] == ["2"]
    assert found.skipped == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_changes_its_address_is_not_followed(kind: SourceKind, shop: Shop) -> None:
    asked: list[str] = []

    async def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    shop.serve("/sitemap.xml", "", status=302, location="/sitemap.xml?again")
    port = shop.host.rpartition(":")[2]
    rules = AddressRules(allow_loopback=True, resolver=resolver)
    found = look(source(kind, f"http://rebinding.example:{port}/sitemap.xml"), rules=rules)
    assert found.outcome is LookOutcome.FAILED
    assert len(shop.asked) == 1


def test_a_site_lists_only_itself(shop: Shop) -> None:
    other = Shop()
    try:
        (own,) = serve_site(shop, ["1"])
        serve_site(other, ["2"])
        shop.serve("/sitemap.xml", urlset([own, f"{other.url}/2", "http://169.254.169.254/", "http://10.0.0.1/1"]))
        shop.serve("/robots.txt", f"Sitemap: {other.url}/sitemap.xml\nSitemap: {shop.url}/sitemap.xml\n")
        found = look(site_of(shop))
        assert [one.url for one in found.listings] == [own]
        assert other.asked == []
        assert any("3 of its addresses are of another site" in one for one in found.problems)
    finally:
        other.stop()


@pytest.mark.parametrize("path", ["/sitemap.xml", "/1"])
def test_what_redirects_to_another_shop_is_not_taken_for_this_ones(path: str, shop: Shop) -> None:
    other = Shop()
    try:
        serve_site(shop, ["1"])
        serve_site(other, ["1"])
        shop.serve(path, "", status=302, location=f"{other.url}{path}")
        found = look(site_of(shop))
        assert found.listings == ()
        assert "redirects to another site" in f"{found.problems} {found.detail}"
    finally:
        other.stop()


# -- Sites -------------------------------------------------------------------------------------------------------------

PAUSE_S = 0.01
PER_HOST = 2


def test_a_crawl_of_five_hundred_pages_is_polite_and_the_next_one_is_sent_nothing_anew(shop: Shop) -> None:
    names = [f"p{number}" for number in range(500)]
    private = [f"private/{number}" for number in range(20)]
    urls = [f"{shop.url}/{name}" for name in (*names, *private)]
    for name in (*names, *private):
        shop.serve(f"/{name}", product_page(name, mpn=f"X-{name}"), etag=f'"{name}"')
    parts = {"/a.xml": urls[:200], "/b.xml.gz": urls[200:400], "/c.xml": urls[400:]}
    for path, some in parts.items():
        shop.serve(path, gzip.compress(urlset(some).encode()) if path.endswith("gz") else urlset(some))
    inner = "".join(f"<sitemap><loc>{shop.url}{path}</loc></sitemap>" for path in parts)
    shop.serve("/index.xml", f"<sitemapindex>{inner}</sitemapindex>")
    shop.serve("/robots.txt", f"User-agent: *\nDisallow: /private/\nSitemap: {shop.url}/index.xml\n")

    clock = ManualClock(NOW)
    first = look(site_of(shop), clock=clock, pause_s=PAUSE_S, per_host=PER_HOST)
    assert (first.outcome, len(first.listings), first.skipped) == (LookOutcome.READ, 500, 20)
    assert [listing.url for listing in first.listings] == sorted(f"{shop.url}/{name}" for name in names)
    assert {listing.url.rpartition("/")[2]: listing.model for listing in first.listings} == {
        name: f"X-{name}" for name in names
    }
    assert {listing.competitor for listing in first.listings} == {shop.host}
    assert shop.paths()[:2] == ["/robots.txt", "/index.xml"]
    assert not any(path.startswith("/private") for path in shop.paths())
    assert first.requests == len(shop.asked) == 505
    assert_polite(shop)

    before = len(shop.asked)
    clock.advance(timedelta(days=1))
    second = look(site_of(shop), remembered(first), clock=clock, pause_s=PAUSE_S, per_host=PER_HOST)
    again = {path: headers.get("If-None-Match") for path, headers in shop.asked[before:] if path.startswith("/p")}
    assert again == {f"/{name}": f'"{name}"' for name in names}
    assert second.listings == first.listings
    assert {page.fetched_at for page in second.pages} == {NOW + timedelta(days=1)}


def assert_polite(shop: Shop) -> None:
    """Few requests at once, and each turn at the site begins a pause after another one's end.

    Of ``PER_HOST`` + 1 requests in a row two had the same turn, so they are a pause apart at least; the server's log
    cannot say otherwise, however late it writes.
    """
    assert shop.most_together <= PER_HOST
    moments = [moment for moment, path in zip(shop.moments, shop.paths(), strict=True) if path != "/robots.txt"]
    apart = [later - earlier for earlier, later in zip(moments, moments[PER_HOST:], strict=False)]
    assert min(apart) >= PAUSE_S


def test_pages_that_were_never_read_come_first_then_the_oldest(shop: Shop) -> None:
    serve_site(shop, [str(number) for number in range(10)])
    clock, known, asked = ManualClock(NOW), {}, []
    for _ in range(4):
        before = len(shop.asked)
        found = look(site_of(shop), known, clock=clock, pages=4, per_host=1)
        known |= remembered(found)
        asked.append([path.removeprefix("/") for path in shop.paths()[before + 2 :]])
        clock.advance(timedelta(hours=1))
    assert asked == [["0", "1", "2", "3"], ["4", "5", "6", "7"], ["8", "9", "0", "1"], ["2", "3", "4", "5"]]
    # All that is known of the site is told, whichever pages were read this time.
    assert {one.title for one in found.listings} == {str(number) for number in range(10)}


def test_what_a_site_no_longer_has_is_no_longer_a_listing(shop: Shop) -> None:
    urls = serve_site(shop, ["kept", "unlisted", "gone", "changed", "failing", "forbidden"])
    known = remembered(look(site_of(shop)))
    shop.serve("/sitemap.xml", urlset(one for one in urls if not one.endswith("unlisted")))
    del shop.pages["/gone"]
    shop.serve("/changed", "<h1>no product</h1>")
    shop.serve("/failing", "", status=500)
    shop.serve("/robots.txt", "User-agent: *\nDisallow: /forbidden\n")
    found = look(site_of(shop), known)
    assert {one.title for one in found.listings} == {"kept", "failing", "forbidden"}
    pages = remembered(found)
    assert pages[f"{shop.url}/failing"].etag == '"failing"'
    assert (pages[f"{shop.url}/gone"].listing, pages[f"{shop.url}/changed"].listing) == (None, None)
    # A page without a product was read well.
    assert found.skipped == 3


def test_an_address_that_is_a_sitemaps_is_taken_for_one(shop: Shop) -> None:
    (url,) = serve_site(shop, ["1"])
    shop.serve("/my.xml", urlset([url]))
    assert [one.url for one in look(source(SourceKind.SITEMAP, f"{shop.url}/my.xml")).listings] == [url]
    assert "/sitemap.xml" not in shop.paths()


def test_a_source_can_name_its_shop(shop: Shop) -> None:
    serve_site(shop, ["1"])
    found = look(source(SourceKind.SITEMAP, f"{shop.url}/some/page", competitor="Rival"))
    assert [one.competitor for one in found.listings] == ["Rival"]


def test_sitemaps_without_end_are_left_out(shop: Shop) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        number = int(handler.path.strip("/s.xml") or 0)
        inner = "".join(f"<sitemap><loc>{shop.url}/s{number * 3 + more}.xml</loc></sitemap>" for more in (1, 2, 3))
        body = f"<sitemapindex>{inner}</sitemapindex>".encode()
        handler.send_response(200)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    for number in range(500):
        shop.pages[f"/s{number}.xml"] = endless
    found = look(source(SourceKind.SITEMAP, f"{shop.url}/s0.xml"))
    assert (found.outcome, found.listings) == (LookOutcome.READ, ())
    assert len([path for path in shop.paths() if path.startswith("/s")]) == MAX_SITEMAPS
    assert any("more than" in one for one in found.problems)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><urlset/>", {}),
        (gzip.compress(b" " * 100_000_000, 1), {}),
        (gzip.compress(b" " * 100_000_000, 1), {"content_encoding": "gzip"}),
        (b" " * 10_000_001, {}),
        (b"<html>", {}),
    ],
)
def test_a_sitemap_that_cannot_be_read_costs_itself_alone(body: bytes, headers: dict[str, str], shop: Shop) -> None:
    (url,) = serve_site(shop, ["1"])
    shop.serve("/bad.xml", body, **headers)
    shop.serve("/robots.txt", f"Sitemap: {shop.url}/bad.xml\nSitemap: {shop.url}/sitemap.xml\n")
    found = look(site_of(shop))
    assert ([one.url for one in found.listings], found.skipped) == ([url], 1)
    shop.serve("/robots.txt", f"Sitemap: {shop.url}/bad.xml\n")
    alone = look(site_of(shop))
    assert alone.outcome is LookOutcome.FAILED and "/bad.xml" in (alone.detail or "")


@pytest.mark.parametrize("status", [500, 503])
def test_a_site_whose_robots_txt_gives_no_answer_is_not_read(status: int, shop: Shop) -> None:
    serve_site(shop, ["1"])
    shop.serve("/robots.txt", "", status=status)
    found = look(site_of(shop))
    assert found.outcome is LookOutcome.FAILED and "robots.txt" in (found.detail or "")
    assert shop.paths() == ["/robots.txt"]


@pytest.mark.parametrize("status", [429, 503])
def test_a_site_that_has_had_enough_is_left_alone(status: int, shop: Shop) -> None:
    serve_site(shop, [str(number) for number in range(20)])
    shop.serve("/3", "", status=status)
    found = look(site_of(shop), per_host=1)
    assert found.outcome is LookOutcome.PARTLY
    assert [one.title for one in found.listings] == ["0", "1", "2"]
    assert str(status) in found.problems[0]
    assert "/4" not in shop.paths()
    # Those that were not asked for are not remembered, so that they come first the next time.
    assert set(remembered(found)) == {f"{shop.url}/{number}" for number in range(4)}


def test_at_the_deadline_what_was_found_counts(shop: Shop) -> None:
    names = ["1", "2", "3", "slow1", "slow2", "4"]
    serve_site(shop, names)
    release = threading.Event()
    for name in ("slow1", "slow2"):
        shop.drip(f"/{name}", release)
    try:
        found = look(site_of(shop), seconds=4.0, page_timeout_s=30.0)
    finally:
        release.set()
    assert found.outcome is LookOutcome.PARTLY
    assert {one.title for one in found.listings} == {"1", "2", "3"}
    assert "time of 4 s was over" in found.problems[0]
    assert set(remembered(found)) == {f"{shop.url}/{number}" for number in "123"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_drips_costs_no_more_than_the_look(kind: SourceKind, shop: Shop) -> None:
    release = threading.Event()
    shop.drip("/sitemap.xml", release)
    try:
        found = look(source(kind, f"{shop.url}/sitemap.xml"), seconds=1.0)
    finally:
        release.set()
    assert (found.outcome, found.listings) == (LookOutcome.PARTLY, ())


def test_a_page_that_breaks_the_reader_costs_itself_alone(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaking(page: str) -> Any:
        if "bad" in page:
            raise ZeroDivisionError
        return read(page)

    read = listing_pages.read_identity
    monkeypatch.setattr(listing_pages, "read_identity", breaking)
    serve_site(shop, ["1", "bad", "2"])
    found = look(site_of(shop))
    assert {one.title for one in found.listings} == {"1", "2"}
    assert found.problems == (f"{shop.url}/bad: it could not be read (ZeroDivisionError)",)


def test_other_peoples_words_in_problems_are_harmless(shop: Shop) -> None:
    shop.serve("/feed.csv", f"{FEED}\u202ehttp://x\x07,Oud,,,,,\nhttps://a.example/1,Oud,,,,,\n")
    (problem,) = look(feed_of(shop)).problems
    assert problem.isprintable() and len(problem) <= 200


def test_many_problems_are_counted_and_the_first_are_told(shop: Shop) -> None:
    shop.serve("/feed.csv", FEED + "x,Oud,,,,,\n" * 50 + "https://a.example/1,Oud,,,,,\n")
    found = look(feed_of(shop))
    assert (found.outcome, found.skipped, len(found.problems)) == (LookOutcome.READ, 50, 20)


def test_kinds_that_nobody_can_look_into_say_so() -> None:
    nobody = WebLooker({}, AddressRules(), Manners(), 1.0)
    for kind, why in ((SourceKind.SEARCH, "THAMAN_OPTIMIZER_SEARCH_PROVIDER"), (SourceKind.FEED, "the kind feed")):
        found = asyncio.run(nobody.look(source(kind, "https://a.example/"), (), {}))
        assert found.outcome is LookOutcome.FAILED and why in (found.detail or "")


def test_a_listing_is_what_the_page_says(shop: Shop) -> None:
    (url,) = serve_site(shop, ["1"])
    shop.serve("/1", product_page("عود", brand="Lattafa", gtin13="6281007034913", mpn="X-1"))
    found = look(site_of(shop))
    (page,) = found.pages
    listing = Listing(shop.host, url, "عود", "Lattafa", "6281007034913", "X-1", found.listings[0].digest)
    assert (found.listings, page.listing, page.fetched_at) == ((listing,), listing, NOW)
    assert listing.digest is not None and len(listing.digest) == 64
