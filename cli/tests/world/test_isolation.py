"""``thaman audit isolation``: an installation in order passes; each planted way from store to store is named."""

import json
from typing import Any

import pytest
from psycopg import DataError

from thaman_audit.testing_events import authorized, price_change
from thaman_cli.isolation import Isolation, isolation
from thaman_cli.main import main
from thaman_cli.world.reading import connect
from thaman_contracts.events import onboarding
from thaman_contracts.ids import run_id
from thaman_kit.domain import EventMeta, caused_by

STORE, OTHER = "77", "78"


def walk(installation: Any, store: str | None = None) -> Isolation:
    with connect(installation.admin_url) as connection:
        return isolation(connection, store)


def first_event(installation: Any, store: str) -> str:
    """The id of a store's first event in onboarding's log."""
    with connect(installation.admin_url) as connection:
        row = connection.execute(
            "SELECT originator_id || ':' || originator_version AS id FROM onboarding.onboarding_events"
            " WHERE convert_from(state, 'UTF8')::jsonb ->> 'store_id' = %s ORDER BY notification_id LIMIT 1",
            (store,),
        ).fetchone()
    assert row is not None
    return str(row["id"])


def cause(event_id: str) -> EventMeta:
    return EventMeta(causation_id=event_id)


@pytest.fixture
def two(installation: Any) -> Any:
    """Two stores; what each did was caused by its own connection, and one thing by the installation."""
    installation.store(authorized(OTHER))
    for store in (STORE, OTHER):
        with caused_by(cause(first_event(installation, store))):
            installation.store(*price_change(store, "7", 500, 490, cause="two"))
    installation.store(_setting())
    with caused_by(cause(first_event(installation, "system"))):
        installation.store(_paused(OTHER))
    installation.spread()
    return installation


def _setting() -> onboarding.ApiKeyIssued:
    """An event of the whole installation."""
    return onboarding.ApiKeyIssued(
        store_id="system", occurred_at=authorized(STORE).occurred_at, key_id="k", key_hash="h", scope="operator",
        label="test",
    )  # fmt: skip


def _paused(store: str) -> onboarding.StorePaused:
    return onboarding.StorePaused(
        store_id=store, occurred_at=authorized(store).occurred_at, fence=1, reason="test", paused_by="operator"
    )


def test_stores_that_share_nothing_pass(two: Any) -> None:
    found = walk(two)
    assert (found.crossings, found.own, found.installation, found.unknown) == ([], 2 * 7, 1, 0)
    assert found.entries == found.events == 9 + 1 + 2 * 7 + 2 and found.ids > 10
    alone = walk(two, OTHER)
    assert (alone.events, alone.own, alone.installation, alone.entries) == (9, 7, 1, 9)


def test_an_event_that_another_store_caused_is_named(two: Any) -> None:
    planted = first_event(two, STORE)
    with caused_by(cause(planted)):
        two.store(_paused(OTHER))
    two.spread()
    for store in (None, STORE, OTHER):
        (crossing,) = walk(two, store).crossings
        assert (crossing.store_id, crossing.other) == (OTHER, STORE)
        assert "StorePaused" in crossing.what or "Paused" in crossing.what
        assert crossing.what.endswith(f"was caused by {planted}")
    assert walk(two, "404").crossings == []


def test_a_way_through_the_installation_is_named(two: Any) -> None:
    with caused_by(cause(first_event(two, STORE))):
        two.store(_setting().model_copy(update={"key_id": "carries"}))
    with connect(two.admin_url) as connection:
        row = connection.execute(
            "SELECT originator_id || ':' || originator_version AS id FROM onboarding.onboarding_events"
            " WHERE convert_from(state, 'UTF8')::jsonb ->> 'key_id' = 'carries'"
        ).fetchone()
    assert row is not None and walk(two).crossings == []
    with caused_by(cause(row["id"])):
        two.store(_paused(OTHER))
    (crossing,) = walk(two).crossings
    assert (crossing.store_id, crossing.other) == (OTHER, STORE)


def test_a_decision_that_speaks_of_another_stores_run_is_named(two: Any) -> None:
    run = run_id(STORE, "two")
    events = price_change(OTHER, "8", 500, 490, cause="planted")
    two.store(*(event.model_copy(update={"run_id": run}) for event in events if event.service == "onboarding"))
    two.spread()
    (crossing,) = walk(two).crossings
    assert (crossing.store_id, crossing.other) == (OTHER, STORE) and f"run {run}" in crossing.what


def test_an_entry_that_speaks_of_another_store_is_named(two: Any) -> None:
    two.spoil(
        "UPDATE ledger SET data = convert_to(replace(convert_from(data, 'UTF8'), '\"store_id\":\"78\"',"
        " '\"store_id\":\"77\"'), 'UTF8') WHERE store_id = '78' AND seq = 1"
    )
    (crossing,) = walk(two).crossings
    assert (crossing.store_id, crossing.other) == (OTHER, STORE) and crossing.what.startswith("entry 1 (")


def test_the_command_says_it_and_what_cannot_be_walked(
    two: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        with pytest.raises(SystemExit) as caught:
            main(["audit", "isolation", *arguments, "--json"])
        assert isinstance(caught.value.code, int)
        return caught.value.code, json.loads(capsys.readouterr().out)

    monkeypatch.setenv("THAMAN_DATABASE_URL", two.admin_url)
    code, said = run()
    assert (code, said["ok"], said["crossings"]) == (0, True, [])
    with caught_exit():
        main(["audit", "isolation", "--store", STORE])
    assert "No event of store 77 was caused by another store's" in capsys.readouterr().out
    with caused_by(cause(first_event(two, STORE))):
        two.store(_paused(OTHER))
    code, said = run("--store", OTHER)
    assert (code, said["ok"], said["crossings"][0]["other"]) == (12, False, STORE)
    with caught_exit():
        main(["audit", "isolation"])
    assert "Store 78 hangs on store 77" in capsys.readouterr().out
    two.spoil("UPDATE ledger SET data = 'no event' WHERE store_id = '78' AND seq = 1")
    with pytest.raises(DataError):
        walk(two)
    assert run()[0] == 12


def caught_exit() -> Any:
    """What the command always ends with."""
    return pytest.raises(SystemExit)
