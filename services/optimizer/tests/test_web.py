"""Reading pages over real HTTP, politely; and never from places that are not public (also ``test_addresses.py``)."""

import asyncio
import gzip
import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx
import pytest
from tests.support.shop import Shop, shop_fixture  # noqa: F401

from thaman_contracts.events.optimizer import Offer, OfferFitness, OfferSource
from thaman_kit.clock import ManualClock
from thaman_optimizer.adapters.web.addresses import AddressRules
from thaman_optimizer.adapters.web.fetching import MAX_BYTES
from thaman_optimizer.adapters.web.page_reader import Manners, WebPageReader
from thaman_optimizer.adapters.web.robots import robots_of
from thaman_optimizer.adapters.web.transport import PinnedTransport
from thaman_optimizer.domain.policy import LEAST_OFFER_CONFIDENCE_BP
from thaman_optimizer.errors import PageRefused
from thaman_optimizer.ports import Known, Link, Read

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
GOOD = (
    '<script type="application/ld+json">{"@type":"Product","offers":{"@type":"Offer","price":"%s",'
    '"priceCurrency":"%s","availability":"https://schema.org/InStock"}}</script>'
)


def read(
    *urls: str,
    known: Known | None = None,
    rules: AddressRules | None = None,
    vat_bp: int = 1_500,
    now: datetime = NOW,
    **manners: Any,
) -> list[Read]:
    """Read pages with a reader of this test."""
    given = {"pause_s": 0.0, "page_timeout_s": 3.0, "run_timeout_s": 10.0} | manners
    reader = WebPageReader(rules or AddressRules(allow_loopback=True), Manners(**given), ManualClock(now))
    links = [Link(str(number), str(number), None, "SAR", "rival", url, None, known) for number, url in enumerate(urls)]
    return asyncio.run(reader.read(links, vat_bp))


def test_a_page_becomes_an_offer_with_its_digest_and_validators(shop: Shop) -> None:
    shop.serve("/p", GOOD % ("129.95", "SAR"), etag='"v1"')
    (found,) = read(f"{shop.url}/p")
    assert (found.offer.fitness, found.offer.price, found.offer.observed_at) == (OfferFitness.USABLE, 12_995, NOW)
    assert found.page is not None
    assert found.page.etag == '"v1"'
    assert found.offer.digest == found.page.digest
    assert shop.paths() == ["/robots.txt", "/p"]
    assert shop.asked[1][1]["User-Agent"].startswith("ThamanBot/")
    assert shop.asked[1][1]["Host"] == shop.url.removeprefix("http://")


def test_a_page_that_did_not_change_is_not_sent_again(shop: Shop) -> None:
    shop.serve("/p", GOOD % ("129.95", "SAR"), etag='"v1"', last_modified="Mon, 02 Mar 2026 09:00:00 GMT")
    (first,) = read(f"{shop.url}/p")
    shop.serve("/p", "", status=304)
    (second,) = read(f"{shop.url}/p", known=first.page)
    assert second.offer.price == 12_995
    assert second.offer.digest == first.offer.digest
    assert shop.asked[-1][1]["If-None-Match"] == '"v1"'
    assert shop.asked[-1][1]["If-Modified-Since"] == "Mon, 02 Mar 2026 09:00:00 GMT"


def test_what_an_earlier_reader_made_of_a_page_is_read_anew(shop: Shop) -> None:
    shop.serve("/p", GOOD % ("129.95", "SAR"), etag='"v1"')
    (first,) = read(f"{shop.url}/p")
    assert first.page is not None
    earlier = {name: value for name, value in first.page.reading.items() if name != "reader"} | {"price": 99}
    (second,) = read(f"{shop.url}/p", known=replace(first.page, reading=earlier))
    assert "If-None-Match" not in shop.asked[-1][1]
    assert second.offer.price == 12_995


def test_one_page_for_several_items_is_read_once(shop: Shop) -> None:
    shop.serve("/p", GOOD % ("129.95", "SAR"))
    found = read(*[f"{shop.url}/p"] * 3)
    assert [one.offer.price for one in found] == [12_995] * 3
    assert shop.paths().count("/p") == 1


def test_another_currency_and_a_price_without_vat(shop: Shop) -> None:
    shop.serve("/usd", GOOD % ("30", "USD"))
    specification = {"price": "100", "priceCurrency": "SAR", "valueAddedTaxIncluded": False}
    net = {"@type": "Product", "offers": {"@type": "Offer", "priceSpecification": specification}}
    shop.serve("/net", f'<script type="application/ld+json">{json.dumps(net)}</script>')
    foreign, without = read(f"{shop.url}/usd", f"{shop.url}/net")
    assert foreign.offer.fitness is OfferFitness.FOREIGN_CURRENCY
    assert without.offer.price == 11_500


