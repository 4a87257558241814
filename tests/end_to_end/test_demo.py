"""``thaman demo`` as a newcomer meets it: it ends by itself, says what happened, and the world is in order."""

import json
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from tests.support.commands import Thaman, last_object
from tests.support.live_rows import REBUILT, in_order, live_rows
from tests.support.replaying import recorded

from thaman_contracts.handover import (
    FILES,
    DecisionReport,
    ExecutionReport,
    MarketIntelligence,
    PricingDecision,
    Proposal,
    WriteState,
)
from thaman_kit.embedded import EmbeddedPostgres
from thaman_kit.testing import wait_until
from thaman_kit.testing_given import DATABASE_URL

pytestmark = pytest.mark.timeout(300)
TAKEN = (8101, 8103, 8090, 15_432, 14_222)
"""Preferred ports that something else uses already."""

PROMISED = (
    "store_id",
    "name",
    "mode",
    "onboarded_via",
    "products",
    "proposed",
    "decided",
    "applied",
    "asked",
    "held",
    "failed",
    "uncertain",
    "advice",
)


@pytest.fixture(scope="module")
def thaman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Thaman]:
    made = Thaman(tmp_path_factory.mktemp("demo") / "home")
    yield made
    made.close()


@pytest.fixture(scope="module")
def taken_ports() -> Iterator[None]:
    with ExitStack() as held:
        for port in TAKEN:
            other = held.enter_context(socket.socket())
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):  # taken already, by another demo perhaps, which is what is wanted
                other.bind(("127.0.0.1", port))
                other.listen()
        yield


@pytest.fixture(scope="module")
def first(thaman: Thaman, taken_ports: None) -> dict[str, Any]:
    done = thaman.run("demo", "--once", "--json")
    assert done.returncode == 0, done.stderr[-4_000:]
    assert len(done.stdout.splitlines()) == 1
    return last_object(done.stdout)


