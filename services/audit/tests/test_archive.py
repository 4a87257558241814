"""Retention: bodies rest in files, and everything holds and answers as before; whoever is interrupted loses nothing."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from httpx import ASGITransport, AsyncClient
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.errors import InsufficientPrivilege, RaiseException

from thaman_audit.adapters.moment import Moment
from thaman_audit.api import build_api
from thaman_audit.archive_listing import MANIFEST
from thaman_audit.bootstrap import build
from thaman_audit.domain.archived import STUB
from thaman_audit.errors import ArchiveRefused
from thaman_audit.testing import KEY, NOW, made_again, settings_for
from thaman_audit.testing_archives import EVER, archive, exports, rows_of, stubs, told
from thaman_audit.testing_proofs import STORE, Forger, prove, verify
from thaman_audit.verify import Entry
from thaman_contracts.envelope import encode
from thaman_contracts.events import REGISTRY
from thaman_contracts.examples import example_of
from thaman_kit.clock import ManualClock
from thaman_kit.embedded import EmbeddedPostgres
from thaman_kit.keys import NewKey
from thaman_kit.testing import ROLE_PASSWORD

SEALED = 33
STEPS = ("written", "read", "noted", "listed", "removed")
PATHS = [
    "timeline", "activity", "runs", "chain", "chain/verify", "stops", "prices/1/history", "prices/2/history",
    "items/1/why", "items/2/why", "items/1/lowest-price", "items/1/receipts",
]  # fmt: skip


class Interrupted(Exception):
    """Somebody pulled the plug."""


@pytest.fixture
def url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    with told(postgres_server) as url:
        yield url


def happened_in(url: str) -> list[Entry]:
    with rows_of(url) as rows:
        return list(Moment(rows).happened(STORE, EVER))


async def ask(url: str, *paths: str, status: int = 200) -> dict[str, str]:
    """What the pages of the store show."""
    container = build(settings_for(url, audit_keys=KEY), ManualClock(NOW))
    key = NewKey.generate(container.settings.api_key_pepper)
    with rows_of(url) as rows:
        rows.execute(
            "INSERT INTO api_keys (key_id, key_hash, scope, label) VALUES (%s, %s, 'operator', 'test')",
            (key.key_id, key.key_hash),
        )
    headers = {"Authorization": f"Bearer {key.key.get_secret_value()}"}
    found = {}
    async with AsyncClient(transport=ASGITransport(build_api(container)), base_url="http://audit") as client:
        for path in paths:
            params = {"limit": "100", "at": "2026-11-28T00:00:00Z"}
            answer = await client.get(f"/stores/{STORE}/{path}", params=params, headers=headers)
            assert answer.status_code == status, f"{path}: {answer.text}"
            found[path] = answer.text
    container.close()
    return found


async def test_an_archived_ledger_holds_and_answers_as_before(url: str, tmp_path: Path) -> None:
    with rows_of(url) as rows:
        applied = rows.execute("SELECT event_id FROM ledger WHERE type LIKE '%PriceApplied%' LIMIT 1").fetchone()
    assert applied is not None
    paths = [*PATHS, f"items/1/receipts/{applied['event_id']}", f"items/1/receipts/{applied['event_id']}/causes"]
    pages, files, happened = await ask(url, *paths), exports(url), happened_in(url)
    made = archive(url, tmp_path)
    assert happened_in(url) == happened, "what a replay reads"
    assert stubs(url)[STORE] == SEALED, "what no checkpoint proves yet stays"
    assert [(one.first, one.last) for one in made if one.store_id == STORE] == [(1, 9), (10, 18), (19, 27), (28, 33)]
    assert await ask(url, *paths) == pages
    assert exports(url) == files and verify(files[STORE])["ok"]
    with rows_of(url) as rows:
        proof = prove(rows)
    assert (proof.broken, proof.resting) == (None, [])
    said = json.loads((tmp_path / MANIFEST).read_bytes())
    assert [(one["store_id"], one["first"], one["hash"]) for one in said["files"]] == [
        (one.store_id, one.first, one.hash.hex()) for one in sorted(made, key=lambda one: (one.store_id, one.first))
    ]
    assert archive(url, tmp_path) == [], "again: nothing is left to do"
    container = build(settings_for(url))
    made_again(container)
    container.close()
    assert await ask(url, *paths) == pages, "made again from the files"


async def test_without_its_files_a_chain_holds_and_says_which_it_needs(url: str, tmp_path: Path) -> None:
    archive(url, tmp_path / "a")
    shutil.move(tmp_path / "a", tmp_path / "b")
    with rows_of(url) as rows:
        proof = prove(rows)
        assert proof.broken is None
        assert (STORE, 1, 9) in {(one.store_id, one.first, one.last) for one in proof.resting}
    said = await ask(url, "timeline", "items/1/why", status=409)
    assert "archive_needed" in said["timeline"] and f"{STORE}/000000000028-" in said["timeline"]
    await ask(url, "chain", "runs")
    (tmp_path / "b").rename(tmp_path / "a")
    await ask(url, "timeline", "items/1/why")


async def test_only_what_is_old_is_archived_and_later_the_next(url: str, tmp_path: Path) -> None:
    files = exports(url)
    with rows_of(url) as rows:
        row = rows.execute("SELECT recorded_at FROM ledger WHERE store_id = %s AND seq = 20", (STORE,)).fetchone()
    assert row is not None
    first = archive(url, tmp_path, row["recorded_at"])
    with rows_of(url) as rows:
        young = rows.execute(
            "SELECT min(seq) AS n FROM ledger WHERE recorded_at >= %s AND store_id = %s", (row["recorded_at"], STORE)
        ).fetchone()
    assert young is not None and max(one.last for one in first if one.store_id == STORE) == young["n"] - 1
    second = archive(url, tmp_path)
    assert min(one.first for one in second if one.store_id == STORE) == young["n"]
    assert exports(url) == files


@pytest.mark.parametrize("step", STEPS)
def test_whoever_is_interrupted_after_any_step_loses_nothing(url: str, tmp_path: Path, step: str) -> None:
    files, passed = exports(url), []

    def tell(done: str) -> None:
        passed.append(done)
        if done == step and passed.count(step) == 3:
            raise Interrupted

    with pytest.raises(Interrupted):
        archive(url, tmp_path, tell=tell)
    assert exports(url) == files
    with rows_of(url) as rows:
        assert prove(rows).broken is None
    archive(url, tmp_path)
    assert stubs(url)[STORE] == SEALED and exports(url) == files
    with rows_of(url) as rows:
        assert prove(rows).broken is None


@pytest.fixture(scope="module")
def archived(postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """An archived ledger that is put right after each question."""
    folder = tmp_path_factory.mktemp("archive")
    with told(postgres_server) as url:
        archive(url, folder)
        yield url, folder


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_no_changed_byte_of_a_file_passes(archived: tuple[str, Path], data: st.DataObject) -> None:
    url, folder = archived
    path = data.draw(st.sampled_from(sorted((folder / STORE).iterdir())))
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda value: value != whole[place]))
    path.write_bytes(whole[:place] + bytes([value]) + whole[place + 1 :])
    try:
        with rows_of(url) as rows:
            broken = prove(rows, STORE).broken
    finally:
        path.write_bytes(whole)
    first, last = (int(part) for part in path.stem.split("-"))
    assert broken is not None and broken.store_id == STORE and first <= broken.seq <= last


@pytest.mark.parametrize("has_file", [True, False])
def test_a_changed_row_of_an_archived_entry_is_found(archived: tuple[str, Path], has_file: bool) -> None:
    url, folder = archived
    if not has_file:
        folder.rename(folder.with_name("elsewhere"))
    try:
        for column, value in (("hash", bytes(32)), ("prev_hash", bytes(32)), ("type", "other")):
            with rows_of(url) as rows:
                Forger(rows).change(12, column, value)
                broken = prove(rows, STORE).broken
                rows.rollback()
            # Without the file nothing but the hashes is known of an entry.
            assert (broken is None) is (column == "type" and not has_file), column
            assert broken is None or broken.seq in (12, 13)
        with rows_of(url) as rows:
            Forger(rows).drop(12)
            broken = prove(rows, STORE).broken
            rows.rollback()
        assert broken is not None and broken.seq == 12
    finally:
        if not has_file:
            folder.with_name("elsewhere").rename(folder)


def test_the_service_can_neither_remove_bodies_nor_say_that_they_are_archived(
    url: str, tmp_path: Path, postgres_server: EmbeddedPostgres
) -> None:
    archive(url, tmp_path)
    service = postgres_server.url_for(urlsplit(url).path.removeprefix("/"), user="audit_app", password=ROLE_PASSWORD)
    for statement in (
        "SELECT ledger_remove_bodies('77', 1)",
        "INSERT INTO archives SELECT '5', 1, 2, 'f', 'f', '', '', '', 1",
        "INSERT INTO archive_readings SELECT '77', 1, '', ''",
        "UPDATE archives SET last = 99",
        "DELETE FROM archive_readings",
        "UPDATE ledger SET data = ''",
    ):
        with pytest.raises(InsufficientPrivilege), rows_of(service) as rows:
            rows.execute(statement.encode())


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("SELECT 1", "not on record"),
        ("INSERT INTO archives SELECT '77', 1, 5, 'f', 'f', '', decode(repeat('00', 32), 'hex'), hash, 9 FROM ledger"
         " WHERE store_id = '77' AND seq = 5", "no reading"),
        ("INSERT INTO archives SELECT '77', 1, 35, 'f', 'f', '', decode(repeat('00', 32), 'hex'), hash, 9 FROM ledger"
         " WHERE store_id = '77' AND seq = 35", "no checkpoint"),
    ],
)  # fmt: skip
def test_what_was_not_archived_and_read_back_does_not_leave(url: str, change: str, why: str) -> None:
    with rows_of(url) as rows:
        rows.execute(change.encode())
        with pytest.raises(RaiseException, match=why):
            rows.execute("SELECT ledger_remove_bodies('77', 1)")


def test_an_entry_that_does_not_hold_is_not_archived(url: str, tmp_path: Path) -> None:
    with rows_of(url) as rows:
        Forger(rows).change(12, "data", b"{}")
    with pytest.raises(ArchiveRefused, match=f"entry 12 of store {STORE}"):
        archive(url, tmp_path)
    assert stubs(url).get(STORE, 0) == 9, "the file before it is whole"


def test_a_stub_is_found_by_what_its_body_was_found_by(archived: tuple[str, Path]) -> None:
    on_sale = b'{"items":[{"product_id":"1","name":"x","sale_running":true}],"store_id":"77"}'
    bodies = [encode(example_of(model).model_dump(mode="json")) for model in REGISTRY.values()]
    with rows_of(archived[0]) as rows:
        found = rows.execute(
            """
            SELECT ledger_stub(body) AS stub, ledger_items('77', body) = ledger_items('77', ledger_stub(body)) AS items,
                position('"sale_running":true'::bytea IN body) > 0 AS on_sale,
                position('"sale_running":true'::bytea IN ledger_stub(body)) > 0 AS stub_on_sale,
                convert_from(body, 'UTF8')::jsonb - 'items' @> convert_from(ledger_stub(body), 'UTF8')::jsonb
                    - '$archived' - 'sale_running' - 'items' AS is_part
            FROM unnest(%s::bytea[]) AS given (body)
            """,
            ([*bodies, on_sale],),
        ).fetchall()
        nonsense = rows.execute("SELECT ledger_stub('\\xff'::bytea) AS stub, ledger_stub('[]') AS list").fetchone()
    assert all(row["items"] and row["on_sale"] == row["stub_on_sale"] and row["is_part"] for row in found)
    assert b'"name"' not in found[-1]["stub"] and found[-1]["stub_on_sale"]
    for row, body in zip(found, bodies, strict=False):
        for name in ("run_id", "proposal_id", "decision_id", "store_id", "sweep_id", "look_id"):
            assert json.loads(row["stub"]).get(name) == json.loads(body).get(name)
    assert nonsense == {"stub": STUB + b"}", "list": STUB + b"}"}
