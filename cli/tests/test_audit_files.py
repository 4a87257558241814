"""``thaman audit export`` and ``import``: Parquet loses no byte, and what one installation writes another takes in."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from thaman_audit.adapters.archive import Archive
from thaman_audit.errors import UnreadableExport
from thaman_audit.ledger_export import FORMAT, entry_fields
from thaman_audit.testing import signing_key
from thaman_audit.testing_proofs import STORE, tell_story
from thaman_audit.verify import Entry, entry_hash
from thaman_cli.ledger_files.parquet import read_parquet, write_parquet
from thaman_cli.main import main
from thaman_cli.world.reading import Reading, connect, select
from thaman_contracts.envelope import encode
from thaman_kit.database import load_queries
from thaman_kit.embedded import EmbeddedPostgres
from thaman_kit.migrate import migrate
from thaman_kit.testing import own_database, template_database

Captured = pytest.CaptureFixture[str]
PUBLIC = signing_key().public_key.hex()
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
NUMBER = st.integers(-(2**63), 2**63 - 1)
INSTANT = st.datetimes(datetime(1970, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC))
OURS = st.sampled_from(
    ["thaman.audit.CheckpointSealed.v1", "thaman.optimizer.PriceProposed.v12", "a.b.c.v", "a.b.c.v²"]
)
IDS = st.sampled_from(["5a1f6c5e-7d0b-5d0e-9f3b-7e6a1c2b4d80:3", ":3", "x:-1", "x:" + "9" * 30])
HASH = st.binary(min_size=32, max_size=32)
ENTRIES = st.lists(
    st.builds(
        Entry, st.just("77"), NUMBER, TEXT | IDS, TEXT, TEXT | OURS, NUMBER, INSTANT, INSTANT,
        TEXT.map(str.encode) | st.binary(max_size=20), HASH, HASH,
    ),
    max_size=8,
)  # fmt: skip


def lines_of(entries: list[Entry]) -> list[bytes]:
    header = {"format": FORMAT, "store_id": "77", "length": 1, "head": "00" * 32, "keys": [], "checkpoints": []}
    return [encode(said) + b"\n" for said in (header, *map(entry_fields, entries))]


@settings(max_examples=15, deadline=None)
@given(entries=ENTRIES)
def test_parquet_gives_the_same_bytes_back(entries: list[Entry]) -> None:
    lines = lines_of(entries)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.parquet"
        assert write_parquet(path, iter(lines)) == len(lines)
        assert list(read_parquet(path)) == lines
        assert list(Path(folder).iterdir()) == [path], "nothing is left beside it"


def test_parquet_has_types_to_ask_questions_of(tmp_path: Path) -> None:
    now = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    kind, event_id = "thaman.optimizer.PriceDecided.v2", "5a1f6c5e-7d0b-5d0e-9f3b-7e6a1c2b4d80:3"
    entry = Entry("77", 1, event_id, "optimizer", kind, 9, now, now, b'{"price":1}', bytes(32), bytes(32))
    entry = replace(entry, hash=entry_hash(entry))
    write_parquet(tmp_path / "x.parquet", iter(lines_of([entry])))
    (row,) = pyarrow.parquet.read_table(tmp_path / "x.parquet").to_pylist()
    told = {"name": "PriceDecided", "schema_version": 2, "originator_id": event_id[:-2], "version": 3}
    assert row == {name: getattr(entry, name) for name in Entry.__dataclass_fields__} | told


@pytest.mark.parametrize(("column", "value"), [("name", "Other"), ("store_id", "78"), ("version", 4)])
def test_a_column_that_does_not_fit_is_refused(tmp_path: Path, column: str, value: Any) -> None:
    now, path = datetime(2026, 11, 24, tzinfo=UTC), tmp_path / "x.parquet"
    entry = Entry(
        "77", 1, "a:3", "optimizer", "thaman.optimizer.PriceDecided.v1", 9, now, now, b"", bytes(32), bytes(32)
    )
    write_parquet(path, iter(lines_of([entry])))
    table = pyarrow.parquet.read_table(path)
    place = table.schema.get_field_index(column)
    spoiled = pyarrow.array([value], table.schema.field(place).type)
    pyarrow.parquet.write_table(table.set_column(place, table.schema.field(place), spoiled), path)
    with pytest.raises(UnreadableExport, match="contradicts itself"):
        list(read_parquet(path))


def _told(url: str) -> None:
    migrate(url, ["audit"])
    tell_story(url)


@pytest.fixture(scope="module")
def databases(postgres_server: EmbeddedPostgres) -> Iterator[tuple[str, str]]:
    """An installation with a story, and a clean one."""

    def clean(url: str) -> None:
        migrate(url, ["audit"])

    with (
        own_database(postgres_server, template=template_database(postgres_server, "cli_audit_story", _told)) as origin,
        own_database(postgres_server, template=template_database(postgres_server, "cli_audit_clean", clean)) as target,
    ):
        yield origin, target


def test_an_installation_moves_by_parquet_and_back(
    databases: tuple[str, str], tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def audit(database: str, *arguments: object) -> tuple[int, dict[str, Any]]:
        monkeypatch.setenv("THAMAN_DATABASE_URL", database)
        with pytest.raises(SystemExit) as caught:
            main(["audit", *map(str, arguments), "--json"])
        assert isinstance(caught.value.code, int)
        return caught.value.code, json.loads(capsys.readouterr().out)

    monkeypatch.setenv("THAMAN_HOME", str(tmp_path / "home"))
    origin, target = databases
    lines, again, whole = tmp_path / "a.jsonl", tmp_path / "b.jsonl", tmp_path / "whole"
    assert audit(origin, "export", "--store", STORE, "--file", lines)[0] == 0
    code, said = audit(origin, "export", "--all", "--dir", whole, "--format", "parquet")
    assert (code, said["stores"]) == (0, 4)
    # With its colon: four digits alone are sometimes part of a hash, and then an earlier entry is the first wrong one.
    (tmp_path / "spoiled.jsonl").write_bytes(lines.read_bytes().replace(b":9901,", b":9902,", 1))
    code, said = audit(target, "import", tmp_path / "spoiled.jsonl", "--key", PUBLIC)
    assert code == 11 and f"Store {STORE}, entry" in said["why"]
    (spoiled := tmp_path / "set").mkdir()
    (spoiled / "manifest.json").write_bytes(
        encode({"format": "thaman-ledger-set-1", "files": [{"file": 7}], "checkpoints": []}) + b"\n"
    )
    code, said = audit(target, "import", spoiled)
    assert code == 11 and "the manifest cannot be read" in said["why"]
    code, said = audit(target, "import", whole, "--key", PUBLIC)
    assert code == 11 and f"the last 2 entries of store {STORE} are sealed by nobody" in said["why"]
    code, said = audit(target, "import", whole, "--key", PUBLIC, "--unsealed")
    assert [one["unsealed"] for one in said["stores"]] == [2, 0, 0, 0]
    assert (code, said["checkpoints"], [one["new"] for one in said["stores"]]) == (0, 4, [True] * 4)
    assert audit(target, "export", "--store", STORE, "--file", again)[0] == 0
    assert again.read_bytes() == lines.read_bytes()
    with pytest.raises(SystemExit):
        main(["audit", "import", str(lines)])
    assert f"Of store {STORE} the last 2 entries are sealed by nobody." in capsys.readouterr().out
    code, said = audit(target, "import", lines, "--key", PUBLIC, "--unsealed")
    assert (code, [one["new"] for one in said["stores"]]) == (0, [False])
    code, said = audit(target, "verify", "--key", PUBLIC)
    assert (code, said["ok"], said["checkpoints"]) == (0, True, 4)
    assert audit(target, "export", "--store", STORE)[0] == 2
    assert audit(target, "import", tmp_path / "nothing.jsonl")[0] == 2
    with psycopg.connect(target) as rows:
        rows.execute("INSERT INTO audit.heads VALUES ('../out', 1, '')")
    code, said = audit(target, "export", "--all", "--dir", tmp_path / "inside")
    assert code != 0 and "'../out' is no store's id" in said["why"] and not list(tmp_path.glob("out*"))


def test_an_archive_goes_on_answering_and_says_what_is_missing(
    postgres_server: EmbeddedPostgres, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def thaman(*arguments: object) -> tuple[int, dict[str, Any]]:
        with pytest.raises(SystemExit) as caught:
            main([*map(str, arguments), "--json"])
        assert isinstance(caught.value.code, int)
        return caught.value.code, json.loads(capsys.readouterr().out)

    def references(url: str) -> list[dict[str, Any]]:
        query = load_queries("thaman_cli", "isolation.sql")["references"].format()
        with psycopg.connect(url, row_factory=dict_row) as rows:
            return rows.execute(query.encode(), {"store": None, "limit": 50}).fetchall()

    def ledger(url: str) -> list[dict[str, Any]]:
        with connect(url) as rows:
            return Archive(Reading(rows)).filled(select(rows, "ledger"))

    place, elsewhere = tmp_path / "archive", tmp_path / "elsewhere"
    template = template_database(postgres_server, "cli_audit_story", _told)
    with own_database(postgres_server, template=template) as url:
        monkeypatch.setenv("THAMAN_DATABASE_URL", url)
        monkeypatch.setenv("THAMAN_HOME", str(tmp_path / "home"))
        why, spoken, checked = thaman("why", STORE, "2", "--at", "2026-11-28"), references(url), ledger(url)
        assert thaman("audit", "archive", "--dir", place)[0] == 2, "nobody said what is old"
        code, said = thaman("audit", "archive", "--dir", place, "--before", "2026-11-25")
        assert (code, said["entries"]) == (0, 0), "nothing was recorded so early"
        code, said = thaman("audit", "archive", "--dir", place, "--before", "2999-01-01")
        assert code == 0 and said["entries"] == sum(one["last"] for one in said["files"]) > 33
        assert thaman("why", STORE, "2", "--at", "2026-11-28") == why
        code, said = thaman("audit", "archive", "--dir", elsewhere, "--before", "2999-01-01")
        assert code == 11 and str(place) in said["why"] and str(elsewhere) in said["why"]
        assert references(url) == spoken, "what `audit isolation` looks at"
        assert ledger(url) == checked, "what `check-world` looks at"
        place.rename(elsewhere)
        code, said = thaman("why", STORE, "2", "--at", "2026-11-28")
        assert code == 11 and "000000000001-000000000033.jsonl" in said["why"]
        code, said = thaman("audit", "verify", "--key", PUBLIC)
        assert (code, said["ok"], len(said["resting"])) == (0, True, 4)
        monkeypatch.setenv("THAMAN_AUDIT_ARCHIVE_DIR", str(elsewhere))
        assert thaman("why", STORE, "2", "--at", "2026-11-28") == why
        code, said = thaman("audit", "verify", "--key", PUBLIC)
        assert (code, said["resting"]) == (0, [])
        code, said = thaman("audit", "archive", "--dir", place, "--before", "2999-01-01")
        assert code == 2 and str(place) in said["why"] and str(elsewhere) in said["why"]
        assert thaman("audit", "archive", "--before", "2999-01-01")[0] == 0, "moved as a whole"