def stores_by_mode(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {store["mode"]: store for store in result["stores"]}


def test_the_object_has_exactly_the_promised_shape(first: dict[str, Any]) -> None:
    assert set(first) == {"stores", "events", "salla_calls", "salla_calls_minimum", "world", "seconds"}
    assert set(first["world"]) == {"ok", "violations"}
    for store in first["stores"]:
        assert tuple(store) == PROMISED


def test_agents_advise_on_one_store(first: dict[str, Any]) -> None:
    advice = {mode: store["advice"] for mode, store in stores_by_mode(first).items()}
    assert advice == {"manual": None, "semi_auto": None, "full_auto": "ok"}


def test_three_stores_came_in_three_ways(first: dict[str, Any]) -> None:
    ways = {(store["mode"], store["onboarded_via"]) for store in first["stores"]}
    assert ways == {("manual", "callback"), ("semi_auto", "webhook"), ("full_auto", "salla")}


def test_modes_do_what_they_say(first: dict[str, Any]) -> None:
    by_mode = stores_by_mode(first)
    assert by_mode["manual"]["asked"] == by_mode["manual"]["proposed"] > 0
    assert by_mode["manual"]["decided"] == by_mode["manual"]["applied"] == 0
    assert by_mode["full_auto"]["applied"] > 0
    for store in first["stores"]:
        assert store["proposed"] + store["held"] >= store["products"] * 0.9
        assert store["decided"] == store["proposed"] - store["asked"]
        assert (store["failed"], store["uncertain"]) == (0, 0)


def test_the_world_is_in_order(first: dict[str, Any]) -> None:
    assert first["world"] == {"ok": True, "violations": []}
    assert first["events"] > 0
    assert 0 < first["salla_calls_minimum"] <= first["salla_calls"]


def test_nothing_is_left_behind(first: dict[str, Any], thaman: Thaman) -> None:
    assert first
    assert thaman.left_behind() == []


def test_every_decision_is_recomputed_from_its_record(first: dict[str, Any], thaman: Thaman, tmp_path: Path) -> None:
    """In new processes, in another order, and without the processor's newer instructions."""
    runs = kept_runs(thaman)
    assert len(runs) == 3
    assert len(offers_of_feeds(runs)) >= 5, "offers of listings that were found in a feed"
    priced = [answer for events in runs for answer in recorded(events).values() if answer[3] is not None]
    assert len(priced) > 20, "prices of the demand model, with what it expects of them"
    older = Thaman(thaman.home)
    older.env["NPY_DISABLE_CPU_FEATURES"] = "X86_V4"
    with EmbeddedPostgres(thaman.home / "data" / "postgres") as server:
        for reader in (Thaman(thaman.home), older):
            reader.env[DATABASE_URL] = server.url
            for store in first["stores"]:
                done = reader.run("replay", "--store", store["store_id"], "--recompute", "--json")
                assert done.returncode == 0, done.stderr[-4_000:]
                found = last_object(done.stdout)
                assert found["runs"] == 1
                assert found["recomputed"] == found["equal"] == store["proposed"] + store["held"] > 17
                assert (found["different"], found["not_recomputed"]) == (0, 0)
        check_a_changed_price_is_named(reader, server.url, store["store_id"])
        check_history_under_a_policy(reader, store["store_id"], tmp_path)


def check_history_under_a_policy(reader: Thaman, store_id: str, folder: Path) -> None:
    """One that changes nothing makes no difference; one that holds every price differs in each that moved."""
    found = {}
    for title, rules in (("لا تغيير", {}), ("تثبيت", {"strategy": "hold"})):
        file = folder / "policy.json"
        file.write_text(json.dumps({"title": title} | rules), encoding="utf-8")
        found[title] = reader.json("replay", "--store", store_id, "--counterfactual", str(file))
    same, held = found["لا تغيير"], found["تثبيت"]
    assert (same["different"], same["not_reproduced"]) == (0, 0)
    assert same["recorded"] == same["under_policy"] == held["recorded"]
    assert held["under_policy"]["held"] == held["decisions"] == same["decisions"] > 17
    assert held["different"] == same["decisions"] - same["recorded"]["held"] > 0
    assert "نموذج الطلب" in held["note_ar"] and "demand model" in held["note_en"]


def check_a_changed_price_is_named(reader: Thaman, url: str, store_id: str) -> None:
    """A halala more in one recorded proposal is found, and said with exit code 1; afterwards all is as it was."""
    find = (
        "SELECT notification_id, state, said FROM optimizer.optimizer_events,"
        " LATERAL (SELECT convert_from(state, 'UTF8')::jsonb AS said) AS told"
        " WHERE topic = 'proposal.Proposed' AND said ->> 'store_id' = %s ORDER BY notification_id LIMIT 1"
    )
    put = "UPDATE optimizer.optimizer_events SET state = %s WHERE notification_id = %s"
    with psycopg.connect(url, autocommit=True) as admin:
        row = admin.execute(find, (store_id,)).fetchone()
        assert row is not None
        place, state, told = row
        changed = told | {"new_shelf_price": told["new_shelf_price"] + 1}
        admin.execute(put, (json.dumps(changed, ensure_ascii=False).encode(), place))
        try:
            done = reader.run("replay", "--store", store_id, "--recompute", "--json")
        finally:
            admin.execute(put, (state, place))
    found = last_object(done.stdout)
    assert (done.returncode, found["different"], found["equal"]) == (1, 1, found["recomputed"] - 1)
    (different,) = found["differences"]
    assert (different["run_id"], different["item"].split("/")[0]) == (told["run_id"], told["product_id"])
    assert different["fields"] == {
        "new_shelf_price": {"recorded": told["new_shelf_price"] + 1, "now": told["new_shelf_price"]}
    }


def offers_of_feeds(runs: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Usable offers that came from a feed and not from a page."""
    observed = [one["state"]["offers"] for events in runs for one in events if one["topic"] == "run.OffersObserved"]
    usable = [offer for offers in observed for offer in offers if offer["fitness"] == "usable"]
    return [offer for offer in usable if (offer["evidence"] or {}).get("sources") == ["feed"]]


def kept_runs(thaman: Thaman) -> list[list[dict[str, Any]]]:
    """The optimizer's events of each run in the data that the demo left."""
    with EmbeddedPostgres(thaman.home / "data" / "postgres") as server, psycopg.connect(server.url) as connection:
        rows = connection.execute(
            "SELECT topic, convert_from(state, 'UTF8')::jsonb AS state FROM optimizer.optimizer_events"
            " WHERE convert_from(state, 'UTF8')::jsonb ? 'run_id' ORDER BY notification_id"
        ).fetchall()
    runs: dict[str, list[dict[str, Any]]] = {}
    for topic, state in rows:
        runs.setdefault(state["run_id"], []).append({"topic": topic, "state": state})
    return list(runs.values())


def test_the_runs_are_handed_over_as_files(first: dict[str, Any], thaman: Thaman, tmp_path: Path) -> None:
    """On the data that the demo left, from the ledger alone; each file says what the demo had said of its store."""
    stores = {store["store_id"]: store for store in first["stores"]}
    reader = Thaman(thaman.home)
    with EmbeddedPostgres(thaman.home / "data" / "postgres") as server:
        reader.env[DATABASE_URL] = server.url
        runs = {run["store_id"]: run["run_id"] for run in reader.json("export", "list")["runs"]}
        assert set(runs) == set(stores)
        again = stores_by_mode(first)["full_auto"]["store_id"]
        for folder, run_id in (*(("one", run_id) for run_id in runs.values()), ("two", runs[again])):
            done = reader.run("export", "run", run_id, "--dir", str(tmp_path / folder), "--json")
            assert done.returncode == 0, done.stderr[-4_000:]
    for store_id, store in stores.items():
        market, pricing, report = read_handed_over(tmp_path / "one" / store_id)
        assert {made.run_id for made in (market, pricing, report)} == {UUID(runs[store_id])}
        assert market.scouted is not None
        known = len(market.offers) + len(market.earlier_offers or ())
        assert known == market.scouted.offers_usable + market.scouted.offers_unusable > 0
        assert (market.assessed.outcome if market.assessed else None) == store["advice"]
        assert (len(pricing.proposals), len(pricing.holds)) == (store["proposed"], store["held"])
        assert [one.state for one in report.decisions].count(WriteState.APPLIED) == store["applied"]
        # What waits for a person may still become a decision.
        assert market.complete
        assert pricing.complete is report.complete is (store["asked"] == 0)
    twice = [path.relative_to(tmp_path / "two") for path in (tmp_path / "two").rglob("*.json")]
    assert len(twice) == len(FILES)
    for path in twice:
        assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes()


@pytest.mark.faults
def test_each_store_is_made_again_from_its_ledger(first: dict[str, Any], thaman: Thaman) -> None:
    """On the data that the demo left: in an empty database, from published events alone, row by row what is live."""
    reader = Thaman(thaman.home)
    with EmbeddedPostgres(thaman.home / "data" / "postgres") as server, psycopg.connect(server.url) as live:
        reader.env[DATABASE_URL] = server.url
        for store in first["stores"]:
            made = reader.json("replay", "--store", store["store_id"])
            assert {service: set(tables) for service, tables in made["read_models"].items()} == {
                service: set(tables) for service, tables in REBUILT.items()
            }
            for service, tables in REBUILT.items():
                for table in tables:
                    rows = in_order(made["read_models"][service][table])
                    assert rows == live_rows(live, service, table, store["store_id"]), f"{service}.{table}"
            assert made["state"]["decided"]["by_state"].get("applied", 0) == store["applied"]
            assert len(made["state"]["waiting"]) == store["asked"]
        written = stores_by_mode(first)["full_auto"]
        check_before_the_first_write(reader, live, written["store_id"], written["applied"])
        assert not [name for name in server.databases() if name.startswith("thaman_scratch")]


def check_before_the_first_write(reader: Thaman, live: psycopg.Connection, store_id: str, applied: int) -> None:
    """A moment before anything was written, all is decided or yet to be, and every price is the old one."""
    first_write = live.execute(
        "SELECT min(occurred_at) FROM audit.ledger WHERE store_id = %s AND type LIKE '%%.PriceWriteStarted.%%'",
        (store_id,),
    ).fetchone()
    assert first_write is not None
    at = first_write[0] - timedelta(microseconds=1)
    then, now = (reader.json("replay", "--store", store_id, *extra) for extra in (("--at", at.isoformat()), ()))
    assert set(then["state"]["decided"]["by_state"]) <= {"decided"}
    assert then["entries"] < now["entries"]
    before = {row["item_key"]: row["base_price"] for row in then["state"]["items"]}
    moved = [row for row in now["read_models"]["optimizer"]["decisions"] if row["state"] == "applied"]
    assert len(moved) == applied > 0
    assert all(before[row["item_key"]] == row["old_base_price"] != row["base_price"] for row in moved)


def read_handed_over(folder: Path) -> tuple[MarketIntelligence, PricingDecision, ExecutionReport]:
    """A store's three files, which are all that is in its folder."""
    assert {path.stem for path in folder.iterdir()} == set(FILES)
    market, pricing, report = ((folder / f"{name}.json").read_bytes() for name in FILES)
    return (
        MarketIntelligence.model_validate_json(market),
        PricingDecision.model_validate_json(pricing),
        ExecutionReport.model_validate_json(report),
    )


def test_each_written_price_says_why(first: dict[str, Any], thaman: Thaman, tmp_path: Path) -> None:
    """On the data that the demo left: what was written names its causes, what was not is from before Thaman."""
    stores = {mode: store["store_id"] for mode, store in stores_by_mode(first).items()}
    reader = Thaman(thaman.home)
    with EmbeddedPostgres(thaman.home / "data" / "postgres") as server:
        reader.env[DATABASE_URL] = server.url

        def files(mode: str) -> tuple[MarketIntelligence, PricingDecision, ExecutionReport]:
            (run,) = reader.json("export", "list", "--store", stores[mode])["runs"]
            done = reader.run("export", "run", run["run_id"], "--dir", str(tmp_path))
            assert done.returncode == 0, done.stderr[-4_000:]
            return read_handed_over(tmp_path / stores[mode])

        def why(mode: str, one: DecisionReport | Proposal) -> dict[str, Any]:
            variant = [] if one.variant_id is None else ["--variant", one.variant_id]
            return reader.json("why", stores[mode], one.product_id, *variant)

        decisions = [one for one in files("full_auto")[2].decisions if one.read_back][:4]
        written = [why("full_auto", one) for one in decisions]
        waiting = why("manual", files("manual")[1].proposals[0])
    assert len(written) >= 3
    for decision, told in zip(decisions, written, strict=True):
        assert decision.read_back is not None
        assert (told["price"]["how"], told["price"]["who"]) == ("decision", "policy")
        assert told["price"]["base_price"] == decision.read_back.base_price
        cause = told["cause"]
        assert cause["write"] == json.loads(decision.model_dump_json())
        assert cause["advice"]["outcome"] == "ok"
        assert told["seen"]["base_price"] == cause["proposal"]["old_base_price"]
        usable = [offer for offer in cause["offers"] if offer["fitness"] == "usable"]
        assert len(usable) >= cause["proposal"]["offers_used"]
        assert len(told["told_ar"]) == len(told["told_en"]) > 10
    assert any(told["cause"]["offers"] for told in written)
    assert (waiting["price"]["how"], waiting["cause"], waiting["open"]) == ("first_seen", None, [])


@pytest.mark.faults
def test_a_second_run_on_the_kept_data_works_and_lets_merchants_in(first: dict[str, Any], thaman: Thaman) -> None:
    process = thaman.start("demo", "--json")
    said = thaman.home.with_suffix(".out")

    def stays_up() -> bool:
        assert process.poll() is None, said.read_text()[-4_000:]
        return "stays up" in said.read_text()

    wait_until(stays_up, 200, "the end of the second run")
    lines = said.read_text().splitlines()
    second = last_object(next(line for line in lines if line.startswith("{")))
    links = {name: url for url, _, name in (line.strip().partition("  ") for line in lines if "/sign-in/" in line)}
    assert list(links) == [store["name"] for store in second["stores"]]
    for store in second["stores"]:
        let_in(links[store["name"]], store["store_id"])
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert thaman.left_behind() == []
    assert [store["store_id"] for store in second["stores"]] == [store["store_id"] for store in first["stores"]]
    assert second["events"] > first["events"]
    assert second["world"]["ok"]


def let_in(link: str, store_id: str) -> None:
    """A merchant's browser opens the link, is in the store, stops it and lets it go on; the link is spent."""
    address, _, _ = link.partition("/sign-in/")
    with httpx.Client(trust_env=False, follow_redirects=True) as browser:
        assert store_id in browser.get(link).text, "a store's own name is in no event"
        inside = browser.post(link, headers={"Origin": address})
        assert (inside.status_code, str(inside.url)) == (200, f"{address}/")
        assert store_id in inside.text
        assert browser.get(link).status_code == 404
        for deed, then in (("/pause", "/resume"), ("/resume", "/pause")):
            token = re.search(r'name="csrf" value="([^"]+)"', inside.text)
            assert token is not None
            told = browser.post(f"{address}{deed}", data={"csrf": token[1]}, headers={"Origin": address})
            assert told.status_code == 200
            wait_until(lambda: f'action="{then}"' in browser.get(f"{address}/").text, 30, f"{deed} is on the page")  # noqa: B023


@pytest.mark.faults
def test_fresh_forgets_everything(first: dict[str, Any], thaman: Thaman) -> None:
    done = thaman.run("demo", "--once", "--json", "--fresh")
    assert done.returncode == 0, done.stderr[-4_000:]
    fresh = last_object(done.stdout)
    assert stores_by_mode(fresh)["full_auto"]["applied"] == stores_by_mode(first)["full_auto"]["applied"]
    assert fresh["salla_calls_minimum"] == first["salla_calls_minimum"]
    assert thaman.left_behind() == []


def test_logs_hold_no_secret(first: dict[str, Any], thaman: Thaman) -> None:
    assert first
    secrets = [word for word in (thaman.home / "state.json").read_text().split('"') if len(word) >= 32]
    assert len(secrets) >= 8
    for log in Path(thaman.home / "logs").iterdir():
        text = log.read_text()
        assert not [secret for secret in secrets if secret in text], log.name
        assert "ory_at_" not in text
        assert "ory_rt_" not in text
