"""Import: a clean installation shows the same heads and pages, and a file that does not hold changes nothing."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from httpx import ASGITransport, AsyncClient
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from thaman_audit.adapters.importing import ImportTables
from thaman_audit.adapters.moment import Moment
from thaman_audit.adapters.signing import is_signed
from thaman_audit.api import build_api
from thaman_audit.bootstrap import build
from thaman_audit.domain.archived import file_of
from thaman_audit.errors import (
    BrokenExport,
    ImportRefused,
    IncompleteSet,
    OccupiedStore,
    UnreadableExport,
    UntrustedExport,
)
from thaman_audit.ledger_import import Imported, Lines, import_stores
from thaman_audit.ledger_read import read_entries, read_header
from thaman_audit.ledger_set import import_set, read_manifest, write_manifest
from thaman_audit.testing import KEY, NOW, Streams, settings_for, signing_key
from thaman_audit.testing_events import observed, price_change
from thaman_audit.testing_proofs import FOREIGN, OTHER, STORE, export, prove, tell_story, verify
from thaman_audit.unsealed import Unsealed
from thaman_audit.verify import Head
from thaman_contracts.envelope import encode
from thaman_contracts.events import onboarding
from thaman_contracts.examples import example_of
from thaman_contracts.ids import SYSTEM
from thaman_contracts.subjects import SERVICES
from thaman_kit.clock import ManualClock
from thaman_kit.embedded import EmbeddedPostgres
from thaman_kit.keys import NewKey
from thaman_kit.migrate import migrate
from thaman_kit.testing import ROLE_PASSWORD, own_database, template_database

LATER = "2026-11-28T00:00:00Z"
OURS = [signing_key().public_key]
OPTIONS = "-c search_path=audit -c timezone=UTC"
PATHS = [
    "timeline", "activity", "runs", "chain", "chain/verify", "stops", "prices/1/history", "prices/2/history",
    "items/1/why", "items/1/lowest-price", "items/1/receipts",
]  # fmt: skip


def _prepare(url: str) -> None:
    migrate(url, ["audit"], {"audit": ROLE_PASSWORD})


@contextmanager
def installation(server: EmbeddedPostgres, *, told: bool) -> Iterator[str]:
    """The superuser's address of an installation: with the story, or clean."""

    def prepare(url: str) -> None:
        _prepare(url)
        tell_story(url)
        container = build(settings_for(url))
        Streams(container, dict.fromkeys(SERVICES, 90)).deliver(_stop())
        container.close()

    template = template_database(
        server, "audit_import_story" if told else "audit_template", prepare if told else _prepare
    )
    with own_database(server, template=template) as url:
        yield url


def _stop() -> onboarding.SystemSettingsChanged:
    return example_of(onboarding.SystemSettingsChanged).model_copy(update={"occurred_at": NOW, "store_id": SYSTEM})