def test_an_offer_carries_what_its_page_said_and_how_surely(shop: Shop) -> None:
    shop.serve("/said", GOOD % ("129.95", "SAR"))
    shop.serve("/text", "<h1>عود</h1><p>129.95 ر.س</p>")
    shop.serve("/disagrees", GOOD % ("129.95", "SAR") + "<h1>عود</h1><p>99 ر.س</p>")
    said, text, disagrees = (
        one.offer for one in read(*(f"{shop.url}/{name}" for name in ("said", "text", "disagrees")))
    )
    assert said.evidence is not None and said.evidence.sources == (OfferSource.JSON_LD,)
    assert (said.evidence.price, said.confidence_bp) == ("129.95", 10_000)
    assert text.evidence is not None and text.evidence.sources == (OfferSource.TEXT,)
    assert (text.price, text.evidence.price) == (12_995, "129.95 ر.س")
    assert text.confidence_bp < LEAST_OFFER_CONFIDENCE_BP
    assert "moves no price" in (text.detail or "")
    assert (disagrees.fitness, disagrees.price) == (OfferFitness.UNREADABLE, None)
    assert Offer.model_validate_json(text.model_dump_json()) == text


def test_a_price_that_was_given_until_an_earlier_day_is_stale_also_when_the_page_is_not_sent_again(shop: Shop) -> None:
    until = '"price":"129.95","priceValidUntil":"2026-03-0%d"'
    shop.serve("/over", (GOOD % ("129.95", "SAR")).replace('"price":"129.95"', until % 1))
    shop.serve("/last", (GOOD % ("129.95", "SAR")).replace('"price":"129.95"', until % 2), etag='"v1"')
    over, last = read(f"{shop.url}/over", f"{shop.url}/last")
    assert (over.offer.fitness, over.offer.price) == (OfferFitness.STALE, 12_995)
    assert last.offer.fitness is OfferFitness.USABLE
    shop.serve("/last", "", status=304)
    (again,) = read(f"{shop.url}/last", known=last.page, now=NOW + timedelta(days=1))
    assert again.offer.fitness is OfferFitness.STALE
    assert again.offer.evidence == last.offer.evidence


def test_pages_in_old_and_odd_encodings(shop: Shop) -> None:
    body = "<h1>عود</h1><p>129.95 ر.س</p>"
    shop.serve("/old", body.encode("windows-1256"), **{"content-type": "text/html; charset=windows-1256"})
    shop.serve("/meta", b'<meta charset="windows-1256">' + body.encode("windows-1256"), **{"content-type": "text/html"})
    for name in ("idna", "punycode", "unicode_escape", "undefined", "base64", "no-such"):
        shop.serve(f"/{name}", body.encode(), **{"content-type": f"text/html; charset={name}"})
    found = read(*(f"{shop.url}{path}" for path in shop.pages))
    assert [one.offer.price for one in found] == [12_995] * 8


def test_robots_txt_is_obeyed(shop: Shop) -> None:
    shop.serve("/robots.txt", "User-agent: ThamanBot\nDisallow: /private\n\nUser-agent: *\nDisallow: /\n")
    shop.serve("/private/p", GOOD % ("1", "SAR"))
    shop.serve("/p", GOOD % ("129.95", "SAR"))
    refused, allowed = read(f"{shop.url}/private/p", f"{shop.url}/p")
    assert refused.offer.fitness is OfferFitness.REFUSED
    assert allowed.offer.price == 12_995
    assert "/private/p" not in shop.paths()


@pytest.mark.parametrize(("status", "allowed"), [(404, True), (403, True), (500, False), (503, False)])
def test_no_robots_file_allows_and_a_broken_server_forbids(status: int, allowed: bool, shop: Shop) -> None:
    shop.serve("/robots.txt", "", status=status)
    shop.serve("/p", GOOD % ("129.95", "SAR"))
    (found,) = read(f"{shop.url}/p")
    assert (found.offer.fitness is OfferFitness.USABLE) is allowed


def test_crawl_delay_is_taken_but_not_without_end() -> None:
    assert robots_of(200, "User-agent: *\nCrawl-delay: 2").delay_s == 2.0
    assert robots_of(200, "User-agent: *\nCrawl-delay: 9999").delay_s == 5.0
    assert robots_of(200, "").delay_s == 0.0


@pytest.mark.parametrize("status", [400, 403, 404, 410, 429, 500, 503])
def test_an_error_page_is_no_price(status: int, shop: Shop) -> None:
    shop.serve("/p", GOOD % ("129.95", "SAR"), status=status)
    (found,) = read(f"{shop.url}/p")
    assert found.offer.fitness is OfferFitness.UNREACHABLE
    assert str(status) in (found.offer.detail or "")


