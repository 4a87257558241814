"""``thaman replay --at``: what it makes of a ledger, and what it says of questions without an answer."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from thaman_audit.bootstrap import build
from thaman_audit.testing import NOW, Streams, settings_for
from thaman_audit.testing_events import authorized, observed, price_change
from thaman_cli.main import main
from thaman_cli.replaying import bulk, chain
from thaman_contracts.events import EventData, licences, onboarding
from thaman_contracts.events.settings import AutomationMode, ItemRule, StoreSettings, SystemSettings
from thaman_contracts.ids import SYSTEM, store_uuid
from thaman_kit.application import EventSourcedApplication
from thaman_kit.migrate import migrate
from thaman_onboarding.domain.events import StorePaused

AGO = timedelta(days=365)
"""How long before the moment of other tests all this happened, because the command knows what time it is."""
BEGAN = NOW - AGO

Captured = pytest.CaptureFixture[str]


def life() -> Iterator[EventData]:
    """A store's first two hours: a price is written, it is paused, resumed, its subscription ends, it goes."""
    yield authorized("77", settings=StoreSettings(mode=AutomationMode.SEMI_AUTO), prices_include_vat=True)
    yield observed("77", ("1", 10_000), ("2", 5_000))
    yield from price_change("77", "1", 10_000, 9_900)

    def told(kind: type[EventData], minutes: int, **fields: Any) -> EventData:
        return kind(store_id=fields.pop("store", "77"), occurred_at=NOW + timedelta(minutes=minutes), **fields)

    yield told(onboarding.StorePaused, 20, fence=1, reason="عيد الفطر", paused_by="key_1")
    rule = ItemRule(product_id="2", min_price=4_000)
    yield told(onboarding.ItemRulesChanged, 25, rules=(rule,), changed_by="key_1")
    days = {"starts_on": NOW.date(), "ends_on": NOW.date()}
    licence = licences.DiscountLicence(number="7", authority="وزارة التجارة", **days)
    yield told(licences.LicenceRecorded, 27, licence_id=store_uuid("77"), licence=licence, recorded_by="key_1")
    yield told(onboarding.StoreResumed, 30, fence=1, resumed_by="key_1")
    yield told(onboarding.EntitlementChanged, 40, status="active", ends_on=NOW.date() - AGO)
    stop = SystemSettings(stopped=True)
    yield told(
        onboarding.SystemSettingsChanged,
        50,
        store=SYSTEM,
        settings_version=1,
        settings=stop,
        system_fence=1,
        changed_by="operator",
    )
    yield told(onboarding.CatalogItemsRemoved, 55, keys=("2",))
    yield told(onboarding.StoreUninstalled, 60, fence=2)
    yield observed("78", ("1", 700))


def long_ago(event: EventData) -> EventData:
    """The same event, a year earlier."""
    return event.model_copy(update={"occurred_at": event.occurred_at - AGO})


@pytest.fixture
def database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    migrate(database_url, ["audit"])
    monkeypatch.setenv("THAMAN_DATABASE_URL", database_url)
    container = build(settings_for(database_url))
    Streams(container).deliver(*map(long_ago, life()))
    container.close()
    yield database_url


def ask(capsys: Captured, *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["replay", *arguments])
    assert isinstance(caught.value.code, int)
    out, err = capsys.readouterr()
    return caught.value.code, out, err


def ask_json(capsys: Captured, *arguments: str) -> tuple[int, dict[str, Any]]:
    code, out, _ = ask(capsys, *arguments, "--json")
    assert len(out.splitlines()) == 1
    return code, json.loads(out)


def at(minutes: int) -> tuple[str, ...]:
    return ("--store", "77", "--at", (BEGAN + timedelta(minutes=minutes)).isoformat())


def test_a_store_is_what_it_was_at_each_instant(database: str, capsys: Captured) -> None:
    def state(minutes: int) -> dict[str, Any]:
        code, told = ask_json(capsys, *at(minutes))
        assert code == 0
        found: dict[str, Any] = told["state"]
        return found

    seen = state(1)
    assert (seen["store"]["connected"], seen["store"]["settings"]["mode"]) == (True, "semi_auto")
    assert [(item["item_key"], item["shelf_price"]) for item in seen["items"]] == [("1", 10_000), ("2", 5_000)]
    assert (seen["decided"]["by_state"], seen["schedule"]["asked_for"]) == ({}, True)
    written, paused = state(10), state(25)
    assert [item["shelf_price"] for item in written["items"]] == [9_900, 5_000]
    assert (written["decided"], written["runs"]) == ({"by_state": {"applied": 1}, "open": []}, {"completed": 1})
    assert (written["store"]["paused"], paused["store"]["paused"]) == (False, True)
    assert (paused["store"]["pause_reason"], paused["store"]["fence"]) == ("عيد الفطر", 1)
    assert paused["schedule"]["reasons"] == ["paused"]
    stopped, gone = state(50), state(60)
    assert stopped["store"]["entitlement"] == {"status": "active", "ends_on": "2025-11-24", "covers_the_day": True}
    assert (paused["store"]["everywhere_stopped"], stopped["store"]["everywhere_stopped"]) == (False, True)
    assert stopped["schedule"]["reasons"] == ["stopped"]
    assert len(stopped["items"]) == 2
    assert [item["item_key"] for item in gone["items"] if item["status"] != "deleted"] == ["1"]
    assert gone["store"]["installed"] is False
    with psycopg.connect(database) as connection:
        left = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'thaman_scratch%'").fetchall()
    assert left == []


