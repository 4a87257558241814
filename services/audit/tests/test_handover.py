"""Hand-over files from a real ledger: everything that became of a run, nothing of another, the same bytes each time."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema
import psycopg
import pytest

from thaman_audit.bootstrap import Container
from thaman_audit.errors import ForeignEntry, SharedRun, UnknownRun, UnreadableEntry
from thaman_audit.handover import files_of, latest_runs, owner_of
from thaman_audit.testing import Streams, made_again
from thaman_audit.testing_events import price_change
from thaman_audit.testing_runs import FullRun
from thaman_contracts.events import optimizer
from thaman_contracts.events.onboarding import WriteEvent
from thaman_contracts.handover import FILES, HandOver
from thaman_contracts.ids import run_id

STORE, OTHER = "77", "78"
RUN = FullRun(STORE)
STEP_1, STEP_2, STEP_3 = FILES
SCHEMAS = Path(__file__).parents[3] / "contracts/handover"


def texts(files: Mapping[str, HandOver]) -> dict[str, str]:
    return {name: made.model_dump_json(indent=2) for name, made in files.items()}


def told(container: Container, run: FullRun = RUN) -> dict[str, dict[str, Any]]:
    """The files as a reader finds them, each checked against its published JSON Schema and read by its model."""
    found = {
        name: json.loads(text) for name, text in texts(files_of(container.tables, run.store_id, run.run_id)).items()
    }
    for name, content in found.items():
        schema = json.loads((SCHEMAS / f"{name}.v1.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator(schema).validate(content)
        assert FILES[name].model_validate_json(json.dumps(content)).model_dump(mode="json") == content
    return found


def complete(files: Mapping[str, dict[str, Any]]) -> list[bool]:
    return [content["complete"] for content in files.values()]


def by_product(items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found = {item["product_id"]: item for item in items}
    assert len(found) == len(items)
    return found


def test_a_file_says_what_it_was_made_of(container: Container, streams: Streams) -> None:
    streams.deliver(*RUN.whole())
    entries = {entry.seq: entry for entry in container.tables.chain(STORE)}
    for content in told(container).values():
        assert (content["schema_version"], content["store_id"], content["complete"]) == (1, STORE, True)
        assert UUID(content["run_id"]) == RUN.run_id
        last = entries[content["ledger"]["last"]]
        assert content["ledger"]["last_hash"] == last.hash.hex()
        assert content["as_of"] == last.recorded_at.isoformat().replace("+00:00", "Z")
        frame = content["run"]
        assert (frame["status"], frame["trigger"], frame["items"]) == ("completed", "schedule", 7)
        assert None not in frame.values()


def test_what_the_scout_handed_over(container: Container, streams: Streams) -> None:
    streams.deliver(*RUN.whole())
    market = told(container)[STEP_1]
    offers = by_product(market["offers"])
    assert set(offers) == set("1234567")
    assert offers["1"]["url"] == RUN.page("1")
    assert offers["1"]["fitness"] == "usable"
    assert offers["1"]["confidence_bp"] == 10_000
    assert offers["1"]["evidence"]["sources"] == ["json_ld"]
    assert market["earlier_offers"] == []
    assert [link["url"] for link in market["links"]] == [RUN.page(product) for product in "1234567"]
    assert market["scouted"]["offers_usable"] == 7
    advised = market["assessed"]
    assert (advised["model"], advised["prompt_digest"]) == ("model", "prompt digest")
    assert {advised[name] for name in ("input_tokens", "output_tokens", "cost_micro_usd", "latency_ms")} == {3}


def test_what_the_analyst_made_of_each_item(container: Container, streams: Streams) -> None:
    streams.deliver(*RUN.whole())
    pricing = told(container)[STEP_2]
    proposals = by_product(pricing["proposals"])
    assert {product: one["outcome"]["state"] for product, one in proposals.items()} == {
        "1": "decided",
        "2": "decided",
        "3": "rejected",
        "4": "expired",
        "6": "decided",
        "7": "decided",
    }
    assert proposals["1"]["outcome"]["decided_by"] == "policy"
    assert proposals["1"]["outcome"]["approved_by"] is None
    approved = proposals["2"]["outcome"]
    assert (approved["approved_by"], approved["decided_by"]) == ("layla", "layla")
    assert approved["decision_id"] == str(RUN.decision("2"))
    assert (proposals["3"]["outcome"]["rejected_by"], proposals["3"]["outcome"]["reason"]) == ("omar", "too cheap")
    assert proposals["4"]["outcome"]["reason"] == "time"
    assert proposals["1"]["reason_ar"].startswith("السعر")
    asked_for = ("floor", "ceiling", "reference", "trail", "risk", "disposition", "expected_weekly_profit_change")
    asked_for += ("interval80_low", "interval80_high", "engine_version", "model_version", "policy_version")
    assert not [name for name in (*asked_for, "reason_en", "input_digest") if proposals["1"][name] in (None, "", [])]
    assert by_product(pricing["holds"])["5"]["reason"] == "floor/cost_unknown"


def test_what_came_of_each_decision(container: Container, streams: Streams) -> None:
    streams.deliver(*RUN.whole())
    report = told(container)[STEP_3]
    decisions = by_product(report["decisions"])
    states = {product: (one["state"], one["corrected"]) for product, one in decisions.items()}
    assert states == {"1": ("applied", False), "2": ("applied", True), "6": ("failed", False), "7": ("stale", False)}
    first, second = decisions["2"]["attempts"]
    assert (first["uncertain_reason"], second["uncertain_at"]) == ("no answer in time", None)
    assert decisions["2"]["read_back"]["settled_by"] == "read_back"
    assert decisions["2"]["settled_at"] == decisions["2"]["read_back"]["at"]
    assert decisions["6"]["failed"]["detail"] == "422"
    assert (decisions["7"]["stale"]["reason"], decisions["7"]["attempts"]) == ("manual_edit", [])
    assert {one["decision"]["decision_id"] for one in decisions.values()} == {
        one["decision_id"] for one in decisions.values()
    }
    assert report["statistics"]["analysed"] == 3
    assert report["failure"] is None


def test_offers_of_earlier_runs_that_counted_are_there(container: Container, streams: Streams) -> None:
    streams.deliver(*RUN.whole())
    again = FullRun(STORE, "r2", hours=5)
    # 1 is read anew, the link of 7 was taken away, and the five others count as they were.
    no_more = again.links("7").items[0].model_copy(update={"links": ()})
    streams.deliver(again.event(optimizer.CompetitorLinksChanged, again.began - again.began, items=(no_more,)))
    streams.deliver(again.asked(), *again.scouting("1", known=5), *again.analysis())
    # What is read later, or linked later, was not known.
    third = FullRun(STORE, "r3", hours=6)
    streams.deliver(third.links("1", "7"), third.asked(), *third.scouting("2"))
    market = told(container, again)[STEP_1]
    assert set(by_product(market["offers"])) == {"1"}
    earlier = by_product(market["earlier_offers"])
    assert set(earlier) == set("23456")
    assert {one["run_id"] for one in earlier.values()} == {str(RUN.run_id)}
    assert "7" not in by_product(market["links"])
    assert market["ledger"]["first"] < told(container, again)[STEP_2]["ledger"]["first"]
    # Until the run has judged its items nobody can say which offers counted.
    assert told(container, third)[STEP_1]["earlier_offers"] is None


def test_a_usable_offer_outlives_pages_that_do_not_answer(container: Container, streams: Streams) -> None:
    fit = optimizer.OfferFitness
    streams.deliver(RUN.links(*"1234"), *(RUN.reading(product, fit.USABLE) for product in "123"))
    later = FullRun(STORE, "r2", hours=1)
    streams.deliver(
        later.reading("1", fit.UNREACHABLE), later.reading("2", fit.NO_PRICE), later.reading("4", fit.REFUSED)
    )
    again = FullRun(STORE, "r3", hours=2)
    streams.deliver(again.reading("2", fit.REFUSED))
    last = FullRun(STORE, "r4", hours=3)
    started, *rest = last.scouting()
    streams.deliver(last.asked(), started, last.reading("3", fit.UNREACHABLE), *rest, *last.analysis())
    market = told(container, last)[STEP_1]
    assert by_product(market["offers"])["3"]["fitness"] == "unreachable"
    earlier = {
        product: (one["fitness"], one["run_id"]) for product, one in by_product(market["earlier_offers"]).items()
    }
    assert earlier == {
        "1": ("usable", str(RUN.run_id)),
        "2": ("refused", str(again.run_id)),
        "3": ("usable", str(RUN.run_id)),
        "4": ("refused", str(later.run_id)),
    }
    much_later = FullRun(STORE, "r5", hours=24 * 15)
    streams.deliver(much_later.asked(), *much_later.scouting(), *much_later.analysis())
    assert told(container, much_later)[STEP_1]["earlier_offers"] == []


def test_stores_do_not_mix(container: Container, streams: Streams) -> None:
    other = FullRun(OTHER)
    mine = RUN.whole()
    for pair in zip(mine, other.whole(), strict=True):
        streams.deliver(*pair)
    # Another run of the same store, whose rejection names this one in a person's words.
    again = FullRun(STORE, "r2", hours=5)
    words = f'like "run_id":"{RUN.run_id}"'
    before = texts(files_of(container.tables, STORE, RUN.run_id))
    streams.deliver(*again.whole(), again.item(optimizer.PriceRejected, "9", rejected_by="omar", reason=words))
    assert texts(files_of(container.tables, STORE, RUN.run_id)) == before
    assert owner_of(container.tables, RUN.run_id) == STORE
    assert owner_of(container.tables, other.run_id) == OTHER
    for run, stranger in ((RUN, other), (other, RUN)):
        told(container, run)
        for text in texts(files_of(container.tables, run.store_id, run.run_id)).values():
            strange = (stranger.store_id, str(stranger.run_id), f"/{stranger.store_id}/")
            assert not [word for word in (f'"{strange[0]}"', *strange[1:]) if word in text]
            assert str(again.run_id) not in text
    with pytest.raises(UnknownRun):
        files_of(container.tables, OTHER, RUN.run_id)


def test_the_same_run_gives_the_same_bytes_whatever_comes_after_it(container: Container, streams: Streams) -> None:
    streams.deliver(*RUN.whole())
    before = texts(files_of(container.tables, STORE, RUN.run_id))
    assert texts(files_of(container.tables, STORE, RUN.run_id)) == before
    streams.deliver(*FullRun(STORE, "r2", hours=5).whole(), *FullRun(OTHER).whole())
    made_again(container)
    assert texts(files_of(container.tables, STORE, RUN.run_id)) == before


def test_what_is_under_way_is_not_complete(container: Container, streams: Streams) -> None:
    approved = [event for event in RUN.writes() if isinstance(event, WriteEvent) and event.product_id == "2"]
    steps = [
        ([RUN.asked()], "requested", [False, False, False]),
        (RUN.scouting("1"), "started", [False, False, False]),
        (RUN.analysis(), "completed", [True, False, False]),
        # All that is decided is settled, but people may still say yes to more.
        ([event for event in RUN.writes() if event not in approved], "completed", [True, False, False]),
        (RUN.answers(), "completed", [True, True, False]),
        (approved[:2], "completed", [True, True, False]),
        (approved[2:], "completed", [True, True, True]),
    ]
    for events, status, expected in steps:
        streams.deliver(*events)
        files = told(container)
        assert files[STEP_1]["run"]["status"] == status
        assert complete(files) == expected, status
        uncertain = [one for one in files[STEP_3]["decisions"] if one["state"] == "uncertain"]
        assert [one["corrected"] for one in uncertain] == ([False] if events == approved[:2] else [])


def test_a_stream_may_be_behind_the_others(container: Container, streams: Streams) -> None:
    """Onboarding's events reach the ledger first, the scheduler's last: nothing is left out, and nothing is claimed."""
    streams.deliver(*RUN.writes())
    with pytest.raises(UnknownRun):
        owner_of(container.tables, RUN.run_id)
    streams.deliver(RUN.asked())
    early = by_product(told(container)[STEP_3]["decisions"])
    assert early["1"]["decision"] is None
    assert early["1"]["state"] == "applied"
    assert not told(container)[STEP_3]["complete"]


def test_a_request_that_comes_last_completes_the_files(container: Container, streams: Streams) -> None:
    streams.deliver(*RUN.writes(), *RUN.scouting("1"), *RUN.analysis(), *RUN.answers())
    assert complete(told(container)) == [False, False, False]
    streams.deliver(RUN.asked())
    assert complete(told(container)) == [True, True, True]
    assert {one["state"] for one in told(container)[STEP_3]["decisions"]} == {"applied", "failed", "stale"}


def test_a_failed_run_says_why(container: Container, streams: Streams) -> None:
    failed = RUN.event(optimizer.OptimizationFailed, RUN.began - RUN.began, stage="scout", reason="not connected here")
    streams.deliver(RUN.asked(), failed)
    files = told(container)
    assert complete(files) == [True, True, True]
    assert files[STEP_3]["failure"] == {"stage": "scout", "reason": "not connected here"}
    assert files[STEP_3]["statistics"] is None
    assert files[STEP_1]["scouted"] is None
    assert files[STEP_1]["links"] is None


def test_a_run_that_nobody_knows(container: Container, streams: Streams) -> None:
    streams.deliver(*price_change(STORE, "1", 10_000, 9_900))
    with pytest.raises(UnknownRun):
        owner_of(container.tables, run_id(STORE, "never"))


def test_the_latest_runs_come_first(container: Container, streams: Streams) -> None:
    other = FullRun(OTHER, hours=1)
    streams.deliver(*RUN.whole(), other.asked())
    found = [(store, run.run_id, run.status) for store, run in latest_runs(container.tables, None, 10)]
    assert found == [(OTHER, other.run_id, "requested"), (STORE, RUN.run_id, "completed")]
    assert [store for store, _ in latest_runs(container.tables, STORE, 10)] == [STORE]
    assert len(latest_runs(container.tables, None, 1)) == 1


SPOILED = {
    "UPDATE audit.ledger SET data = convert_to(replace(convert_from(data, 'UTF8'), '\"store_id\":\"77\"',"
    " '\"store_id\":\"78\"'), 'UTF8') WHERE type LIKE '%.PriceHeld.%'": (ForeignEntry, "speaks of store '78'"),
    "UPDATE audit.ledger SET data = convert_to(replace(convert_from(data, 'UTF8'), '\"trail\"', '\"tail\"'), 'UTF8')"
    " WHERE type LIKE '%.PriceHeld.%'": (UnreadableEntry, "is no thaman.optimizer.PriceHeld.v1"),
}


@pytest.mark.parametrize("statement", SPOILED)
def test_a_spoiled_ledger_is_not_handed_over(
    container: Container, streams: Streams, admin_url: str, statement: str
) -> None:
    streams.deliver(*RUN.whole())
    with psycopg.connect(admin_url, autocommit=True) as admin:
        assert admin.execute(statement.encode()).rowcount == 1
    error, words = SPOILED[statement]
    with pytest.raises(error, match=words):
        files_of(container.tables, STORE, RUN.run_id)


def test_a_run_that_two_stores_claim_is_nobodys(container: Container, streams: Streams) -> None:
    thief = RUN.asked().model_copy(update={"store_id": OTHER})
    streams.deliver(*RUN.whole(), thief)
    with pytest.raises(SharedRun, match="'77', '78'"):
        owner_of(container.tables, RUN.run_id)
