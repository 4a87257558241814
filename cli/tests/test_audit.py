"""``thaman audit``: the proof and the export as commands, on a real PostgreSQL, with their exit codes."""

import base64
import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from thaman_audit.adapters.signing import SigningKey
from thaman_audit.testing import KEY, signing_key
from thaman_audit.testing_proofs import FOREIGN, STORE, tell_story
from thaman_cli.main import main
from thaman_kit.embedded import EmbeddedPostgres
from thaman_kit.migrate import migrate
from thaman_kit.testing import own_database, template_database

Captured = pytest.CaptureFixture[str]
LENGTH, SEALED = 35, 33
PUBLIC = signing_key().public_key.hex()
VERIFIER = Path(__file__).parents[2] / "docs/guides/verify_ledger.py"


@pytest.fixture
def database(postgres_server: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    def prepare(url: str) -> None:
        migrate(url, ["audit"])
        tell_story(url)

    with own_database(postgres_server, template=template_database(postgres_server, "cli_audit_story", prepare)) as url:
        monkeypatch.setenv("THAMAN_DATABASE_URL", url)
        monkeypatch.setenv("THAMAN_HOME", str(tmp_path / "home"))
        monkeypatch.delenv("THAMAN_AUDIT_KEYS", raising=False)
        yield url


def spoil(database: str, statement: str) -> None:
    with psycopg.connect(database, autocommit=True) as admin:
        assert admin.execute(statement.encode()).rowcount


def audit(capsys: Captured, *arguments: str) -> tuple[int, dict[str, Any]]:
    with pytest.raises(SystemExit) as caught:
        main(["audit", *arguments, "--json"])
    assert isinstance(caught.value.code, int)
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 1, "one object, whatever happens"
    return caught.value.code, json.loads(out[0])


def test_a_ledger_that_holds(database: str, capsys: Captured) -> None:
    code, said = audit(capsys, "verify", "--key", PUBLIC)
    assert (code, said["ok"], said["key_trusted"], said["stores"], said["checkpoints"]) == (0, True, True, 4, 4)
    code, said = audit(capsys, "verify", "--store", STORE)
    assert (code, said["entries"], said["sealed"], said["key_trusted"]) == (0, LENGTH, SEALED, False)


def test_the_keys_of_this_machine_are_trusted(database: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THAMAN_AUDIT_KEYS", f"k2:{base64.b64encode(bytes(32)).decode()},{KEY.get_secret_value()}")
    code, said = audit(capsys, "verify")
    assert (code, said["key_trusted"]) == (0, True)


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE audit.ledger SET data = 'x' WHERE store_id = '77' AND seq = 20", (STORE, 20, "changed")),
        ("DELETE FROM audit.ledger WHERE store_id = '77' AND seq = 20", (STORE, 20, "dropped")),
        ("UPDATE audit.audit_events SET state = '{}' WHERE originator_version = 2", (None, 2, "checkpoint")),
    ],
)
def test_the_first_broken_place_is_named(
    database: str, capsys: Captured, statement: str, place: tuple[str | None, int, str]
) -> None:
    spoil(database, statement)
    code, said = audit(capsys, "verify", "--key", PUBLIC)
    broken = said["broken"]
    assert (code, said["ok"], (broken["store_id"], broken["seq"], broken["what"])) == (12, False, place)
    with pytest.raises(SystemExit):
        main(["audit", "verify", "--key", PUBLIC])
    sentence = capsys.readouterr().out.strip()
    assert "\n" not in sentence and broken["what"] in sentence and str(broken["seq"]) in sentence


def test_another_key_is_not_trusted(database: str, capsys: Captured) -> None:
    code, said = audit(capsys, "verify", "--key", base64.b64encode(FOREIGN.public_key).decode())
    assert (code, said["broken"]["what"]) == (12, "signature")


