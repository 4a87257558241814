"""Prices of links from feeds: one request for all links of a feed, and a row's price as sure as a row is."""

import asyncio
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support.shop import Shop, shop_fixture  # noqa: F401

from thaman_contracts.events.optimizer import Offer, OfferFitness, OfferSource
from thaman_kit.clock import ManualClock
from thaman_optimizer.adapters.web.addresses import AddressRules
from thaman_optimizer.adapters.web.feed_reader import FeedReader
from thaman_optimizer.adapters.web.link_reader import LinkReader
from thaman_optimizer.adapters.web.session import Manners
from thaman_optimizer.domain.feeds import FEED_BP
from thaman_optimizer.domain.policy import LEAST_OFFER_CONFIDENCE_BP
from thaman_optimizer.ports import Known, Link, Read

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HEADER = "url,title,price,currency,availability,with_vat,updated_at\n"
PAGE = (
    '<script type="application/ld+json">{"@type":"Product","offers":{"@type":"Offer","price":"129.95",'
    '"priceCurrency":"SAR","availability":"https://schema.org/InStock"}}</script>'
)
P1, P2, P3 = (f"https://rival.example/{number}" for number in (1, 2, 3))


def link(url: str, feed: str | None, known: Known | None = None, **given: Any) -> Link:
    fields = {"item_key": url, "product_id": "1", "variant_id": None, "currency": "SAR", "competitor": "Rival"}
    return Link(**fields | given, url=url, seen_at=None, known=known, feed=feed)


def read(
    *links: Link, vat_bp: int = 1_500, now: datetime = NOW, rules: AddressRules | None = None, **manners: Any
) -> list[Read]:
    polite = Manners(**{"pause_s": 0.0, "page_timeout_s": 5.0, "run_timeout_s": 20.0} | manners)
    reader = LinkReader.over_the_web(rules or AddressRules(allow_loopback=True), polite, ManualClock(now))
    answers = asyncio.run(reader.read(links, vat_bp))
    assert len(answers) == len(links)
    by_url = {answer.offer.url: answer for answer in answers}
    return [by_url[one.url] for one in links]


def offers(shop: Shop, body: str, *urls: str, **given: Any) -> list[Offer]:
    """What a feed with these rows says of the addresses."""
    shop.serve("/feed.csv", HEADER + body)
    return [one.offer for one in read(*(link(url, f"{shop.url}/feed.csv") for url in urls), **given)]


def test_a_feed_is_read_once_for_all_its_links_and_a_page_where_there_is_no_feed(shop: Shop) -> None:
    shop.serve("/feed.csv", f"{HEADER}{P1},Oud,99.50,SAR,in stock,yes,\n{P2},Musk,50 ر.س,,,,\n")
    shop.serve("/p", PAGE)
    feed = f"{shop.url}/feed.csv"
    first, second, page = (one.offer for one in read(link(P1, feed), link(P2, feed), link(f"{shop.url}/p", None)))
    assert (first.fitness, first.price, first.currency, first.in_stock) == (OfferFitness.USABLE, 9_950, "SAR", True)
    assert (first.competitor, first.observed_at, first.confidence_bp) == ("Rival", NOW, FEED_BP)
    assert first.evidence is not None and first.evidence.sources == (OfferSource.FEED,)
    assert (first.evidence.price, first.evidence.availability, first.evidence.vat) == ("99.50", "in stock", "yes")
    assert (second.price, second.in_stock) == (5_000, None)
    assert first.digest == second.digest != page.digest
    assert (page.price, page.confidence_bp) == (12_995, 10_000)
    assert sorted(shop.paths()) == ["/feed.csv", "/p", "/robots.txt"]
    assert Offer.model_validate_json(first.model_dump_json()) == first
    assert FEED_BP >= LEAST_OFFER_CONFIDENCE_BP


