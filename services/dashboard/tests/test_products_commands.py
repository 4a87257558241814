"""What a merchant does with one product, on onboarding, the optimizer and the audit themselves, over HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.support.standing import Teller, connect, issued, onboarding_at, optimizer_at, rooms, run_all, served

import thaman_audit.api
import thaman_onboarding.api
import thaman_optimizer.api
from thaman_audit.bootstrap import build as build_audit
from thaman_audit.testing import KEY
from thaman_audit.testing import Streams as AuditStreams
from thaman_audit.testing import settings_for as audit_settings
from thaman_contracts.events import EventData
from thaman_contracts.events.listings import ListingMatch, MatchKind
from thaman_contracts.events.optimizer import CompetitorLink, CompetitorLinks
from thaman_contracts.events.settings import AutomationMode, ItemRule, StoreSettings
from thaman_contracts.ids import derived_id
from thaman_dashboard.bootstrap import build
from thaman_dashboard.testing import NOW, Streams, settings_for
from thaman_dashboard.testing_events import Run, authorized, item, observed, rules
from thaman_dashboard.testing_pages import Browser, House, owners_at
from thaman_dashboard.views import Role
from thaman_kit.clock import ManualClock
from thaman_kit.embedded.databases import Databases
from thaman_optimizer.adapters.projection import keep
from thaman_optimizer.consumers import router as optimizer_router
from thaman_optimizer.domain.events import ListingsMatched

SERVICES = ("dashboard", "onboarding", "optimizer", "audit")
RUN = Run("77", "run")
ITEMS = ("1", "2/5", "3")
EVIL = "<script>alert(1)</script>"
PAGE = "https://new.example/p"


@dataclass
class World:
    """The pages, and the services that they ask."""

    house: House
    onboarding: Any
    optimizer: Any
    audit: Any
    hearing: Teller


@pytest.fixture(scope="module")
def world(postgres_server: Databases) -> Iterator[World]:
    """One store whose prices a run took from 100.00 to 97.00, with a match that waits; and a stranger."""
    clock = ManualClock(NOW + timedelta(minutes=20))
    with rooms(postgres_server, "dashboard_and_products", SERVICES) as (_, database):
        onboard = onboarding_at(database["onboarding"], clock)
        audit = build_audit(audit_settings(database["audit"].get_secret_value(), audit_keys=KEY), clock)
        optimizer = optimizer_at(database["optimizer"], clock)
        dashboard = build(settings_for(database["dashboard"].get_secret_value()), clock)
        key = onboard.issue_key("operator", None, "dashboard")
        with (
            served(thaman_onboarding.api.build_api(onboard)) as at_onboarding,
            served(thaman_optimizer.api.build_api(optimizer)) as at_optimizer,
            served(thaman_audit.api.build_api(audit)) as at_audit,
        ):
            secret = key.key.get_secret_value()
            asked = owners_at(secret, onboarding=at_onboarding, optimizer=at_optimizer, audit=at_audit)
            hearing = Teller(optimizer.application, optimizer_router)
            built = World(House(dashboard, asked), onboard, optimizer, audit, hearing)
            _tell(built, issued(key))
            yield built
            asked.close()
        for part in (onboard, audit, optimizer, dashboard):
            part.close()


def _tell(world: World, known: EventData) -> None:
    connect(world.onboarding, "77")
    store = authorized("77", settings=StoreSettings(mode=AutomationMode.FULL_AUTO))
    shelf = observed("77", 1, *(item(one, 10_000, name=EVIL) for one in ITEMS)).model_copy(update={"last_page": True})
    world.hearing.tell(known, store, shelf, RUN.asked(2))
    links = [CompetitorLink(competitor=f"rival {one}", url=f"https://{one}.example") for one in "abc"]
    listed = [CompetitorLinks(product_id="1", links=tuple(links))]
    listed += [CompetitorLinks(product_id="2", variant_id="5", links=tuple(links))]
    world.optimizer.optimizer.set_links("77", listed, "key_1")
    run_all(world.optimizer)
    applied = [RUN.applied(11, one, 10_000, 9_700) for one in ITEMS[:2]]
    world.hearing.tell(*applied)
    story = [known, store, shelf, RUN.asked(2), RUN.started(2), RUN.offers(3, ("1", "https://a.example", 9_700))]
    story += [RUN.proposed(3, "1", 10_000, 9_700, floor=6_000, ceiling=13_500, reference=9_700, input_digest="d" * 64)]
    story += [RUN.decided(4, one, 10_000, 9_700) for one in ITEMS[:2]]
    story += [RUN.writing(10, "1", 10_000, 9_700), *applied, RUN.held(12, "3", "data_fitness/no_offers")]
    own = ItemRule(product_id="2", variant_id="5", cost=4_444, mode=AutomationMode.MANUAL)
    story += [
        rules("77", 15, own),
        authorized("78"),
        observed("78", 1, item("9", 100)),
        Run("78").applied(5, "9", 100, 99),
    ]
    # Both number a test's events alike, so that a price has one event in both.
    AuditStreams(world.audit).deliver(*story)
    Streams(world.house.container).deliver(*story)


def test_the_whole_chain_behind_a_price_is_told_in_order(world: World) -> None:
    browser = world.house.browser("77", Role.VIEWER)
    page = browser.page("/products/1/why")
    order = ["What was seen in Salla", "Rivals' offers", "What it was computed with", "How the price came about"]
    order += ["What was to be done", "Who decided", "The write to Salla", "The reading after it"]
    places = [page.text.index(step) for step in order]
    assert places == sorted(places)
    assert {halalas for halalas, _ in page.amounts} >= {9_700, 10_000, 6_000, 13_500, 5_000}
    assert "https://a.example" in page.links and "d" * 64 in page.text
    receipts = [link for link in page.links if link.startswith("/audit/receipts/")]
    assert len(receipts) == 1
    assert browser.get(receipts[0]).status_code in (200, 409), (
        "until a checkpoint proves it, the receipt's page says so"
    )
    assert "ثمن" in browser.page("/products/1/why", "ar").text
    before = browser.page(f"/products/1/why?at={(NOW + timedelta(minutes=5)).isoformat().replace('+', '%2B')}")
    assert "It stood before Thaman" in before.text and "Thaman did not write this price" in before.text
    assert "No price is known" in browser.page("/products/1/why?at=2020-01-01T00:00").text
    for at in ("tomorrow", "2199-01-01T00:00"):
        assert "Choose one in the past" in browser.page(f"/products/1/why?at={at}").text
    assert browser.get("/products/9/why").status_code == 404


def test_a_products_page_marks_what_happened(world: World) -> None:
    browser = world.house.browser("77", Role.VIEWER)
    page = browser.page("/products/1")
    assert ("path", "flag approved") in [(tag, str(given.get("class"))) for tag, given in page.tags]
    assert "Approved by a person" in page.text
    held = browser.page("/products/3")
    assert "Held by a run" in held.text and "flag hold" in held.html
    assert "/products/1/why" in page.links


def test_one_price_is_put_back_as_it_was_shown(world: World) -> None:
    browser = world.house.browser("77")
    decision = str(RUN.decision("1"))
    assert any(given.get("value") == decision for _, given in browser.page("/products/1").tags)
    plan = browser.page(f"/products/1/undo?decision={decision}")
    assert [halalas for halalas, _ in plan.amounts] == [9_700, 10_000]
    fields = {
        str(given["name"]): str(given["value"])
        for tag, given in plan.tags
        if tag == "input" and given.get("name") in ("decision", "digest", "key")
    }
    browser.post("/products/1/undo", fields | {"digest": "0" * 64})
    assert "nothing was put back" in browser.page("/products/1").text
    assert browser.post("/products/1/undo", fields).headers["location"] == "/products/1"
    assert "The earlier price is put back" in browser.page("/products/1").text
    rows = world.optimizer.views.decisions("77", None, 100)
    assert [row["item_key"] for row in rows if row["document"].get("reverts_decision_id")] == ["1"]
    assert "cannot be put back" in browser.page(f"/products/1/undo?decision={decision}").text, "it is under way"
    assert browser.get(f"/products/1/undo?decision={Run('78').decision('9')}").status_code == 404
    assert world.house.browser("77", Role.APPROVER).get(f"/products/1/undo?decision={decision}").status_code == 403


def test_a_cost_and_a_mode_of_ones_own_keep_the_rest_of_an_items_rule(world: World) -> None:
    season = ItemRule.model_validate({"product_id": "3", "salvage": 700, "season_ends_on": "2026-12-31"})
    world.onboarding.stores.set_rules("77", (season,), "key_1")
    browser = world.house.browser("77")
    form = {"lowest": "", "highest": "", "cost": "٤٠٫٠٥", "mode": "manual"}
    assert browser.post("/products/3", form).headers["location"] == "/products/3"
    rule = world.house.owners.rule("77", "3")
    assert rule == season.model_copy(update={"cost": 4_005, "mode": AutomationMode.MANUAL})
    browser.post("/products/3", {"lowest": "80", "locked": "yes"})
    rule = world.house.owners.rule("77", "3")
    assert rule is not None and (rule.cost, rule.min_price, rule.locked) == (4_005, 8_000, True), "not in the form"
    for wrong, said in (
        ({"cost": "0"}, "more than zero"),
        ({"cost": "1,5"}, "Write an amount"),
        ({"mode": "x"}, "Choose"),
    ):
        answer = browser.post("/products/3", form | wrong)
        assert answer.status_code == 422 and said in answer.text
    assert world.house.owners.rule("77", "3") == rule
    approver = world.house.browser("77", Role.APPROVER)
    assert approver.post("/products/3", form).status_code == 403


def test_what_the_merchant_says_of_an_item_is_shown(world: World) -> None:
    page = world.house.browser("77").page("/products/2/5")
    assert {4_444, 5_000} <= {halalas for halalas, _ in page.amounts}, "the own cost beside Salla's"
    assert "your own word" in page.text and "Mode of this product Manual" in page.text


def test_pages_of_rivals_are_added_and_removed(world: World) -> None:
    browser, owners = world.house.browser("77"), world.house.desk.products.owners
    before = owners.links("77", "2/5")
    assert len(before) == 3
    where = "/products/2/5/links"
    assert browser.post(where, {"competitor": "جديد", "url": PAGE}).headers["location"] == where
    assert "The page was added" in browser.page(where).text
    assert {link.url for link in owners.links("77", "2/5")} == {*(link.url for link in before), PAGE}
    assert len(owners.links("77", "1")) == 3, "of this item alone"
    for url, said in (("javascript:alert(1)", "begins with https"), ("https://me:secret@x.example/", "not accepted")):
        wrong = browser.post(where, {"competitor": "x", "url": url})
        assert wrong.status_code == 422 and said in wrong.text, url
    browser.post(f"{where}/remove", {"url": PAGE})
    assert {link.url for link in owners.links("77", "2/5")} == {link.url for link in before}
    assert world.house.browser("77", Role.APPROVER).post(where, {"competitor": "x", "url": PAGE}).status_code == 403
    assert browser.post("/products/9/links", {"competitor": "x", "url": PAGE}).status_code == 404


def _matched(world: World, *urls: str) -> list[str]:
    """Matches that a look found for an item, and their ids."""
    found = [
        ListingMatch(
            match_id=derived_id("match", url), product_id="3", competitor="rival", url=url, title=EVIL,
            kind=MatchKind.SIMILAR, confidence_bp=4_000, automatic=False, why=("title_alike",),
        )
        for url in urls
    ]  # fmt: skip
    event = ListingsMatched(
        originator_id=derived_id("matched", *urls), originator_version=1, store_id="77", occurred_at=NOW,
        look_id=derived_id("look", *urls), source_id="feed", matcher_version="matcher-1.0", matches=tuple(found),
    )  # fmt: skip
    unit = world.optimizer.application.unit_of_work()
    keep(unit, [event])
    unit.commit()
    return [str(one.match_id) for one in found]


def test_matches_are_answered_one_by_one_and_together(world: World) -> None:
    one, two, three = _matched(world, *(f"https://m.example/{number}" for number in range(3)))
    browser = world.house.browser("77", Role.APPROVER)
    page = browser.page("/products/matches?state=found")
    assert EVIL in page.text and EVIL not in page.html
    assert page.text.count("Alike") >= 3 and "https://m.example/1" in page.links
    browser.post("/products/matches", {"confirm": one})
    assert "1 listing was confirmed" in browser.page("/products/matches").text
    browser.post("/products/matches", {"chosen": [two, three], "reject": "chosen"})
    assert "2 listings were rejected" in browser.page("/products/matches").text
    states = {str(row["match_id"]): row["state"] for row in world.optimizer.views.matches("77", None, 10)}
    assert states == {one: "confirmed", two: "rejected", three: "rejected"}
    assert "https://m.example/0" in browser.page("/products/matches?state=confirmed&item=3").links
    browser.post("/products/matches", {"confirm": "chosen"})
    assert "Nothing was chosen" in browser.page("/products/matches").text
    assert browser.post("/products/matches", {"confirm": str(derived_id("no", "match"))}).status_code == 404
    viewer = world.house.browser("77", Role.VIEWER)
    assert viewer.post("/products/matches", {"confirm": two}).status_code == 403


def _send(browser: Browser, body: bytes) -> httpx.Response:
    browser.get("/products/sheet")
    headers = {"Accept": "text/html", "Accept-Language": "en", "Sec-Fetch-Site": "same-origin"}
    return browser.request(
        "POST", "/products/sheet", data={"csrf": browser._csrf}, files={"sheet": ("p.csv", body)}, headers=headers
    )


def test_a_sheet_is_shown_before_it_is_done_and_done_once(world: World) -> None:
    season = ItemRule.model_validate({"product_id": "1", "salvage": 700, "mode": "manual"})
    world.onboarding.stores.set_rules("77", (season,), "key_1")
    browser = world.house.browser("77")
    for kind in ("csv", "xlsx"):
        file = browser.get(f"/products/sheet/products.{kind}")
        assert file.headers["content-disposition"].endswith(f'.{kind}"') and file.content
    assert EVIL.encode() in browser.get("/products/sheet/products.csv").content
    sent = _send(browser, "key,cost,lowest price\n1,٤١٫٥٠,80\n3,x,\n99,1,\n".encode())
    assert sent.status_code == 303
    where = sent.headers["location"]
    page = browser.page(where)
    assert {4_150, 8_000} <= {halalas for halalas, _ in page.amounts}
    assert "Yes, change 1 product" in page.text and EVIL in page.text and EVIL not in page.html
    for said in ("3 Own cost without VAT x It is no clear amount", "4 Key 99 Your store has no product of this key"):
        assert said in page.text
    assert world.house.owners.rule("77", "1") == season, "nothing is written before the yes"
    assert world.house.browser("77").get(where).status_code == 404, "another session's sheet"
    for _ in range(2):
        assert browser.post(where).headers["location"] == where
    done = browser.page(where)
    assert "What was done" in done.text and "Yes, change" not in done.text
    rule = world.house.owners.rule("77", "1")
    assert rule == season.model_copy(update={"cost": 4_150, "min_price": 8_000}), "the rest of the rule stays"
    assert world.house.browser("77", Role.APPROVER).post(where).status_code in (403, 404)
    for body, said in ((b"", "Choose a file"), (b"\xff\xff", "not UTF-8"), (b"x" * 2_000_001, "larger than allowed")):
        refused = _send(browser, body)
        assert refused.status_code == 422 and said in refused.text, said
    assert _send(world.house.browser("77", Role.VIEWER), b"key,cost\n1,2\n").status_code == 403
