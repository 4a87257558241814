"""Dead letters through the command: listed with their reason, handled again in order, given up with a reason."""

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from thaman_cli.main import main
from thaman_contracts.envelope import Envelope, to_headers
from thaman_contracts.events.onboarding import InstallPath, StoreAuthorized
from thaman_contracts.events.settings import StoreSettings
from thaman_contracts.subjects import ROOMS
from thaman_kit.migrate import migrate

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NOTHING: dict[str, Any] = {"dead_letters": [], "dead_jobs": []}
STORE, UPSTREAM = "77", "onboarding:3"


@pytest.fixture
def database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    migrate(database_url, ROOMS)
    monkeypatch.setenv("THAMAN_DATABASE_URL", database_url)
    monkeypatch.setenv("THAMAN_API_KEY_PEPPER", "p" * 40)
    return database_url


def plant(database: str, position: int, body: bytes, state: str) -> None:
    envelope = Envelope(f"{uuid4()}:1", "onboarding", StoreAuthorized.event_type(), STORE, NOW, position, position - 1)
    with closing(psycopg.connect(database, autocommit=True)) as connection:
        connection.execute("SET search_path TO scheduler")
        connection.execute(
            "INSERT INTO parked_stores (upstream, store_id) VALUES (%s, %s) ON CONFLICT DO NOTHING", (UPSTREAM, STORE)
        )
        connection.execute(
            "INSERT INTO dead_letters (upstream, position, store_id, event_type, headers, body, state, reason)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, 'it broke')",
            (UPSTREAM, position, STORE, envelope.type, Jsonb(to_headers(envelope)), body, state),
        )


def run(capsys: pytest.CaptureFixture[str], home: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    with pytest.raises(SystemExit) as caught:
        main(["dead-letters", *arguments, "--home", str(home), "--json"])
    assert isinstance(caught.value.code, int)
    return caught.value.code, json.loads(capsys.readouterr().out.splitlines()[-1])


def good() -> bytes:
    event = StoreAuthorized(
        store_id=STORE,
        occurred_at=NOW,
        name="Store",
        plan="pro",
        store_type="live",
        currency="SAR",
        prices_include_vat=True,
        vat_bp=1_500,
        via=InstallPath.CALLBACK,
        scopes=("products.read_write",),
        fence=0,
        settings_version=1,
        settings=StoreSettings(),
    )
    return event.model_dump_json().encode()


def test_list_drop_and_retry(database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plant(database, 5, b"no json", "parked")
    plant(database, 6, good(), "waiting")
    code, listed = run(capsys, tmp_path, "list")
    assert code == 0
    letters = listed["dead_letters"]
    assert [(one["service"], one["store_id"], one["state"], one["reason"]) for one in letters] == [
        ("scheduler", STORE, "parked", "it broke"),
        ("scheduler", STORE, "waiting", "it broke"),
    ]

    code, refused = run(capsys, tmp_path, "retry", "scheduler", UPSTREAM, STORE)
    assert code == 1
    assert "failed again" in refused["why"]

    code, _ = run(capsys, tmp_path, "drop", "scheduler", str(letters[0]["id"]), "--reason", "not from Salla")
    assert code == 0
    assert run(capsys, tmp_path, "retry", "scheduler", UPSTREAM, STORE) == (0, {"handled": 1, "store_id": STORE})
    assert run(capsys, tmp_path, "list") == (0, NOTHING)


def test_a_store_can_be_asked_for_alone(database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plant(database, 5, good(), "parked")
    assert run(capsys, tmp_path, "list", "--store", "78") == (0, NOTHING)
    assert len(run(capsys, tmp_path, "list", "--service", "scheduler", "--store", STORE)[1]["dead_letters"]) == 1


def test_mistakes_are_explained(database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, error = run(capsys, tmp_path, "retry", "schedulr", UPSTREAM, STORE)
    assert code == 2
    assert "scheduler" in error["next_step"]
    code, error = run(capsys, tmp_path, "drop", "scheduler", "12345", "--reason", "x")
    assert code == 1
    assert "12345" in error["why"]


@pytest.mark.parametrize("service", ["onboarding", "scheduler", "optimizer", "audit"])
def test_every_service_can_handle_letters_again(
    service: str, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THAMAN_SALLA_CLIENT_ID", "x")
    monkeypatch.setenv("THAMAN_SALLA_CLIENT_SECRET", "x")
    monkeypatch.setenv("THAMAN_WEBHOOK_SECRET", "x" * 20)
    monkeypatch.setenv("THAMAN_VAULT_KEYS", "k1:" + "A" * 43 + "=")
    code, error = run(capsys, tmp_path, "retry", service, UPSTREAM, STORE)
    assert code == 1
    assert "nothing that can be retried waits" in error["why"]


def test_dead_jobs_are_listed_tried_again_and_dropped(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(psycopg.connect(database, autocommit=True)) as connection:
        connection.execute(
            "INSERT INTO optimizer.jobs (queue, key, store_id, payload, state, run_at, last_error)"
            " VALUES ('optimize', 'a', %s, '{}', 'dead', now(), 'it broke'),"
            " ('optimize', 'b', %s, '{}', 'dead', now(), 'it broke')",
            (STORE, STORE),
        )
    listed = run(capsys, tmp_path, "list")[1]["dead_jobs"]
    assert [(job["service"], job["key"], job["last_error"]) for job in listed] == [
        ("optimizer", "a", "it broke"),
        ("optimizer", "b", "it broke"),
    ]
    assert run(capsys, tmp_path, "retry-job", "optimizer", str(listed[0]["id"]))[0] == 0
    assert run(capsys, tmp_path, "drop-job", "optimizer", str(listed[1]["id"]), "--reason", "too late")[0] == 0
    assert run(capsys, tmp_path, "list") == (0, NOTHING)
    assert run(capsys, tmp_path, "retry-job", "optimizer", "999")[0] == 1
    with closing(psycopg.connect(database)) as connection:
        states = connection.execute("SELECT key, state FROM optimizer.jobs ORDER BY key").fetchall()
    assert states == [("a", "waiting"), ("b", "dropped")]
