"""Golden histories of the first release: today's code reads them, folds them, proves them and decides them again."""

import hashlib
import json
import lzma
import re
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.golden.folding import MAPPER, cut_rows, folded, in_order, missing
from tests.golden.history import Golden, read_lines
from thaman_audit.adapters.moment import Moment
from thaman_audit.adapters.signing import is_signed
from thaman_audit.application import envelope_of
from thaman_audit.proving import Prover
from thaman_cli.replaying.again import recomputed
from thaman_cli.replaying.chain import Chain
from thaman_cli.replaying.rebuilding import rebuilt
from thaman_cli.replaying.state import read_models
from thaman_cli.replaying.tables import rows_of
from thaman_cli.world.checks.tokens import CLEAR_TEXT
from thaman_cli.world.facts import load_topics
from thaman_cli.world.reading import connect
from thaman_contracts.compatibility import breaking_changes
from thaman_contracts.generate import schemas as published_schemas
from thaman_contracts.ids import SYSTEM
from thaman_kit.application import EventSourcedApplication
from thaman_kit.domain import TOPICS
from thaman_optimizer.domain.advice import ENGINE_VERSION
from thaman_optimizer.testing import made_again

VERIFIER = Path(__file__).parents[2] / "docs/guides/verify_ledger.py"
SUMS = "e5846a8040c5551218a26af08526dff671f3b950cd97803ac2f2ee9862f53fe1"
"""Of ``SHA256SUMS``. It is no mistake of the files if this fails: put them back. They are never recorded again."""

EVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def topics() -> None:
    load_topics()


def test_nobody_touched_the_files(golden: Golden) -> None:
    sums = (golden.folder / "SHA256SUMS").read_bytes()
    assert hashlib.sha256(sums).hexdigest() == SUMS
    said = dict(line.split("  ")[::-1] for line in sums.decode().splitlines())
    there = {path.relative_to(golden.folder).as_posix(): path for path in golden.folder.rglob("*") if path.is_file()}
    assert set(there) - {"SHA256SUMS"} == set(said)
    assert {name: hashlib.sha256(there[name].read_bytes()).hexdigest() for name in said} == said
    assert sum(path.stat().st_size for path in there.values()) < 600_000


def test_the_files_hold_no_secret(golden: Golden) -> None:
    suspicious = re.compile(
        rf"{CLEAR_TEXT}|Bearer |PRIVATE KEY|\"[a-z_]*(secret|password|access_token|refresh_token)\""
    )
    for path in golden.folder.rglob("*.xz"):
        if path.name != "schemas.json.xz":
            found = suspicious.search(lzma.decompress(path.read_bytes()).decode())
            assert found is None, f"{path.name}: {found}"


def test_every_stored_event_reads_as_it_was_stored(golden: Golden) -> None:
    read = 0
    for _, history in golden.histories():
        for row in history:
            event, state = MAPPER.to_domain_event(row), json.loads(row.state)
            if TOPICS[row.topic].class_version == state.get("class_version", 1):
                now = json.loads(event.model_dump_json())
                assert missing(state, now, row.topic) == []
            read += 1
    assert read > 230


def test_every_history_folds_into_the_recorded_state(golden: Golden) -> None:
    """An aggregate may have gained fields. One that was renamed has to be read under its old name here, too."""
    recorded = {(one["service"], one["originator_id"]): one for one in golden.read("aggregates.json.xz")}
    found = {
        (service, str(history[0].originator_id)): made
        for service, history in golden.histories()
        if (made := folded(history)) is not None
    }
    assert recorded.keys() <= found.keys() and len(recorded) > 60
    assert {one["class"] for one in recorded.values()} >= {"Store", "Run", "Proposal", "PriceWrite", "Schedule", "Key"}
    unlike = {key: missing(one["state"], found[key]["state"], one["class"]) for key, one in recorded.items()}
    assert {key: fields for key, fields in unlike.items() if fields} == {}