@pytest.mark.usefixtures("database")
def test_nothing_of_another_store_is_made(capsys: Captured) -> None:
    code, told = ask_json(capsys, "--store", "78")
    assert (code, told["entries"], told["state"]["store"]) == (0, 1, None)
    rows = [row for tables in told["read_models"].values() for table in tables.values() for row in table]
    assert {row["store_id"] for row in rows if "store_id" in row} == {"78"}
    assert {one["service"] for one in told["not_rebuilt"]} >= {"onboarding", "scheduler", "optimizer"}


@pytest.mark.usefixtures("database")
def test_people_read_a_summary(capsys: Captured) -> None:
    code, out, err = ask(capsys, *at(25))
    assert (code, err) == (0, "")
    assert "paused (\u2068عيد الفطر\u2069)" in out
    assert "99.00 on the shelf" in out
    assert "decided prices: 1 applied" in out


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--store", "79"), "no entry of store 79"),
        (("--store", "system"), "no entry of store system"),
        (at(-1), "Nothing is on record"),
        (("--store", "77", "--at", "2999-01-01"), "has not come yet"),
        (("--store", "77", "--at", "soon"), "is not an instant"),
    ],
)
def test_questions_without_an_answer(capsys: Captured, arguments: tuple[str, ...], words: str) -> None:
    code, told = ask_json(capsys, *arguments)
    assert code == told["exit_code"] == 2
    assert words in told["error"]
    assert told["next_step"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--recompute", "--at", "2026-01-01"), "--recompute stands alone"),
        (("--recompute", "--counterfactual", "policy.json"), "--recompute stands alone"),
        (("--from", "2026-01-01"), "--from and --to choose runs"),
        (("--recompute", "--from", "2026-02-01", "--to", "2026-01-01"), "--to is not after --from"),
        (("--counterfactual", "/nowhere/policy.json"), "cannot be read"),
    ],
)
def test_options_that_do_not_go_together(capsys: Captured, arguments: tuple[str, ...], words: str) -> None:
    code, told = ask_json(capsys, "--store", "77", *arguments)
    assert code == told["exit_code"] == 2
    assert words in told["error"]


