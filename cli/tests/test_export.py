"""``thaman export``: a run's files in its store's folder, whole or not at all, and errors that say what to do."""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from thaman_audit.bootstrap import build
from thaman_audit.testing import Streams, settings_for
from thaman_audit.testing_runs import FullRun
from thaman_cli.main import main
from thaman_contracts.handover import FILES
from thaman_kit.migrate import migrate

STORE, OTHER = "77", "78"
RUN = FullRun(STORE)
NAMES = [f"{name}.json" for name in FILES]
ADVERSARIAL = ("../escaped", "..", ".", "/escaped", "77/../78", "", "77\n", "٧٧", "C:77", "77\u202e", "1" * 21)

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    migrate(database_url, ["audit"])
    monkeypatch.setenv("THAMAN_DATABASE_URL", database_url)
    return database_url


@pytest.fixture
def streams(database: str) -> Iterator[Streams]:
    container = build(settings_for(database))
    yield Streams(container)
    container.close()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder for the files that lies in another one, so that what gets out of it is seen."""
    return tmp_path / "inside" / "store-data"


def export(capsys: Captured, *arguments: str) -> tuple[int, dict[str, Any]]:
    with pytest.raises(SystemExit) as caught:
        main(["export", *arguments, "--json"])
    assert isinstance(caught.value.code, int)
    return caught.value.code, json.loads(capsys.readouterr().out.splitlines()[-1])


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def run_of(path: Path) -> str:
    found = json.loads(path.read_text(encoding="utf-8"))
    return str(found["run_id"])


def test_a_run_goes_to_its_stores_folder(streams: Streams, place: Path, capsys: Captured) -> None:
    streams.deliver(*RUN.whole(), *FullRun(OTHER).whole())
    code, said = export(capsys, "run", str(RUN.run_id), "--dir", str(place))
    assert (code, said["store_id"], said["complete"]) == (0, STORE, True)
    assert sorted(everything(place)) == [f"{STORE}/{name}" for name in NAMES]
    assert [file["path"] for file in said["files"]] == [str(place / STORE / name) for name in NAMES]
    for name, model in FILES.items():
        text = (place / STORE / f"{name}.json").read_text(encoding="utf-8")
        read = model.model_validate_json(text)
        assert (read.store_id, read.run_id) == (STORE, RUN.run_id)
        assert f'"{OTHER}"' not in text
        assert "السعر" in text or name != "step_2_pricing_decision", "people can read it"


def test_twice_is_the_same_and_other_files_stay(streams: Streams, place: Path, capsys: Captured) -> None:
    streams.deliver(*RUN.whole(), *FullRun(OTHER).whole())
    (place / STORE).mkdir(parents=True)
    (place / STORE / "notes.txt").write_text("mine")
    export(capsys, "run", str(RUN.run_id), "--dir", str(place))
    first = everything(place)
    assert first[f"{STORE}/notes.txt"] == b"mine"
    export(capsys, "run", str(FullRun(OTHER).run_id), "--dir", str(place))
    streams.deliver(*FullRun(STORE, "r2", hours=5).whole())
    export(capsys, "run", str(RUN.run_id), "--dir", str(place))
    both = everything(place)
    assert {name: both[name] for name in first} == first
    assert len(both) == len(first) + 3


def test_a_run_under_way_is_not_complete(streams: Streams, place: Path, capsys: Captured) -> None:
    streams.deliver(RUN.asked(), *RUN.scouting("1"))
    code, said = export(capsys, "run", str(RUN.run_id), "--dir", str(place))
    assert (code, said["complete"]) == (0, False)
    assert {json.loads(content)["complete"] for content in everything(place).values()} == {False}


def test_an_unknown_run_says_what_to_do(streams: Streams, place: Path, capsys: Captured) -> None:
    streams.deliver(*RUN.whole())
    code, error = export(capsys, "run", str(uuid4()), "--dir", str(place))
    assert (code, error["exit_code"]) == (2, 2)
    assert "heard of no run" in error["error"]
    assert "thaman export list" in error["next_step"]
    code, error = export(capsys, "run", "../77", "--dir", str(place))
    assert (code, error["error"]) == (2, "'../77' is not a run's id")
    assert not place.exists()


def test_a_list_names_runs_and_their_stores(streams: Streams, capsys: Captured) -> None:
    assert export(capsys, "list") == (0, {"runs": []})
    streams.deliver(*RUN.whole(), FullRun(OTHER).asked())
    _, said = export(capsys, "list")
    assert {(run["store_id"], run["run_id"], run["status"]) for run in said["runs"]} == {
        (STORE, str(RUN.run_id), "completed"),
        (OTHER, str(FullRun(OTHER).run_id), "requested"),
    }
    _, said = export(capsys, "list", "--store", STORE, "--limit", "1")
    assert [run["store_id"] for run in said["runs"]] == [STORE]


@pytest.mark.parametrize("store_id", ADVERSARIAL)
def test_a_store_id_that_leads_elsewhere_is_refused(
    store_id: str, database: str, place: Path, tmp_path: Path, capsys: Captured
) -> None:
    run_id = uuid4()
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute("INSERT INTO audit.runs (store_id, run_id, latest_at) VALUES (%s, %s, now())", (store_id, run_id))
    code, error = export(capsys, "run", str(run_id), "--dir", str(place))
    assert (code, error["exit_code"]) == (11, 11)
    assert repr(store_id) in error["why"]
    assert list(tmp_path.iterdir()) == []


def test_a_spoiled_ledger_is_refused(streams: Streams, place: Path, capsys: Captured) -> None:
    streams.deliver(*RUN.whole(), RUN.asked().model_copy(update={"store_id": OTHER}))
    code, error = export(capsys, "run", str(RUN.run_id), "--dir", str(place))
    assert code == 11
    assert "check-world" in error["next_step"]
    assert not place.exists()


def test_a_place_that_cannot_be_written_to_is_named(streams: Streams, tmp_path: Path, capsys: Captured) -> None:
    streams.deliver(*RUN.whole())
    (tmp_path / "file").write_text("mine")
    code, error = export(capsys, "run", str(RUN.run_id), "--dir", str(tmp_path / "file"))
    assert code == 2
    assert "--dir" in error["next_step"]
    assert everything(tmp_path) == {"file": b"mine"}


def test_a_full_disk_leaves_the_old_file(
    streams: Streams, place: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = FullRun(STORE, "r2", hours=5)
    streams.deliver(*RUN.whole(), *later.whole())
    export(capsys, "run", str(RUN.run_id), "--dir", str(place))
    before = everything(place)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, error = export(capsys, "run", str(later.run_id), "--dir", str(place))
    assert (code, everything(place)) == (2, before)
    assert "No space left" in error["why"]


def test_a_reader_never_sees_half_a_file(streams: Streams, place: Path, capsys: Captured) -> None:
    runs = [str(run.run_id) for run in (RUN, FullRun(STORE, "r2", hours=5))]
    streams.deliver(*RUN.whole(), *FullRun(STORE, "r2", hours=5).whole())
    export(capsys, "run", runs[0], "--dir", str(place))
    seen: list[str] = []
    faults: list[Exception] = []
    enough = threading.Event()

    def read() -> None:
        try:
            while not enough.is_set():
                seen.extend(run_of(place / STORE / name) for name in NAMES)
        except Exception as error:
            faults.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(10):
        export(capsys, "run", runs[turn % 2], "--dir", str(place))
    enough.set()
    reader.join()
    assert faults == []
    assert set(seen) <= set(runs)
    assert seen