def test_how_sure_a_match_is_counts_for_feeds_and_pages(shop: Shop) -> None:
    shop.serve("/feed.csv", f"{HEADER}{P1},Oud,99.50,SAR,in stock,yes,\n")
    shop.serve("/p", PAGE)
    links = link(P1, f"{shop.url}/feed.csv", confidence_bp=8_333), link(f"{shop.url}/p", None, confidence_bp=8_333)
    assert [one.offer.confidence_bp for one in read(*links)] == [9_500 * 8_333 // 10_000, 8_333]


def test_vat_currency_and_stock_are_as_for_pages(shop: Shop) -> None:
    body = f"{P1},A,100,SAR,,no,\n{P2},B,30,USD,,,\n{P3},C,99,SAR,out of stock,,\n"
    net, foreign, sold_out = offers(shop, body, P1, P2, P3)
    assert net.price == 11_500
    assert foreign.fitness is OfferFitness.FOREIGN_CURRENCY
    assert (sold_out.fitness, sold_out.price) == (OfferFitness.OUT_OF_STOCK, 9_900)


@pytest.mark.parametrize(
    ("body", "fitness", "why"),
    [
        (f"{P2},B,1,SAR,,,\n", OfferFitness.NO_PRICE, "has no row for this address any more"),
        (f"{P1},A,,SAR,,,\n", OfferFitness.NO_PRICE, "no price"),
        (f"{P1},A,0,SAR,,,\n", OfferFitness.NO_PRICE, "zero"),
        (f"{P1},A,1.299,SAR,,,\n", OfferFitness.UNREADABLE, "1.299"),
        (f"{P1},A,99,,,,\n", OfferFitness.UNREADABLE, "currency"),
        (f"{P1},A,99,SAR,,15%,\n", OfferFitness.UNREADABLE, "VAT"),
        (f"{P1},A,99,SAR,,,\n{P1},A,98,SAR,,,\n", OfferFitness.UNREADABLE, "another price"),
        (f"{P1},,99,SAR,,,\n", OfferFitness.UNREADABLE, "title"),
        (f"{P1},A,99,SAR,,,yesterday\n", OfferFitness.UNREADABLE, "observed_at"),
    ],
)
def test_no_price_says_why_there_is_none(body: str, fitness: OfferFitness, why: str, shop: Shop) -> None:
    (offer,) = offers(shop, body, P1)
    assert (offer.fitness, offer.price) == (fitness, None)
    assert why in (offer.detail or "")


def test_rows_of_one_address_with_one_price_are_one_offer(shop: Shop) -> None:
    body = f"{P1},A red,99,SAR,in stock,,2026-03-02\n{P1},A blue,99,SAR,out of stock,,2026-03-01\n"
    (offer,) = offers(shop, body, P1)
    assert (offer.fitness, offer.price, offer.in_stock) == (OfferFitness.USABLE, 9_900, None)
    assert offer.observed_at == datetime(2026, 2, 28, 21, tzinfo=UTC)


def test_an_offer_is_as_old_as_its_row_and_never_from_the_future(shop: Shop) -> None:
    body = f"{P1},A,1.5,SAR,,,2026-03-01T09:00:00Z\n{P2},B,1.5,SAR,,,2026-03-02T09:00:01Z\n{P3},C,1.5,SAR,,,\n"
    assert [one.observed_at for one in offers(shop, body, P1, P2, P3)] == [NOW - timedelta(days=1), NOW, NOW]


# -- What is remembered ------------------------------------------------------------------------------------------------


def serve_with_etag(shop: Shop, price: str = "99") -> str:
    rows = f"{P1},A,{price},SAR,,,2026-03-01T09:00:00Z\n{P2},B,50,SAR,,,\n"
    shop.serve("/feed.csv", HEADER + rows, etag=f'"{price}"', last_modified="Mon, 02 Mar 2026 09:00:00 GMT")
    return f"{shop.url}/feed.csv"


def test_a_feed_that_did_not_change_is_not_sent_again(shop: Shop) -> None:
    feed = serve_with_etag(shop)
    first = read(link(P1, feed), link(P2, feed), link(P3, feed))
    later = NOW + timedelta(hours=1)
    second = read(*(link(one.offer.url, feed, one.page) for one in first), now=later)
    assert shop.asked[-1][1]["If-None-Match"] == '"99"'
    assert shop.asked[-1][1]["If-Modified-Since"] == "Mon, 02 Mar 2026 09:00:00 GMT"
    assert [one.page for one in second] == [one.page for one in first]
    assert [one.offer.price for one in second] == [9_900, 5_000, None]
    assert [one.offer.observed_at for one in second] == [NOW - timedelta(days=1), later, later]
    assert second[0].offer.evidence == first[0].offer.evidence


def test_the_whole_feed_is_asked_for_unless_every_link_is_known_from_one_sending(shop: Shop) -> None:
    feed = serve_with_etag(shop)
    first, second = read(link(P1, feed), link(P2, feed))
    assert first.page is not None and second.page is not None
    other_etag = replace(second.page, etag='"98"')
    other_feed = replace(second.page, reading=second.page.reading | {"feed": "https://other.example/"})
    other_reader = replace(second.page, reading=second.page.reading | {"reader": "feed-0"})
    for known in (None, other_etag, other_feed, other_reader):
        found = read(link(P1, feed, first.page), link(P2, feed, known))
        assert "If-None-Match" not in shop.asked[-1][1]
        assert [one.offer.price for one in found] == [9_900, 5_000]


def test_what_was_remembered_of_a_page_is_not_taken_for_a_feeds_nor_the_other_way(shop: Shop) -> None:
    shop.serve("/p", PAGE, etag='"99"')
    url = f"{shop.url}/p"
    shop.serve("/feed.csv", f"{HEADER}{url},A,77,SAR,,,\n", etag='"99"')
    feed = f"{shop.url}/feed.csv"
    (from_page,), (from_feed,) = read(link(url, None)), read(link(url, feed))
    assert (read(link(url, feed, from_page.page))[0].offer.price, shop.paths()[-1]) == (7_700, "/feed.csv")
    assert (read(link(url, None, from_feed.page))[0].offer.price, shop.paths()[-1]) == (12_995, "/p")


def test_a_feed_that_says_unasked_that_it_did_not_change_is_not_understood(shop: Shop) -> None:
    shop.serve("/feed.csv", "", status=304)
    (found,) = read(link(P1, f"{shop.url}/feed.csv"))
    assert (found.offer.fitness, found.page) == (OfferFitness.UNREADABLE, None)


# -- Feeds of strangers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("body", "status"), [("<html>", 200), ("", 200), ("{", 200), ("x", 404), ("x", 500)])
def test_a_feed_that_is_none_costs_its_links_alone(body: str, status: int, shop: Shop) -> None:
    shop.serve("/bad.csv", body, status=status)
    shop.serve("/feed.csv", f"{HEADER}{P1},A,99,SAR,,,\n")
    good, bad, worse = read(
        link(P1, f"{shop.url}/feed.csv"), link(P2, f"{shop.url}/bad.csv"), link(P3, f"{shop.url}/bad.csv")
    )
    assert good.offer.price == 9_900
    for one in (bad, worse):
        assert one.offer.fitness is (OfferFitness.UNREADABLE if status == 200 else OfferFitness.UNREACHABLE)
        assert (one.offer.price, one.page) == (None, None) and one.offer.detail
    assert shop.paths().count("/bad.csv") == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f000001", "127.1", "[::ffff:127.0.0.1]", "localhost"])
def test_feeds_on_this_machine_are_refused_without_the_setting(host: str, shop: Shop) -> None:
    port = shop.host.rpartition(":")[2]
    (found,) = read(link(P1, f"http://{host}:{port}/feed.csv"), rules=AddressRules())
    assert found.offer.fitness in (OfferFitness.REFUSED, OfferFitness.UNREACHABLE)
    assert shop.asked == []


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/", "http://10.0.0.1/", "file:///etc/passwd", "http://a:b@127.0.0.1:1/"]
)
def test_redirects_into_private_places_are_refused(target: str, shop: Shop) -> None:
    shop.serve("/feed.csv", "", status=302, location=target)
    (found,) = read(link(P1, f"{shop.url}/feed.csv"))
    assert found.offer.fitness is OfferFitness.REFUSED


@pytest.mark.parametrize("feed", ["x", "http://", "http://[::1", "ftp://a.example/", "http://u:p@a.example/", ""])
def test_odd_addresses_get_an_answer(feed: str) -> None:
    (found,) = read(link(P1, feed))
    assert found.offer.fitness is OfferFitness.REFUSED


def test_the_runs_deadline_answers_what_is_still_out(shop: Shop) -> None:
    release = threading.Event()
    shop.drip("/feed.csv", release)
    shop.serve("/good.csv", f"{HEADER}{P2},A,99,SAR,,,\n")
    try:
        slow, good = read(link(P1, f"{shop.url}/feed.csv"), link(P2, f"{shop.url}/good.csv"), run_timeout_s=2.0)
    finally:
        release.set()
    assert (slow.offer.fitness, good.offer.price) == (OfferFitness.UNREACHABLE, 9_900)


def test_nothing_to_read_is_nothing_read() -> None:
    assert read() == []
    assert asyncio.run(FeedReader(AddressRules(), Manners(), ManualClock(NOW)).read([], 0)) == []