def test_a_file_that_is_no_policy_is_told_where(capsys: Captured, tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text('{"title": "سياسة", "stratgy": "hold"}', encoding="utf-8")
    code, told = ask_json(capsys, "--store", "77", "--counterfactual", str(file))
    assert (code, told["why"]) == (2, "stratgy: Extra inputs are not permitted")


def test_a_ledger_that_is_behind_says_of_what(database: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "CATCH_UP_S", 0.0)
    migrate(database, ["onboarding"])
    with psycopg.connect(database, autocommit=True) as admin:  # as if the log had the events of before, too
        admin.execute("SELECT setval('onboarding.onboarding_events_notification_id_seq', 1000)")
    application = EventSourcedApplication.connect("onboarding", database)
    unit, when = application.unit_of_work(), BEGAN + timedelta(minutes=30)
    event = {"originator_id": store_uuid("77"), "originator_version": 99, "store_id": "77", "occurred_at": when}
    unit.record(StorePaused(**event, fence=7, reason="a break", paused_by="key_1"))
    unit.commit()
    application.close()
    code, told = ask_json(capsys, *at(31))
    assert (code, told["exit_code"]) == (10, 10)
    assert "1 event(s) of onboarding" in told["why"]
    assert ask_json(capsys, *at(29))[0] == 0
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute(
            "INSERT INTO audit.dead_letters (upstream, position, store_id, headers, body, state, reason) VALUES"
            " ('x', 1, '77', jsonb_build_object('ce-time', %s::text), '', 'parked', 'no such type')",
            ((BEGAN + timedelta(minutes=29)).isoformat().replace("+00:00", "Z"),),
        )
    code, told = ask_json(capsys, *at(29))
    assert (code, "1 event(s) that lie among its dead letters" in told["why"]) == (10, True)
    assert ask_json(capsys, *at(28))[0] == 0


def test_an_entry_that_is_no_event_is_named(database: str, capsys: Captured) -> None:
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute("UPDATE audit.ledger SET data = '{}' WHERE type LIKE '%.PriceProposed.%'")
    code, told = ask_json(capsys, *at(30))
    assert code == told["exit_code"] == 11
    assert "PriceProposed" in told["why"]


def test_a_second_process_says_what_one_says(database: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = ask_json(capsys, *at(30))
    monkeypatch.setattr(bulk, "LONG", 1)
    assert ask_json(capsys, *at(30)) == alone
    assert alone[1]["read_models"]["optimizer"]["decisions"]


@pytest.mark.parametrize("name", ["PriceProposed", "PriceApplied", "CatalogObserved"])
@pytest.mark.parametrize("body", ["{}", "{", "[]", '{"decision_id": 7}'])
def test_what_is_not_plain_is_named(
    database: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch, name: str, body: str
) -> None:
    monkeypatch.setattr(bulk, "LONG", 1)
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute("UPDATE audit.ledger SET data = %s WHERE type LIKE %s", (body.encode(), f"%.{name}.%"))
    code, told = ask_json(capsys, *at(30))
    assert (code, name in told["why"]) == (11, True)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("PriceDecided", "run_id", "7"),
        ("PriceDecided", "decided_by", "7"),
        ("PriceDecided", "occurred_at", '"yesterday"'),
        ("PriceApplied", "shelf_price", "100000000000000000000"),
        ("PriceApplied", "base_price", '"9900"'),
        ("PriceProposed", "proposal_id", '"none"'),
    ],
)
def test_a_value_of_another_type_is_named(
    database: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch, name: str, field: str, value: str
) -> None:
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute(
            "UPDATE audit.ledger SET data = convert_to((convert_from(data, 'UTF8')::jsonb"
            " || jsonb_build_object(%s::text, %s::jsonb))::text, 'UTF8') WHERE type LIKE %s",
            (field, value, f"%.{name}.%"),
        )
    alone = ask_json(capsys, *at(30))
    monkeypatch.setattr(bulk, "LONG", 1)
    assert ask_json(capsys, *at(30)) == alone
    assert (alone[0], name in alone[1]["why"]) == (11, True)


@pytest.mark.parametrize("name", ["PriceProposed", "CatalogObserved"])
def test_a_long_history_that_is_not_plain_is_named(database: str, capsys: Captured, name: str) -> None:
    """What is left of it fits into no buffer, and who sends it would wait for ever for somebody to take it."""
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute(
            "INSERT INTO audit.ledger SELECT store_id, 1000 * place + seq, place || event_id, service, type, position,"
            " occurred_at, recorded_at, data || repeat(' ', 9000)::bytea, prev_hash, hash"
            " FROM audit.ledger, generate_series(1, 500) AS place WHERE store_id = '77'"
        )
        admin.execute("UPDATE audit.heads SET seq = 600000 WHERE store_id = '77'")
        admin.execute("UPDATE audit.ledger SET data = '{}' WHERE type LIKE %s AND seq < 1000", (f"%.{name}.%",))
        sent = admin.execute("SELECT sum(octet_length(data)) AS bytes FROM audit.ledger").fetchone()
    assert sent is not None and sent[0] > 20_000_000
    code, told = ask_json(capsys, *at(30))
    assert (code, name in told["why"]) == (11, True)


def test_what_does_not_fit_its_column_is_made_event_by_event(
    database: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decision that was told twice: in one go that is refused."""
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute(
            "UPDATE audit.ledger SET seq = seq + 100 WHERE seq > 5;"
            "INSERT INTO audit.ledger SELECT store_id, seq + 50, event_id || '0', service, type, position, occurred_at,"
            " recorded_at, data, prev_hash, hash FROM audit.ledger WHERE type LIKE '%.PriceDecided.%'"
        )
    alone = ask_json(capsys, *at(30))
    monkeypatch.setattr(bulk, "LONG", 1)
    assert ask_json(capsys, *at(30)) == alone
    assert alone[0] == 0 and len(alone[1]["read_models"]["optimizer"]["decisions"]) == 1


PARENT = """
import signal
from datetime import UTC, datetime
from thaman_cli.replaying import beside

def idle(pipe, part):
    print(pipe.recv(), flush=True)
    pipe.recv()

beside._error_of = idle
process = beside.Beside(beside.Part("", "", "77", datetime.now(UTC)))
process.into(str(process._process.pid))
signal.pause()
"""


def test_the_second_process_ends_with_a_parent_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
        try:
            # Both write to this pipe, so it ends when the last of them does.
            parent.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            os.kill(child, signal.SIGKILL)
            raise