@pytest.fixture(scope="module")
def origin(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    with installation(postgres_server, told=True) as url:
        yield url


@pytest.fixture
def clean(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    with installation(postgres_server, told=False) as url:
        yield url


@pytest.fixture(scope="module")
def exports(origin: str) -> dict[str, list[bytes]]:
    """The lines of every chain's export, by store."""
    with rows_of(origin) as rows:
        return {store: export(rows, store) for store in (STORE, OTHER, "9", SYSTEM)}


@contextmanager
def rows_of(url: str) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    with psycopg.connect(url, row_factory=dict_row, options=OPTIONS) as rows:
        yield rows


def opened(lines: Sequence[bytes]) -> Lines:
    return lambda: iter(lines)


def take(
    url: str, *files: list[bytes], trusted: Sequence[bytes] = tuple(OURS), takes_unsealed: bool = True
) -> list[Imported]:
    with ImportTables.of(url) as target:
        given = [opened(lines) for lines in files]
        return import_stores(target, given, is_signed, trusted, takes_unsealed=takes_unsealed)


def take_set(url: str, origin: str, exports: dict[str, list[bytes]], *, takes_unsealed: bool = True) -> list[Imported]:
    with rows_of(origin) as rows:
        manifest = manifest_of(rows, exports)
    with ImportTables.of(url) as target:
        files = {f"{store}.jsonl": opened(lines) for store, lines in exports.items()}
        return import_set(target, read_manifest(manifest), files, is_signed, OURS, takes_unsealed=takes_unsealed)


def manifest_of(rows: psycopg.Connection[dict[str, Any]], exports: dict[str, list[bytes]]) -> bytes:
    ledger = Moment(rows)
    heads = {f"{store}.jsonl": ledger.head(store) for store in exports}
    return write_manifest({name: head for name, head in heads.items() if head}, list(ledger.checkpoints()))


def everything(url: str) -> dict[str, list[dict[str, Any]]]:
    """All rows that were imported or made from them, without what only says in which order they came."""
    tables = ("ledger", "heads", "stores", "runs", "item_events", "prices", "price_history")
    with rows_of(url) as rows:
        found = {table: rows.execute(f"SELECT * FROM {table}").fetchall() for table in tables}  # type: ignore[arg-type]
    for row in found["price_history"]:
        row.pop("id")
    return {table: sorted(lines, key=str) for table, lines in found.items()}


async def answers(url: str, paths: Sequence[str], store: str = STORE) -> dict[str, Any]:
    """What the pages of a store show, without the cursors, which are each installation's own."""
    container = build(settings_for(url, audit_keys=KEY), ManualClock(NOW))
    key = NewKey.generate(container.settings.api_key_pepper)
    with rows_of(url) as rows:
        rows.execute("DELETE FROM api_keys")
        rows.execute(
            "INSERT INTO api_keys (key_id, key_hash, scope, label) VALUES (%s, %s, 'operator', 'test')",
            (key.key_id, key.key_hash),
        )
    headers = {"Authorization": f"Bearer {key.key.get_secret_value()}"}
    found: dict[str, Any] = {}
    async with AsyncClient(transport=ASGITransport(build_api(container)), base_url="http://audit") as client:
        for path in paths:
            answer = await client.get(f"/stores/{store}/{path}", params={"limit": 100, "at": LATER}, headers=headers)
            assert answer.status_code == 200, f"{path}: {answer.text}"
            found[path] = answer.json()
            if isinstance(found[path], dict):
                found[path].pop("next", None)
    container.close()
    return found


async def test_a_whole_installation_is_the_same_one_elsewhere(
    origin: str, clean: str, exports: dict[str, list[bytes]]
) -> None:
    with rows_of(origin) as rows:
        event_id = rows.execute("SELECT event_id FROM ledger WHERE type LIKE '%PriceApplied%' LIMIT 1").fetchone()
    assert event_id is not None
    paths = [*PATHS, f"items/1/receipts/{event_id['event_id']}"]
    assert all(one.is_new for one in take_set(clean, origin, exports))
    assert everything(clean) == everything(origin)
    there = await answers(clean, paths)
    assert there == await answers(origin, paths)
    assert len(there["timeline"]["items"]) > 30 and there["items/1/receipts"]["items"], "there is something to compare"
    receipt = encode(there[paths[-1]]) + b"\n"
    assert verify([receipt])["ok"], "with the origin's key"
    with rows_of(clean) as rows:
        assert prove(rows).broken is None
        assert {store: export(rows, store) for store in exports} == exports
    assert not any(one.is_new for one in take_set(clean, origin, exports)), "again: nothing changes"


async def test_one_store_is_the_same_in_a_clean_installation_which_seals_it_itself(
    origin: str, clean: str, exports: dict[str, list[bytes]]
) -> None:
    (imported,) = take(clean, exports[STORE])
    assert imported.is_new and imported.sealed == len(exports[STORE]) - 3
    container = build(settings_for(clean, audit_keys=KEY), ManualClock(NOW))
    assert container.sealer is not None and container.sealer.seal_if_due() is not None
    own = [path for path in PATHS if path not in ("items/1/receipts", "stops")]
    assert await answers(clean, own) == await answers(origin, own)
    here = await answers(clean, ["items/1/receipts"])
    for line in here["items/1/receipts"]["items"]:
        assert verify([container.receipts.receipt(STORE, line["event_id"])])["ok"]
    container.close()
    before = everything(clean)
    (again,) = take(clean, exports[STORE])
    assert not again.is_new and everything(clean) == before
    with rows_of(clean) as rows:
        assert prove(rows).broken is None


def test_another_chain_of_the_store_is_not_mixed_in(clean: str, exports: dict[str, list[bytes]]) -> None:
    container = build(settings_for(clean))
    streams = Streams(container, dict.fromkeys(SERVICES, 500))
    streams.deliver(observed(STORE, ("1", 500)), *price_change(STORE, "1", 500, 400))
    container.close()
    before = everything(clean)
    with pytest.raises(OccupiedStore, match=f"store {STORE} has 8 entries here"):
        take(clean, exports[OTHER], exports[STORE])
    assert everything(clean) == before, "and the file that could have come in did not"


def test_what_no_given_key_proves_is_refused(clean: str, exports: dict[str, list[bytes]]) -> None:
    with pytest.raises(UntrustedExport):
        take(clean, exports[STORE], trusted=[FOREIGN.public_key])
    with pytest.raises(IncompleteSet, match="as a set"):
        take(clean, exports[SYSTEM])
    assert not any(everything(clean).values())


def test_an_incomplete_set_is_refused(origin: str, clean: str, exports: dict[str, list[bytes]]) -> None:
    without = {store: lines for store, lines in exports.items() if store != OTHER}
    with pytest.raises(BrokenExport, match="Checkpoint 1: checkpoint"):
        take_set(clean, origin, without)
    assert not any(everything(clean).values())


@pytest.fixture(scope="module")
def nowhere(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """A clean installation in which nothing ever stays."""
    with installation(postgres_server, told=False) as url:
        yield url


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_no_mutation_of_a_file_comes_in(nowhere: str, exports: dict[str, list[bytes]], data: st.DataObject) -> None:
    lines = list(exports[STORE])
    place = data.draw(st.integers(1, len(lines) - 1))
    what = data.draw(st.sampled_from(["changed", "dropped", "swapped", "repeated", "header"]))
    if what == "dropped":
        del lines[place]
    elif what == "repeated":
        lines.insert(place, lines[place])
    elif what == "swapped":
        other = data.draw(st.integers(1, len(lines) - 1).filter(lambda other: other != place))
        lines[place], lines[other] = lines[other], lines[place]
    else:
        line = 0 if what == "header" else place
        spoiled = bytearray(lines[line])
        at = data.draw(st.integers(0, len(spoiled) - 2))
        spoiled[at] = data.draw(st.integers(32, 126).filter(lambda value: value != spoiled[at]))
        lines[line] = bytes(spoiled)
    with pytest.raises(ImportRefused):
        take(nowhere, lines)
    with rows_of(nowhere) as rows:
        assert rows.execute("SELECT count(*) AS n FROM heads").fetchone() == {"n": 0}


def test_the_first_broken_place_is_named(nowhere: str, exports: dict[str, list[bytes]]) -> None:
    lines = list(exports[STORE])
    said = json.loads(lines[20])
    lines[20] = encode(said | {"data": "{}"}) + b"\n"
    with pytest.raises(BrokenExport, match=f"Store {STORE}, entry 20: changed"):
        take(nowhere, lines)
    lines[20] = b"nonsense\n"
    with pytest.raises(UnreadableExport, match="entry 20 of store"):
        take(nowhere, lines)


def test_a_trusted_key_proves_nothing_after_its_checkpoint(
    origin: str, clean: str, exports: dict[str, list[bytes]]
) -> None:
    with pytest.raises(UntrustedExport, match=f"the last 2 entries of store {STORE} are sealed by nobody"):
        take(clean, exports[STORE], takes_unsealed=False)
    with pytest.raises(UntrustedExport, match=f"store {STORE} are sealed"):
        take_set(clean, origin, exports, takes_unsealed=False)
    assert not any(everything(clean).values())
    (unproven,) = take(clean, exports[OTHER], trusted=[])
    assert (unproven.unsealed, take(clean, exports[STORE])[0].unsealed) == (0, 2)
    (sealed,) = take(clean, exports[OTHER], takes_unsealed=False)
    assert sealed.header.head.seq == sealed.sealed


def test_that_a_checkpoint_was_sealed_is_proven_by_the_checkpoint(origin: str, exports: dict[str, list[bytes]]) -> None:
    with rows_of(origin) as rows:
        manifest = read_manifest(manifest_of(rows, exports))
    entries = list(read_entries(SYSTEM, iter(exports[SYSTEM][1:])))
    announcement = next(entry for entry in reversed(entries) if entry.service == "audit")
    for entry, count in (
        (announcement, 0),
        (replace(announcement, data=announcement.data.replace(b'"stores":', b'"stores":1')), 1),
        (replace(announcement, data=announcement.data.replace(b'"number":', b'"number":9')), 1),
        (entries[-1], 1),
    ):
        seen = Unsealed(0, manifest.checkpoints)
        seen.see(entry)
        assert seen.count == count


@pytest.mark.parametrize("store_id", ["../../etc", "/tmp/x", "77\n", "", 77])
def test_what_is_no_store_leads_to_no_file(exports: dict[str, list[bytes]], store_id: str | int) -> None:
    header = encode(json.loads(exports[STORE][0]) | {"store_id": store_id}) + b"\n"
    with pytest.raises(UnreadableExport):
        read_header(header)
    line = {"file": "x.jsonl", "store_id": store_id, "length": 1, "head": "00" * 32}
    for spoiled in (line, line | {"store_id": STORE, "file": 7}):
        with pytest.raises(UnreadableExport):
            read_manifest(encode({"format": "thaman-ledger-set-1", "files": [spoiled], "checkpoints": []}) + b"\n")
    with pytest.raises(ValueError, match="store's id"):
        file_of(str(store_id) if store_id != 77 else "x", 1, 2)


def test_stores_are_claimed_in_the_order_in_which_the_worker_locks_them(
    nowhere: str, exports: dict[str, list[bytes]]
) -> None:
    claimed: list[str] = []

    class Noting(ImportTables):
        def claim(self, store_id: str) -> Head | None:
            claimed.append(store_id)
            return super().claim(store_id)

    with pytest.raises(IncompleteSet), Noting.of(nowhere) as target:
        files = [opened(exports[store]) for store in (SYSTEM, OTHER, "9", STORE)]
        import_stores(target, files, is_signed, ())
    assert claimed == sorted(claimed) and len(claimed) == 4
