"""The audit's pages on the audit itself and the optimizer's undo, over HTTP: what is proven, and what is put back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from tests.support.standing import PEPPER, Teller, issued, optimizer_at, rooms, run_all, served

import thaman_audit.api
import thaman_optimizer.api
from thaman_audit.bootstrap import build as build_audit
from thaman_audit.testing import KEY
from thaman_audit.testing import Streams as AuditStreams
from thaman_audit.testing import settings_for as audit_settings
from thaman_audit.testing_proofs import verify
from thaman_contracts.events import EventData, onboarding
from thaman_contracts.events.optimizer import CompetitorLink, CompetitorLinks
from thaman_contracts.events.settings import AutomationMode, StoreSettings
from thaman_dashboard.bootstrap import build
from thaman_dashboard.testing import NOW, Streams, settings_for
from thaman_dashboard.testing_events import Run, authorized, item, observed, told
from thaman_dashboard.testing_pages import Browser, House, owners_at
from thaman_dashboard.views import Role
from thaman_kit.clock import ManualClock
from thaman_kit.embedded.databases import Databases
from thaman_kit.keys import NewKey
from thaman_optimizer.consumers import router as optimizer_router

SERVICES = ("dashboard", "optimizer", "audit")
RUN = Run("77", "run")
ITEMS = ("1", "2")
EVIL = "<script>alert(1)</script>"


@dataclass
class World:
    """The pages, and the two services that they ask."""

    house: House
    audit: Any
    optimizer: Any
    admin_url: str
    clock: ManualClock
    hearing: Teller


@pytest.fixture(scope="module")
def world(postgres_server: Databases) -> Iterator[World]:
    """One store of two products, whose prices a run took from 100.00 to 97.00; and a stranger."""
    clock = ManualClock(NOW + timedelta(minutes=10))
    with rooms(postgres_server, "dashboard_and_audit", SERVICES) as (url, database):
        audit = build_audit(audit_settings(database["audit"].get_secret_value(), audit_keys=KEY), clock)
        optimizer = optimizer_at(database["optimizer"], clock)
        dashboard = build(settings_for(database["dashboard"].get_secret_value()), clock)
        key = NewKey.generate(PEPPER)
        with (
            served(thaman_audit.api.build_api(audit)) as at_audit,
            served(thaman_optimizer.api.build_api(optimizer)) as at_optimizer,
        ):
            asked = owners_at(key.key.get_secret_value(), audit=at_audit, optimizer=at_optimizer)
            hearing = Teller(optimizer.application, optimizer_router)
            built = World(House(dashboard, asked), audit, optimizer, url, clock, hearing)
            _tell(built, issued(key))
            yield built
            asked.close()
        for part in (audit, optimizer, dashboard):
            part.close()


def _tell(world: World, known: EventData) -> None:
    store = authorized("77", settings=StoreSettings(mode=AutomationMode.FULL_AUTO))
    shelf = observed("77", 1, *(item(one, 10_000, name=EVIL) for one in ITEMS)).model_copy(update={"last_page": True})
    world.hearing.tell(known, store, shelf, RUN.asked(2))
    links = [CompetitorLink(competitor=f"rival {one}", url=f"https://{one}.example") for one in "abc"]
    world.optimizer.optimizer.set_links(
        "77", [CompetitorLinks(product_id=one, links=tuple(links)) for one in ITEMS], "key_1"
    )
    run_all(world.optimizer)
    applied = [RUN.applied(11, one, 10_000, 9_700) for one in ITEMS]
    world.hearing.tell(*applied)
    decided = [RUN.decided(3, one, 10_000, 9_700, by="policy") for one in ITEMS]
    story = [known, store, shelf, RUN.asked(2), RUN.started(2), *decided, *applied]
    story += [authorized("78"), observed("78", 1, item("9", 100)), Run("78").applied(5, "9", 100, 99)]
    # Both number a test's events alike, so that a price has one event in both.
    AuditStreams(world.audit).deliver(*story)
    Streams(world.house.container).deliver(*story)


def _receipts(browser: Browser) -> list[str]:
    return sorted(link for link in browser.page("/audit/receipts").links if link.startswith("/audit/receipts/"))


def test_the_timeline_is_filtered_by_kind_product_actor_and_days(world: World) -> None:
    browser = world.house.browser("77", Role.VIEWER)
    whole = browser.page("/audit")
    assert "The chain has" in whole.text and "Hash of the last entry:" in whole.text
    assert EVIL not in whole.html and "/audit/ledger" not in whole.links, "the whole ledger is the owner's"
    lines = {
        path: browser.page(f"/audit?{path}").html.count("<li>\n<p class=\"soft\">")
        for path in ("", "kind=PriceApplied", "kind=PriceApplied&item=1", "actor=policy", "actor=nobody",
                     "since=2026-11-24&until=2026-11-24", "since=2026-11-25", "until=2026-11-23", "since=x")
    }  # fmt: skip
    assert lines["kind=PriceApplied"] == 2 and lines["kind=PriceApplied&item=1"] == 1
    assert lines["actor=policy"] == 2 and lines["actor=nobody"] == 0
    assert lines["since=2026-11-24&until=2026-11-24"] == lines[""] == lines["since=x"] > 4
    assert lines["since=2026-11-25"] == lines["until=2026-11-23"] == 0


def test_a_chain_is_verified_and_a_receipt_stands_alone(world: World) -> None:
    browser = world.house.browser("77")
    entries = world.audit.ledger.verify("77").entries
    early = world.house.asked(browser, "/audit/verify")
    assert "The chain holds" in early.text and f"{entries} entries were looked at" in early.text
    assert "No checkpoint was sealed yet" in early.text
    address = _receipts(browser)[0]
    assert "nothing proves it yet" in browser.page(address).text
    assert browser.get(f"{address}/file").status_code == 404
    assert browser.get(f"{address}/causes").status_code == 409
    seal = world.audit.sealer.seal_if_due()
    sealed = world.house.asked(browser, "/audit/verify").text
    assert seal.statement.digest().hex() in sealed and seal.statement.key_id in sealed
    assert seal.statement.digest().hex() in browser.page("/audit/checkpoints").text
    page = browser.page(address)
    assert "97.00" in page.text and "python3 verify_ledger.py receipt.json" in page.text
    file = browser.get(f"{address}/file")
    assert file.headers["content-disposition"].startswith('attachment; filename="receipt-')
    assert verify([file.content])["ok"]
    assert verify(browser.get(f"{address}/causes").content.splitlines(keepends=True))["ok"]
    taken = browser.get("/audit/ledger")
    assert verify(taken.content.splitlines(keepends=True))["entries"] == entries
    assert world.house.browser("77", Role.APPROVER).get("/audit/ledger").status_code == 403


def test_nothing_of_another_store_is_shown(world: World) -> None:
    theirs = _receipts(world.house.browser("78"))
    assert len(theirs) == 1
    browser = world.house.browser("77")
    assert len(_receipts(browser)) == 2 and not set(theirs) & set(_receipts(browser))
    for part in ("", "/file", "/causes"):
        assert browser.get(theirs[0] + part).status_code == 404
    assert "is on record" in browser.page("/audit/lowest-price?item=9").text
    assert browser.get(f"/undo/{RUN.run_id}").status_code == 404


def test_what_inspectors_ask_is_answered(world: World) -> None:
    browser = world.house.browser("77", Role.VIEWER)
    assert "97.00" in browser.page("/audit/lowest-price?item=1").text
    assert "Discount licences" in browser.page("/audit/licences").text
    assert browser.page("/audit/lowest-price", "ar").text


def test_every_page_is_there_in_both_languages_without_the_owners(world: World) -> None:
    alone = House(world.house.container)
    for language in ("ar", "en"):
        page = alone.browser("77").page("/audit", language)
        assert page.unlabelled == []
    assert "does not answer now" in page.text
    assert "does not answer now" in alone.asked(alone.browser("77"), "/audit/verify").text
    alone.http.close()


def test_prices_go_back_to_a_time_as_shown_and_only_as_shown(world: World) -> None:
    viewer, browser = world.house.browser("77", Role.VIEWER), world.house.browser("77")
    assert "2 prices are put back" in viewer.page("/undo?scope=as_of&at=2026-11-24T12:35").text
    assert "Only the store's owner" in viewer.page("/undo?scope=as_of&at=2026-11-24T12:35").text
    assert browser.get("/undo?scope=as_of&at=2099-01-01T00:00").status_code == 422
    assert browser.get("/undo?scope=run&run=x").status_code == 422
    page = browser.page(f"/undo?scope=run&run={RUN.run_id}")
    assert "100.00" in page.text and page.unlabelled == []
    form = {
        str(given["name"]): str(given["value"])
        for tag, given in page.tags
        if tag == "input" and given.get("type") == "hidden" and given["name"] not in ("csrf", "scope")
    } | {"scope": "run"}
    approver = world.house.browser("77", Role.APPROVER)
    assert approver.post("/undo", form).status_code == 403
    stale = browser.post("/undo", form | {"digest": "0" * 64})
    assert stale.headers["location"] == "/undo"
    assert "nothing was done" in browser.page("/undo").text
    assert world.optimizer.views.decisions("77", None, 100, states=["decided"]) == []
    done = browser.post("/undo", form)
    assert done.status_code == 303
    followed = browser.page(done.headers["location"])
    assert "2 prices are being put back." in followed.text and "0 of 2 are settled" in followed.text
    assert browser.post("/undo", form).headers["location"] == done.headers["location"], "one form is one undo"
    for row in world.optimizer.views.decisions("77", None, 100, states=["decided"]):
        world.hearing.tell(
            told(onboarding.PriceApplied, "77", 20, run_id=row["run_id"], decision_id=row["decision_id"],
                 product_id=row["item_key"], old_base_price=9_700, base_price=10_000, shelf_price=10_000,
                 settled_by="answer")
        )  # fmt: skip
    assert "2 of 2 are settled" in browser.page(done.headers["location"]).text
    back = next(link for link in browser.page(done.headers["location"]).links if link.startswith("/undo?"))
    assert "2 prices are put back" in browser.page(back).text


def test_a_broken_chain_says_where_and_what_to_do(world: World) -> None:
    with psycopg.connect(world.admin_url, autocommit=True) as admin:
        admin.execute("UPDATE audit.ledger SET data = 'x' WHERE store_id = '77' AND seq = 2")
    browser = world.house.browser("77")
    for language, said in (("en", "The chain is broken"), ("ar", "السلسلة مكسورة")):
        address = browser.post("/audit/verify").headers["location"]
        world.house.ask_owners()
        assert said in browser.page(address, language).text
    page = browser.page(address).text
    assert "number 2" in page and "Stop the writing of prices" in page
