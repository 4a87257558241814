"""``thaman rebuild``: a damaged read model is whole again while events arrive, and nothing is lost, doubled or half."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from eventsourcing.persistence import OperationalError
from tests.support.installation import OTHER, STORE, Installation, own_installation, sale

from thaman_audit.testing_events import observed
from thaman_cli.main import main
from thaman_cli.rebuilding import rebuilding
from thaman_cli.rebuilding.catalogue import REBUILT, why_not
from thaman_cli.rebuilding.feeding import LOGS
from thaman_contracts.subjects import ROOMS
from thaman_kit.embedded.databases import Databases
from thaman_kit.recorded import Taken, UpstreamLog
from thaman_kit.swapping import Swap
from thaman_kit.testing import wait_until

Captured = pytest.CaptureFixture[str]

DAMAGE = {
    "onboarding": (
        "UPDATE stores SET name = 'wrong', vat_bp = 1, paused = true WHERE store_id = '77'",
        "DELETE FROM items WHERE store_id = '77' AND key = '1'",
        "UPDATE items SET base_price = 1 WHERE store_id = '78' AND key = '2'",
        "DELETE FROM orders WHERE store_id = '77'",
        "DELETE FROM api_keys WHERE key_id = 'key_1'",
        "UPDATE system_settings SET settings = settings || '{\"stopped\": true}'",
        "DELETE FROM item_rules",
    ),
    "scheduler": (
        "UPDATE schedules SET frequency_hours = 3 WHERE store_id = '77'",
        "DELETE FROM due WHERE store_id = '78'",
        "DELETE FROM installation",
        "DELETE FROM api_keys",
    ),
    "optimizer": (
        "DELETE FROM items WHERE store_id = '77'",
        "UPDATE items SET cost = 1 WHERE store_id = '78' AND item_key = '1'",
        "UPDATE weeks SET units = units + 5",
        "DELETE FROM decisions",
        "UPDATE stores SET fence = 9",
        "INSERT INTO item_rules (store_id, item_key, locked) VALUES ('77', '3', true)",
        "UPDATE api_keys SET revoked_at = now()",
    ),
    "audit": (
        "DELETE FROM price_history WHERE store_id = '77' AND item = '2' AND base_price = 5100",
        "UPDATE prices SET base_price = 3 WHERE store_id = '78' AND item = '1'",
        "DELETE FROM runs",
        "DELETE FROM item_events WHERE store_id = '77'",
        "UPDATE item_events SET decision_id = NULL, name = 'Nothing' WHERE store_id = '78'",
        "UPDATE stores SET connected = false",
    ),
    "dashboard": (
        "DELETE FROM prices WHERE store_id = '77' AND item_key = '2' AND shelf_price = 5100",
        "UPDATE decisions SET state = 'uncertain', shelf_price = NULL",
        "UPDATE stores SET paused = true, heard_at = now() WHERE store_id = '78'",
        "DELETE FROM items WHERE item_key = '2'",
        "DELETE FROM activity WHERE kind = 'PriceApplied'",
        "UPDATE runs SET state = 'failed', told_run = 0",
        "DELETE FROM system",
        "DELETE FROM api_keys",
    ),
}
"""What goes wrong in each service: lost rows, wrong ones, and some that no event speaks of."""


@pytest.fixture
def there(postgres_server: Databases, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    with own_installation(postgres_server) as installation:
        monkeypatch.setenv("THAMAN_DATABASE_URL", installation.url)
        yield installation


def damage(url: str, service: str) -> None:
    with psycopg.connect(url, options=f"-c search_path={service}") as connection:
        for statement in DAMAGE[service]:
            assert connection.execute(statement.encode()).rowcount > 0, statement


def contents(url: str, service: str) -> dict[str, list[str]]:
    """Every row of what events tell, as text; of a history's numbers only their order."""
    with psycopg.connect(url) as connection:
        return {
            table.name: [
                row
                for (row,) in connection.execute(
                    f"SELECT (to_jsonb(t) - %s::text[])::text FROM {service}.{table.name} t ORDER BY"
                    f" {'store_id, item, id' if table.placed else 1}",
                    ([*table.kept, *table.unasked, *(["id"] if table.placed else [])],),
                )
            ]
            for table in REBUILT[service]
        }