def test_a_part_of_a_chain(database: str, capsys: Captured) -> None:
    spoil(database, "UPDATE audit.ledger SET data = 'x' WHERE store_id = '77' AND seq = 20")
    part = ("verify", "--store", STORE, "--key", PUBLIC)
    code, said = audit(capsys, *part, "--from", "21")
    assert (code, said["entries"]) == (0, LENGTH - 20)
    code, said = audit(capsys, *part, "--to", "19")
    assert (code, said["entries"], said["sealed"]) == (0, 19, 17)
    code, said = audit(capsys, *part, "--from", "20", "--to", "20")
    assert (code, said["broken"]["seq"]) == (12, 20)


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "--from", "3"),
        ("verify", "--store", STORE, "--from", "3", "--to", "2"),
        ("verify", "--store", STORE, "--from", "36"),
        ("verify", "--store", "404"),
        ("verify", "--key", "nonsense"),
        ("export", "--store", "404", "--file", "x.jsonl"),
        ("lowest-price", STORE, "404"),
        ("lowest-price", STORE, "1", "--at", "2999-01-01"),
        ("receipt", STORE, "none:1"),
        ("receipt", STORE, "none:1", "--causes"),
        ("receipt", STORE, "none:1", "--causes", "--file", "x.jsonl"),
        ("pack", STORE, "--items", "404", "--file", "x.jsonl"),
        ("pack", "404", "--items", "1", "--file", "x.jsonl"),
        ("pack", STORE, "--items", " ,", "--file", "x.jsonl"),
        ("pack", STORE, "--items", "1", "--from", "2026-11-25", "--to", "2026-11-24", "--file", "x.jsonl"),
    ],
)
def test_what_cannot_be_asked_is_said(
    database: str, capsys: Captured, arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, said = audit(capsys, *arguments)
    assert (code, said["exit_code"]) == (2, 2) and said["error"] and said["next_step"]
    assert not list(tmp_path.glob("*.jsonl"))


def test_stops_and_what_began_in_spite_of_them(database: str, capsys: Captured) -> None:
    code, said = audit(capsys, "stops", STORE)
    assert (code, said["began_after"]) == (0, 0)
    assert audit(capsys, "stops", "nobody")[0] == 2


def test_an_export_is_verified_by_one_file(database: str, capsys: Captured, tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    code, said = audit(capsys, "export", "--store", STORE, "--file", str(file))
    assert (code, said["entries"], said["sealed"]) == (0, LENGTH, SEALED)
    command = [sys.executable, "-I", str(VERIFIER), str(file), "--key", PUBLIC, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert (found["ok"], found["entries"], found["sealed"]) == (True, LENGTH, SEALED)


def test_a_receipt_and_a_pack_are_verified_by_the_same_file(database: str, capsys: Captured, tmp_path: Path) -> None:
    with psycopg.connect(database) as rows:
        found = rows.execute("SELECT event_id FROM audit.ledger WHERE type LIKE '%PriceApplied.v1' ORDER BY seq")
        (event_id,) = found.fetchall()[0]
    receipt, pack = tmp_path / "receipt.json", tmp_path / "pack.jsonl"
    code, said = audit(capsys, "receipt", STORE, event_id, "--file", str(receipt))
    assert (code, said["item"], said["base_price"], said["checkpoint"]) == (0, "1", 9_900, 1)
    code, said = audit(capsys, "receipt", STORE, event_id)
    assert (code, said["receipt"]) == (0, receipt.read_text())
    with pytest.raises(SystemExit):
        main(["audit", "receipt", STORE, event_id])
    assert capsys.readouterr().out == receipt.read_text()
    code, said = audit(capsys, "receipt", STORE, event_id, "--causes", "--file", str(pack))
    assert (code, said["entries"], said["left_out"]) == (0, 4, [])
    dates = ("--from", "2026-11-24T09:30Z", "--to", "2026-11-25")
    code, said = audit(capsys, "pack", STORE, "--items", "1,2", *dates, "--file", str(pack))
    assert (code, said["items"], said["entries"], said["left_out"]) == (0, ["1", "2"], 4 * 5, [])
    for file, entries in ((receipt, 1), (pack, 20)):
        command = [sys.executable, "-I", str(VERIFIER), str(file), "--key", PUBLIC, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert json.loads(done.stdout)["entries"] == entries


def test_discount_licences_are_told(database: str, capsys: Captured) -> None:
    code, said = audit(capsys, "licences", STORE, "--at", "2026-11-25")
    assert (code, said["licences"], said["uncovered"]) == (0, [], [])
    with pytest.raises(SystemExit):
        main(["audit", "licences", STORE, "--at", "2026-11-25"])
    shown = capsys.readouterr().out
    assert "Thaman writes no sale prices" in shown and "لا رخصة مسجلة" in shown
    assert audit(capsys, "licences", "404")[0] == audit(capsys, "licences", STORE, "--at", "2999-01-01")[0] == 2


def test_the_lowest_price_is_told(database: str, capsys: Captured) -> None:
    code, said = audit(capsys, "lowest-price", STORE, "1", "--at", "2026-11-25")
    assert (code, said["price"], said["is_whole"]) == (0, 9_903, False)
    with pytest.raises(SystemExit):
        main(["audit", "lowest-price", STORE, "1", "--at", "2026-11-25", "--days", "7"])
    told = capsys.readouterr().out
    assert "99.03" in told and "the \u20687\u2069 days before" in told and "أدنى سعر" in told


def test_a_new_key_goes_to_a_private_file_and_nowhere_else(tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "audit_keys"
    with pytest.raises(SystemExit) as caught:
        main(["keys", "rotate-audit", "--file", str(file), "--json"])
    assert caught.value.code == 0
    shown = capsys.readouterr()
    made = file.read_text().strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert made.partition(":")[2] not in shown.out + shown.err
    from pydantic import SecretStr

    public_key = SigningKey.parse(SecretStr(made)).public_key
    assert json.loads(shown.out)["public_key"] == base64.b64encode(public_key).decode()
    with pytest.raises(SystemExit) as again:
        main(["keys", "rotate-audit", "--file", str(file), "--json"])
    assert again.value.code == 2 and file.read_text().strip() == made