def test_every_published_version_of_the_release_still_reads(golden: Golden) -> None:
    now = published_schemas()
    for path, schema in golden.read("schemas.json.xz")["published"].items():
        assert path in now, f"{path} was published by 0.1 and is gone: subscribers still have such events"
        assert breaking_changes(schema, now[path]) == [], f"{path}: give it a new version instead"


def verify_alone(lines: bytes, key: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """The single-file verifier in a process of its own, which sees nothing of the project."""
    (folder / "ledger.jsonl").write_bytes(lines)
    command = [sys.executable, "-I", str(VERIFIER), "ledger.jsonl", "--key", key]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_the_ledger_verifies_without_thaman(golden: Golden, tmp_path: Path) -> None:
    assert {path.name for path in golden.chains()} == {f"{store}.jsonl.xz" for store in (*golden.stores, SYSTEM)}
    for path in golden.chains():
        lines = lzma.decompress(path.read_bytes())
        done = verify_alone(lines, golden.about["public_key"], tmp_path)
        assert done.returncode == 0, f"{path.name}: {done.stdout}{done.stderr}"
    changed = lines[:-200].replace(b"0", b"1", 1) + lines[-200:]
    assert verify_alone(changed, golden.about["public_key"], tmp_path).returncode == 1
    assert verify_alone(lines, "00" * 32, tmp_path).returncode == 1


def test_the_audit_proves_it(golden: Golden, restored: str) -> None:
    with Moment.of(restored) as ledger:
        prover = Prover(ledger, is_signed, [bytes.fromhex(golden.about["public_key"])])
        proof = prover.prove(ledger.store_ids(), lambda _store, _count: None)
    assert proof.broken is None
    assert proof.entries == proof.sealed == sum(len(list(read_lines(path))) - 1 for path in golden.chains()) > 200
    assert proof.is_key_trusted and proof.checkpoints == 2


def test_replay_makes_the_read_models_of_the_release(golden: Golden, restored: str) -> None:
    recorded = golden.read("read_models.json.xz")
    assert set(recorded) == set(golden.stores)
    for store, services in recorded.items():
        with Moment.of(restored) as ledger, rebuilt(restored, Chain(ledger, store, EVER[1]).messages()) as connection:
            require_rows(services, read_models(connection, store))
        assert len(services["optimizer"]["items"]) >= 18


def test_every_decision_is_made_again(golden: Golden, restored: str) -> None:
    """From the golden log, through the optimizer's own folds. A later engine decides otherwise, but reads it all."""
    with closing(EventSourcedApplication.connect("optimizer", restored)) as application:
        with Moment.of(restored) as ledger:
            entries = [entry for store in golden.stores for entry in ledger.entries(store, 0, None)]
        made_again(application, [(envelope_of(one), one.data) for one in entries if one.service == "onboarding"])
        found = {store: recomputed(application, store, *EVER) for store in golden.stores}
    recorded = golden.read("read_models.json.xz")
    with connect(restored) as connection:
        for store, services in recorded.items():
            tables = services["optimizer"]
            again = {table: rows_of(connection, "optimizer", table, store) for table in tables}
            require_rows({"optimizer": tables}, {"optimizer": again})
    told = {store: len(services["optimizer"]["proposals"]) for store, services in recorded.items()}
    assert sum(told.values()) > 60
    for store, one in found.items():
        if golden.about["engine"] == ENGINE_VERSION:
            assert (one.equal, one.different, one.left_out.total()) == (told[store], [], 0)
        else:
            reason = f"decided by the engine {golden.about['engine']}; this release has {ENGINE_VERSION}"
            assert dict(one.left_out) == {reason: told[store]}


def require_rows(recorded: dict[str, Any], now: dict[str, Any]) -> None:
    """That each table has the recorded rows and no others; columns may have been added."""
    for service, tables in recorded.items():
        for table, rows in tables.items():
            unlike = missing(in_order(rows), cut_rows(rows, now[service][table]), f"{service}.{table}")
            assert unlike == []