def unnamed(url: str, service: str) -> list[str]:
    """Tables that are neither made again nor refused with a reason."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s AND table_type = 'BASE TABLE'",
            (service,),
        ).fetchall()
    made = {table.name for table in REBUILT[service]}
    return [name for (name,) in found if name not in made and why_not(service, name) is None]


def ask(capsys: Captured, *arguments: str) -> tuple[int, dict[str, Any], str]:
    with pytest.raises(SystemExit) as caught:
        main(["rebuild", *arguments, "--json"])
    assert isinstance(caught.value.code, int)
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1
    return caught.value.code, json.loads(out), err


def changed(told: dict[str, Any]) -> dict[str, int]:
    return {one["table"]: one["changed"] for one in told["tables"] if one["changed"]}


@pytest.mark.parametrize("service", ROOMS)
def test_what_was_damaged_is_whole_again(there: Installation, service: str, capsys: Captured) -> None:
    assert unnamed(there.url, service) == [], "each table is made again, or has a reason"
    before = contents(there.url, service)
    assert all(before[table] for table in ("stores", "items", "due", "price_history") if table in before)
    damage(there.url, service)
    damaged = contents(there.url, service)
    code, did, err = ask(capsys, service)
    assert (code, f"reading the history of {service}" in err) == (0, True)
    assert set(changed(did)) == {table for table in before if before[table] != damaged[table]}
    assert contents(there.url, service) == before


def test_people_see_what_would_change_and_one_table_alone_is_made_again(there: Installation, capsys: Captured) -> None:
    damage(there.url, "optimizer")
    damaged = contents(there.url, "optimizer")
    with pytest.raises(SystemExit) as caught:
        main(["rebuild", "optimizer", "items", "--dry-run"])
    out, _ = capsys.readouterr()
    assert (caught.value.code, contents(there.url, "optimizer")) == (1, damaged)
    assert "items 78 1: cost 1 → none" in out.replace("\u2068", "").replace("\u2069", "")
    assert "4 row(s) would change" in out
    code, did, _ = ask(capsys, "optimizer", "items")
    assert (code, changed(did)) == (0, {"items": 4})
    with psycopg.connect(there.url, options="-c search_path=optimizer") as connection:
        counts = connection.execute("SELECT (SELECT count(*) FROM items), (SELECT count(*) FROM decisions)").fetchone()
    assert counts == (9, 0), "the other tables are as damaged as they were"


def test_columns_that_events_do_not_tell_stay(there: Installation, capsys: Captured) -> None:
    with psycopg.connect(there.url, options="-c search_path=onboarding") as connection:
        connection.execute("UPDATE items SET write_version = 7, base_price = 5 WHERE store_id = '77' AND key = '2'")
        connection.execute("UPDATE orders SET head_digest = 'seen', refunded = true, state = 'pending'")
    assert ask(capsys, "onboarding")[1]["kept"]["items"] == ["write_version"]
    with psycopg.connect(there.url, options="-c search_path=onboarding") as connection:
        item = connection.execute("SELECT write_version, base_price FROM items WHERE store_id = '77' AND key = '2'")
        assert item.fetchone() == (7, 5_200)
        orders = connection.execute("SELECT DISTINCT head_digest, refunded, state FROM orders").fetchall()
        assert orders == [("seen", True, "counted")]


def test_events_arrive_all_the_time_and_readers_never_see_half_a_table(
    there: Installation, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While green is folded, while it is copied, and while nobody may write: each moment has news of its own."""
    damage(there.url, "optimizer")
    count, seen, done = iter(range(1, 1_000)), list[int](), threading.Event()

    def happen(deliver: bool = True) -> None:
        number = next(count)
        there.record(sale(STORE, f"n{number}", number), observed(OTHER, ("1", 10_000 + number), minutes=number + 30))
        if deliver:
            there.deliver("optimizer")

    def read() -> None:
        with psycopg.connect(there.url, autocommit=True) as connection:
            while not done.is_set():
                row = connection.execute("SELECT count(*) FROM optimizer.items WHERE store_id = '78'").fetchone()
                seen.append(row[0] if row else 0)

    happens = happen_unless_locked(there, happen)
    around(monkeypatch, rebuilding.Green, "catch_up", before=happens)
    around(monkeypatch, Swap, "stage", before=happens)
    waiting = Writer(there)
    around(monkeypatch, Swap, "remove", before=waiting.start)
    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        code, did, _ = ask(capsys, "optimizer")
    finally:
        done.set()
        reader.join()
    waiting.join()
    assert code == 0
    assert did["changed"] > 0
    assert set(seen) == {3}
    there.deliver("optimizer")
    assert changed(ask(capsys, "optimizer", "--dry-run")[1]) == {}, "no event lost, none applied twice"
    with psycopg.connect(there.url) as connection:
        sold = connection.execute("SELECT sum(units) FROM optimizer.weeks WHERE store_id = '77'").fetchone()
    assert sold == (3 + sum(range(1, next(count))) + 500,)


