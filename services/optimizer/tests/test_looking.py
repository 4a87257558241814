"""Looks into sources, from the API to runs: what is told, what runs read, and what is never told twice."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.support.asking import Api

from thaman_contracts.events import onboarding
from thaman_contracts.events.listings import LookOutcome
from thaman_kit.jobs import JobQueue
from thaman_optimizer.domain.listings import Listing
from thaman_optimizer.listing_ports import Look, PageMemory
from thaman_optimizer.listings import LOOK_QUEUE

GTINS = ("6281000000014", "4006381333931", "5901234123457")
FEED = {"source_id": "feed", "kind": "feed", "url": "https://feeds.example/offers.csv", "competitor": "Rival"}
NO_MATCH = "0c4f7c2e-3c55-4c0e-9a0b-1f6f6a2f9b11"
SEARCH = {"source_id": "web", "kind": "search"}


def listed(number: int, gtin: str | None, title: str | None = None, competitor: str = "rival") -> Listing:
    name = title or f"عطر {number}"
    return Listing(competitor, f"https://{competitor}.example/p/{number}", name, gtin=gtin)


@pytest.fixture
def stocked(world: Any, item_of: Any) -> Any:
    """Store 1 with three products that have trade item numbers, and a feed that lists two of them."""
    world.connect(domain="https://oud.example", settings={"mode": "manual"})
    world.observe(*(item_of(str(n), gtin=gtin) for n, gtin in enumerate(GTINS, 1)))
    found = (
        replace(listed(1, GTINS[0]), digest="1f" * 32),
        listed(2, GTINS[1]),
        listed(9, None, "Garden hose 20 m"),
    )
    world.looker.looks["feed"] = Look(LookOutcome.READ, found, requests=1)
    return world


def links(world: Any, store_id: str = "1") -> dict[str, tuple[str, int, str | None]]:
    from thaman_optimizer.adapters.market_tables import MarketTables

    read = MarketTables(world.container.application.database).links(store_id)
    return {link.item_key: (link.url, link.confidence_bp, link.feed) for link in read}


def put(api: Api, *sources: dict[str, Any], store_id: str = "1") -> Any:
    return api.put(f"/stores/{store_id}/sources", json={"items": list(sources)})


def test_a_new_source_is_looked_into_and_what_is_certain_is_read_by_runs(api: Api, stocked: Any) -> None:
    assert put(api, FEED).json()["items"][0]["last_look"] is None
    assert stocked.look() == 1
    last = api.get("/stores/1/sources").json()["items"][0]["last_look"]
    assert (last["outcome"], last["listings"], last["matched"]) == ("read", 3, 2)
    matches = api.get("/stores/1/matches").json()["items"]
    assert {one["product_id"] for one in matches} == {"1", "2"}
    (event,) = stocked.events("sources.ListingsMatched")
    assert [one.get("digest") for one in event["state"]["matches"]] == ["1f" * 32, None]
    assert all(one["automatic"] and one["state"] == "found" and one["why_ar"] and one["name"] for one in matches)
    assert links(stocked) == {
        "1": ("https://rival.example/p/1", 9_800, FEED["url"]),
        "2": ("https://rival.example/p/2", 9_800, FEED["url"]),
    }


def test_runs_price_by_what_was_found(api: Api, stocked: Any) -> None:
    three = [listed(1, GTINS[0], competitor=name) for name in ("a", "b", "c")]
    stocked.looker.looks["feed"] = Look(LookOutcome.READ, tuple(three), requests=1)
    put(api, FEED)
    stocked.look()
    for one in three:
        stocked.pages.prices[one.url] = 9_700
    stocked.run()
    (proposal,) = [row for row in stocked.proposals() if row["item_key"] == "1"]
    assert proposal["document"]["reference"] == 9_700
    rejected = api.post("/stores/1/matches/reject", json={"kind": "exact"}).json()
    assert (len(rejected["match_ids"]), rejected["more"]) == (3, False)
    stocked.clock.advance(timedelta(hours=2))
    stocked.run()
    assert stocked.proposals(item_key="1")[0]["document"]["reason"] == "data_fitness/no_reference"


def test_a_title_counts_only_once_it_is_confirmed_and_no_more_once_it_is_rejected(api: Api, stocked: Any) -> None:
    stocked.looker.looks["web"] = Look(LookOutcome.READ, (listed(3, None),), searched=("3",))
    put(api, SEARCH)
    stocked.look()
    (match,) = api.get("/stores/1/matches", params={"kind": "exact"}).json()["items"]
    assert not match["automatic"]
    assert links(stocked) == {}
    confirmed = api.post(f"/stores/1/matches/{match['match_id']}/confirm").json()
    assert (confirmed["state"], confirmed["answered_by"] is not None) == ("confirmed", True)
    assert links(stocked) == {match["product_id"]: (match["url"], 10_000, None)}
    api.post(f"/stores/1/matches/{match['match_id']}/reject")
    assert links(stocked) == {}
    assert len(stocked.events("matches.Answered")) == 2


def test_a_rejected_match_stays_rejected_whatever_later_looks_find(api: Api, stocked: Any) -> None:
    put(api, FEED)
    stocked.look()
    ids = [one["match_id"] for one in api.get("/stores/1/matches").json()["items"]]
    assert api.post("/stores/1/matches/reject", json={"ids": ids}).json() == {"match_ids": sorted(ids), "more": False}
    again = tuple(listed(n, GTINS[n - 1], f"عطر {n} اصلي") for n in (1, 2))
    stocked.looker.looks["feed"] = Look(LookOutcome.READ, again)
    assert api.post("/stores/1/sources/feed/look").status_code == 202
    assert stocked.look() == 1
    assert {one["state"] for one in api.get("/stores/1/matches").json()["items"]} == {"rejected"}
    assert links(stocked) == {}


def test_a_confirmed_page_that_sells_something_else_now_waits_for_a_new_answer(api: Api, stocked: Any) -> None:
    put(api, FEED)
    stocked.look()
    api.post("/stores/1/matches/confirm", json={"kind": "exact", "source_id": "feed", "least_confidence_bp": 9_000})
    assert {url for url, bp, _ in links(stocked).values() if bp == 10_000} == {
        "https://rival.example/p/1",
        "https://rival.example/p/2",
    }
    other = Listing("rival", "https://rival.example/p/1", "Stapler", gtin="4012345123456")
    stocked.looker.looks["feed"] = Look(LookOutcome.READ, (other,))
    api.post("/stores/1/sources/feed/look")
    stocked.look()
    (changed,) = api.get("/stores/1/matches", params={"kind": "conflict"}).json()["items"]
    assert (changed["state"], changed["product_id"]) == ("found", "1")
    assert "1" not in links(stocked)


def test_what_a_removed_source_found_by_itself_counts_no_more(api: Api, stocked: Any) -> None:
    put(api, FEED)
    stocked.look()
    put(api)
    assert links(stocked) == {}
    put(api, FEED | {"active": False})
    assert links(stocked) == {}
    assert stocked.look() == 0
    assert api.post("/stores/1/sources/feed/look").json()["code"] == "source_refused"
    assert api.post("/stores/1/sources/other/look").json()["code"] == "not_found"


def test_a_link_of_the_merchant_goes_before_a_match_of_the_same_page(api: Api, stocked: Any) -> None:
    put(api, FEED)
    stocked.look()
    given = {"product_id": "1", "links": [{"competitor": "R", "url": "https://rival.example/p/1"}]}
    api.put("/stores/1/competitor-links", json={"items": [given]})
    assert links(stocked)["1"] == ("https://rival.example/p/1", 10_000, None)


def test_own_pages_bad_addresses_and_doubles_are_left_out_and_said(api: Api, stocked: Any) -> None:
    found = (
        Listing("me", "https://www.oud.example/p/1", "عطر 1", gtin=GTINS[0]),
        Listing("x", "ftp://rival.example/p/1", "عطر 1", gtin=GTINS[0]),
        listed(1, GTINS[0]),
        listed(1, GTINS[1]),
    )
    stocked.looker.looks["feed"] = Look(LookOutcome.READ, found, skipped=2, problems=("row 3: no address",))
    put(api, FEED)
    stocked.look()
    last = api.get("/stores/1/sources").json()["items"][0]["last_look"]
    assert (last["listings"], last["skipped"], last["matched"]) == (1, 3, 1)
    assert last["problems"][0] == "row 3: no address"
    assert "ftp://" in last["problems"][1]


def test_looks_come_daily_once_whoever_asks_and_not_for_stores_that_stand_still(api: Api, stocked: Any) -> None:
    put(api, FEED)
    stocked.look()
    looking = stocked.container.looking
    assert looking.enqueue_due() == 0
    stocked.clock.advance(timedelta(hours=25))
    assert (looking.enqueue_due(), looking.enqueue_due()) == (1, 1)
    assert stocked.look() == 1
    assert looking.enqueue_due() == 0
    stocked.clock.advance(timedelta(hours=25))
    stocked.tell(
        onboarding.StorePaused(
            store_id="1", occurred_at=stocked.clock.now(), fence=1, reason="merchant", paused_by="me"
        )
    )
    assert looking.enqueue_due() == 0
    assert api.post("/stores/1/sources/feed/look").json()["code"] == "store_not_priced"


def test_a_look_is_asked_for_once_with_one_key_and_told_once_by_two_workers(api: Api, stocked: Any) -> None:
    put(api, FEED)
    stocked.look()
    key = {"Idempotency-Key": "now"}
    first = api.post("/stores/1/sources/feed/look", headers=key).json()
    assert api.post("/stores/1/sources/feed/look", headers=key).json() == first
    (job,) = JobQueue(stocked.container.application.database).claim(LOOK_QUEUE, 10, 60)
    asyncio.run(stocked.container.looking.handle(job))
    before = len(stocked.events())
    asyncio.run(stocked.container.looking.handle(job))
    assert len(stocked.events()) == before


def test_pages_and_searches_are_remembered_for_the_next_look(api: Api, stocked: Any) -> None:
    page = PageMemory("https://rival.example/p/1", '"e"', None, listed(1, GTINS[0]), stocked.clock.now())
    empty = PageMemory("https://rival.example/about", None, "Mon", None, stocked.clock.now())
    stocked.looker.looks["web"] = Look(LookOutcome.READ, (), pages=(page, empty), searched=("1", "2"))
    put(api, SEARCH)
    stocked.look()
    api.post("/stores/1/sources/web/look")
    stocked.look()
    _, wanted, known = stocked.looker.asked[-1]
    assert [one.item_key for one in wanted] == ["3", "1", "2"]
    assert known == {page.url: page, empty.url: empty}
    put(api, FEED)
    database = stocked.container.application.database
    for table in ("source_pages", "searches"):
        assert database.fetch_all(f"SELECT 1 FROM {table}") == [], table


def test_a_page_that_only_looks_otherwise_is_no_news(api: Api, stocked: Any) -> None:
    put(api, FEED)
    stocked.look()
    found = stocked.looker.looks["feed"].listings
    stocked.looker.looks["feed"] = Look(LookOutcome.READ, tuple(replace(one, digest="2e" * 32) for one in found))
    api.post("/stores/1/sources/feed/look")
    stocked.look()
    assert [event["state"]["matched"] for event in stocked.events("sources.Looked")] == [2, 0]


def test_nothing_of_another_store_is_seen_or_answered(api: Api, stocked: Any, item_of: Any) -> None:
    stocked.connect("2")
    stocked.observe(item_of("1", gtin=GTINS[0], name="سر المتجر الثاني"), store_id="2")
    put(api, FEED)
    stocked.look()
    _, wanted, _ = stocked.looker.asked[-1]
    assert not any("سر" in one.title for one in wanted)
    assert links(stocked, "2") == {}
    (event,) = stocked.events("sources.ListingsMatched")
    assert event["state"]["store_id"] == "1"
    stocked.container.listings.set_sources("2", [], "key_2")
    match = api.get("/stores/1/matches").json()["items"][0]
    with pytest.raises(Exception, match="has no match"):
        stocked.container.listings.answer("2", [match["match_id"]], confirmed=True, by="key_2")
    assert api.post(f"/stores/2/matches/{match['match_id']}/confirm").status_code == 404


@pytest.mark.parametrize(
    ("sources", "code"),
    [
        ([FEED, FEED], "source_refused"),
        ([{"source_id": "f", "kind": "feed"}], "source_refused"),
        ([{"source_id": "s", "kind": "search", "url": "https://x.example"}], "source_refused"),
        ([FEED | {"url": "file:///etc/passwd"}], "link_refused"),
        ([FEED | {"source_id": "Nö"}], "invalid_request"),
        ([FEED | {"colour": "red"}], "invalid_request"),
    ],
)
def test_sources_that_cannot_be_looked_into_are_refused_and_change_nothing(
    api: Api, stocked: Any, sources: list[dict[str, Any]], code: str
) -> None:
    answer = put(api, *sources)
    assert answer.status_code == 422
    assert answer.json()["code"] == code
    assert stocked.events("sources.Changed") == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ids": [], "kind": None},
        {"kind": "none"},
        {"ids": [NO_MATCH], "kind": "exact"},
    ],
)
def test_a_bulk_answer_says_exactly_what_it_means(api: Api, body: dict[str, Any]) -> None:
    assert api.post("/stores/1/matches/confirm", json=body).status_code == 422


def test_an_answer_to_an_unknown_match_changes_nothing(api: Api, stocked: Any) -> None:
    put(api, FEED)
    stocked.look()
    known = api.get("/stores/1/matches").json()["items"][0]["match_id"]
    answer = api.post("/stores/1/matches/confirm", json={"ids": [known, NO_MATCH]})
    assert answer.json()["code"] == "not_found"
    assert api.get(f"/stores/1/matches/{known}").json()["state"] == "found"