def test_redirects_are_followed_three_times_and_no_further(shop: Shop) -> None:
    for number in range(5):
        shop.serve(f"/{number}", "", status=302, location=f"/{number + 1}")
    shop.serve("/5", GOOD % ("129.95", "SAR"))
    near, far = read(f"{shop.url}/2", f"{shop.url}/1")
    assert near.offer.price == 12_995
    assert far.offer.fitness is OfferFitness.REFUSED


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://127.0.0.1/", "http://169.254.169.254/latest/meta-data", "http://10.0.0.1/"]
)
def test_a_redirect_to_a_place_that_is_not_public_is_refused(target: str, shop: Shop) -> None:
    shop.serve("/p", "", status=302, location=target)
    (found,) = read(f"{shop.url}/p")
    assert found.offer.fitness is OfferFitness.REFUSED, found.offer.detail


def test_size_is_bounded_also_when_it_is_packed(shop: Shop) -> None:
    shop.serve("/large", b"x" * (MAX_BYTES + 1))
    shop.serve("/bomb", gzip.compress(b"x" * (MAX_BYTES * 50)), content_encoding="gzip")
    shop.serve("/packed", gzip.compress((GOOD % ("129.95", "SAR")).encode()), content_encoding="gzip")
    shop.serve("/odd", b"x", content_encoding="br")
    shop.serve("/lie", b"not packed", content_encoding="gzip")
    large, bomb, packed, odd, lie = read(*(f"{shop.url}/{name}" for name in ("large", "bomb", "packed", "odd", "lie")))
    assert packed.offer.price == 12_995
    for found in (large, bomb, odd, lie):
        assert found.offer.fitness is OfferFitness.UNREADABLE


def test_a_server_that_drips_is_left_alone(shop: Shop) -> None:
    release = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not release.wait(0.05):
            try:
                handler.wfile.write(b"x")
            except OSError:
                return

    shop.pages["/slow"] = drip
    shop.serve("/p", GOOD % ("129.95", "SAR"))
    try:
        slow, good = read(f"{shop.url}/slow", f"{shop.url}/p", page_timeout_s=0.5)
    finally:
        release.set()
    assert slow.offer.fitness is OfferFitness.UNREACHABLE
    assert good.offer.price == 12_995


def test_the_runs_deadline_answers_what_is_still_out(shop: Shop) -> None:
    release = threading.Event()
    shop.pages["/slow"] = lambda handler: release.wait(5) and None
    shop.serve("/p", GOOD % ("129.95", "SAR"))
    try:
        good, slow = read(f"{shop.url}/p", f"{shop.url}/slow", run_timeout_s=1.0)
    finally:
        release.set()
    assert good.offer.price == 12_995
    assert slow.offer.fitness is OfferFitness.UNREACHABLE


def test_one_site_is_asked_by_two_at_most(shop: Shop) -> None:
    for number in range(12):
        shop.serve(f"/{number}", GOOD % ("129.95", "SAR"))
    assert {one.offer.price for one in read(*(f"{shop.url}/{number}" for number in range(12)))} == {12_995}
    assert shop.most_together <= 2


def test_a_site_that_does_not_answer_for_its_robots_txt_is_not_read() -> None:
    """A closed port answers nothing at all, so nothing allows reading it."""
    (found,) = read("http://127.0.0.1:9/p")
    assert found.offer.fitness is OfferFitness.UNREACHABLE
    assert "robots.txt" in (found.offer.detail or "")


@pytest.mark.parametrize("url", ["http://", "http://[::1", "http://a b/", "http://exa\x00mple/", "http://\u2028/"])
def test_odd_addresses_get_an_answer(url: str) -> None:
    (found,) = read(url)
    assert found.offer.fitness is not OfferFitness.USABLE


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f000001", "127.1", "[::ffff:127.0.0.1]", "localhost"])
def test_spellings_of_this_machine_are_refused_without_the_setting(host: str, shop: Shop) -> None:
    shop.serve("/p", GOOD % ("129.95", "SAR"))
    port = shop.url.rpartition(":")[2]
    (found,) = read(f"http://{host}:{port}/p", rules=AddressRules())
    assert found.offer.fitness in (OfferFitness.REFUSED, OfferFitness.UNREACHABLE)
    assert shop.asked == []


def test_a_name_that_changes_its_address_is_connected_where_it_was_checked(shop: Shop) -> None:
    """Each connection resolves once, and goes to what that one resolution said."""
    asked: list[str] = []

    async def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    async def twice() -> None:
        transport = PinnedTransport(AddressRules(allow_loopback=True, resolver=resolver))
        async with httpx.AsyncClient(transport=transport) as client:
            port = shop.url.rpartition(":")[2]
            first = await client.get(f"http://rebinding.example:{port}/p")
            assert first.status_code == 200
            with pytest.raises(PageRefused):
                await client.get(f"http://rebinding.example:{port}/p")

    shop.serve("/p", "ok")
    asyncio.run(twice())
    assert asked == ["rebinding.example"] * 2
    assert shop.asked[0][1]["Host"].startswith("rebinding.example:")
    assert len(shop.asked) == 1