class Writer:
    """A message that arrives when the tables are locked: it waits, then takes effect on the new rows."""

    def __init__(self, there: Installation) -> None:
        self._there = there
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Record a sale, let its message be taken, and wait until the inbox stands before the lock."""
        self._there.record(sale(STORE, "locked", 500))
        self._thread = threading.Thread(target=self._there.deliver, args=("optimizer",), daemon=True)
        self._thread.start()
        wait_until(self._is_waiting, what="the inbox waits for the lock")

    def join(self) -> None:
        """Wait until the message is taken."""
        assert self._thread is not None, "the swap was reached"
        self._thread.join(20)
        assert not self._thread.is_alive()

    def _is_waiting(self) -> bool:
        with psycopg.connect(self._there.url) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'RowExclusiveLock'"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            ).fetchone()
        return row is not None and row[0] > 0


def around(patch: pytest.MonkeyPatch, owner: type, name: str, before: Callable[[], None]) -> None:
    """Let something happen before each call of a method."""
    method = getattr(owner, name)

    def called(self: Any, *arguments: Any) -> Any:
        before()
        return method(self, *arguments)

    patch.setattr(owner, name, called)


def happen_unless_locked(there: Installation, happen: Callable[..., None]) -> Callable[[], None]:
    """Under the lock nothing is delivered, because the one who would wait for it is the test itself."""

    def happens() -> None:
        with psycopg.connect(there.url) as connection:
            locks = connection.execute(
                "SELECT count(*) FROM pg_locks WHERE mode = 'ExclusiveLock' AND relation = 'optimizer.items'::regclass"
            )
            held = locks.fetchone() != (0,)
        happen(deliver=not held)

    return happens


def test_what_waits_among_the_dead_letters_is_not_folded(there: Installation, capsys: Captured) -> None:
    """A message that was parked had no effect yet, nor has what came behind it; what was dropped never will have."""
    there.record(observed(STORE, ("9", 900), minutes=40), observed(STORE, ("1", 9_800), minutes=41))
    for _ in range(2):
        delivery, partition = there.next_delivery("optimizer", "onboarding")
        there.refuse("optimizer", "onboarding", partition, delivery)
    there.record(observed(OTHER, ("1", 8_000), minutes=42))
    there.deliver("optimizer")
    before = contents(there.url, "optimizer")
    damage(there.url, "optimizer")
    assert ask(capsys, "optimizer")[0] == 0
    assert contents(there.url, "optimizer") == before
    with psycopg.connect(there.url) as connection:
        rows = connection.execute("SELECT store_id, item_key, base_price FROM optimizer.items ORDER BY 1, 2").fetchall()
    assert ("77", "9", 900) not in rows
    assert ("77", "1", 9_900) in rows
    assert ("78", "1", 8_000) in rows


def test_a_partition_that_lags_and_a_letter_that_waits_come_in_later_and_once(there: Installation) -> None:
    def places(log: UpstreamLog, mark: Taken) -> list[int]:
        return [envelope.position for page in log.pages(mark) for envelope, _ in page.items]

    def opened() -> UpstreamLog:
        return UpstreamLog("optimizer", there.applications["onboarding"], LOGS["onboarding"])

    log = opened()
    with psycopg.connect(there.url) as connection:
        now = log.mark(connection)
    (lagging, _), (other, letter), *_ = sorted(now.places.items(), key=lambda one: one[1])
    early = replace(now, places=now.places | {lagging: 0}, waiting=frozenset({(other, letter)}))
    first, then = places(log, early), places(log, now)
    whole = places(opened(), now)
    assert letter in then and len(then) > 1, "both kinds were left out at first"
    assert first and sorted(first + then) == whole
    assert places(log, now) == []


def test_a_crash_leaves_the_live_tables_alone_and_a_second_run_works(
    there: Installation, tmp_path: Path, capsys: Captured
) -> None:
    """The worst moment: wrong rows are taken away, right ones are not there yet."""
    before = contents(there.url, "audit")
    damage(there.url, "audit")
    damaged = contents(there.url, "audit")
    environment = os.environ | {"THAMAN_FAULTPOINT": "rebuild.removed", "THAMAN_DATABASE_URL": there.url}
    killed = subprocess.run(
        [sys.executable, "-m", "thaman_cli", "rebuild", "audit", "--home", str(tmp_path)],
        env=environment, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert contents(there.url, "audit") == damaged
    with psycopg.connect(there.url, autocommit=True) as connection:  # a minute later, as its name tells the time
        (name,) = connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE 'thaman_scratch%'"
        ).fetchone() or ("",)
        connection.execute(f'ALTER DATABASE "{name}" RENAME TO thaman_scratch_t1000000000_0'.encode())
    assert ask(capsys, "audit")[0] == 0
    assert contents(there.url, "audit") == before
    with psycopg.connect(there.url) as connection:
        left = connection.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'thaman_scratch%'").fetchone()
    assert left == (0,), "what the killed process made is gone, too"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("onboarding", "tokens"), "secrets"),
        (("audit", "ledger"), "the record itself"),
        (("optimizer", "jobs"), "work in hand"),
        (("scheduler", "scheduler_events"), "the record itself"),
        (("optimizer", "nonsense"), "mistyped"),
        (("nonsense",), "there are onboarding"),
    ],
)
def test_what_cannot_be_made_again_is_refused(arguments: tuple[str, ...], why: str, capsys: Captured) -> None:
    code, told, _ = ask(capsys, *arguments)
    assert code == 2
    assert why in told["why"]


def test_a_ledger_that_lacks_an_entry_is_not_built_upon(there: Installation, capsys: Captured) -> None:
    before = contents(there.url, "audit")
    with psycopg.connect(there.url) as connection:
        connection.execute("DELETE FROM audit.ledger WHERE store_id = '77' AND seq = 3")
    code, told, _ = ask(capsys, "audit")
    assert (code, told["why"]) == (11, "entry 3 of store 77 is not in the ledger")
    assert contents(there.url, "audit") == before


def test_tables_that_are_never_free_and_a_second_rebuild(
    there: Installation, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage(there.url, "optimizer")
    damaged = contents(there.url, "optimizer")
    monkeypatch.setattr(rebuilding, "LOCK_WITHIN_S", 0.0)
    with psycopg.connect(there.url) as busy:
        busy.execute("UPDATE optimizer.stores SET name = name")
        code, told, _ = ask(capsys, "optimizer")
    assert (code, "could not be had alone" in told["error"]) == (10, True)
    assert contents(there.url, "optimizer") == damaged
    with psycopg.connect(there.url) as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended('thaman-rebuild:optimizer', 0))")
        code, told, _ = ask(capsys, "optimizer")
    assert (code, "already" in told["error"]) == (10, True)


@pytest.mark.parametrize(("options", "state"), [((), "all or nothing"), (("--dry-run",), "Nothing was changed")])
def test_a_database_that_breaks_off_leaves_no_claim_that_nobody_can_make(
    options: tuple[str, ...], state: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THAMAN_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")

    def breaks(*_: object, **__: object) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(rebuilding, "rebuild", breaks)
    code, told, _ = ask(capsys, "audit", *options)
    assert (code, state in told["next_step"], "--dry-run" in told["next_step"]) == (1, True, True)
