"""The archive's files: nobody writes over them, they stay in one folder, and are believed by hash alone."""

import json
import shutil
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from thaman_audit import archiving
from thaman_audit.adapters.archive import Archive
from thaman_audit.adapters.archiving import ArchivingTables, Folder
from thaman_audit.adapters.moment import Moment
from thaman_audit.archive_listing import MANIFEST
from thaman_audit.archiving import Archiver
from thaman_audit.bootstrap import build
from thaman_audit.domain.archived import Segment, file_of
from thaman_audit.errors import ArchiveMissing, ArchiveRefused, ArchiveSpoiled
from thaman_audit.ledger_export import entry_fields
from thaman_audit.ledger_read import read_entry
from thaman_audit.queries import price_history
from thaman_audit.testing import settings_for
from thaman_audit.testing_archives import EVER, SIZE, archive, exports, rows_of, stubs, told
from thaman_audit.testing_proofs import ROUNDS, STORE, prove
from thaman_audit.verify import Entry, Head, entry_hash
from thaman_contracts.envelope import encode
from thaman_kit.embedded import EmbeddedPostgres


@pytest.fixture
def url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    with told(postgres_server) as url:
        yield url


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_database_that_knows_nothing_of_a_folder_writes_over_nothing(
    url: str, postgres_server: EmbeddedPostgres, tmp_path: Path
) -> None:
    archive(url, tmp_path)
    before = bytes_of(tmp_path)
    with told(postgres_server) as restored:
        with pytest.raises(ArchiveRefused, match=r"lists '.*restored"):
            archive(restored, tmp_path)
        (tmp_path / MANIFEST).write_bytes(b"{}")
        with pytest.raises(ArchiveRefused, match=r"manifest in .* is none"):
            archive(restored, tmp_path)
        (tmp_path / MANIFEST).unlink()
        spoiled = tmp_path / file_of(STORE, 1, 9)
        spoiled.write_bytes(before[file_of(STORE, 1, 9)] + b"more\n")
        with pytest.raises(ArchiveRefused, match="is there already and is another file"):
            archive(restored, tmp_path)
        assert spoiled.read_bytes().endswith(b"more\n") and STORE not in stubs(restored)
        spoiled.write_bytes(before[file_of(STORE, 1, 9)])
        archive(restored, tmp_path)
        assert bytes_of(tmp_path) == before, "the same files are as good as written"


def test_an_archive_stays_in_one_folder_and_moves_as_a_whole(url: str, tmp_path: Path) -> None:
    files, first, second = exports(url), tmp_path / "first", tmp_path / "second"
    with rows_of(url) as rows:
        row = rows.execute("SELECT recorded_at FROM ledger WHERE store_id = %s AND seq = 20", (STORE,)).fetchone()
    assert row is not None
    archive(url, first, row["recorded_at"])

    def go_on(*, is_set: bool) -> list[Segment]:
        with ArchivingTables.of(url, second) as tables:
            return Archiver(tables, Folder(second), lambda _: None, SIZE, is_set=is_set).archive(EVER)

    for is_set in (False, True):
        with pytest.raises(ArchiveRefused, match=f"{second} is not the archive's folder, which on record is {first}"):
            go_on(is_set=is_set)
    assert not second.exists()
    shutil.move(first, second)
    with pytest.raises(ArchiveRefused, match="THAMAN_AUDIT_ARCHIVE_DIR"):
        go_on(is_set=False)
    assert go_on(is_set=True)
    with rows_of(url) as rows:
        assert prove(rows).resting, "without the setting the first ones are looked for where they were written"
        there = Moment(rows, second)
        assert all(not there.resting(store) and there.altered(store) is None for store in files)


def test_the_causes_of_a_price_are_believed_by_the_hash_of_the_row(url: str, tmp_path: Path) -> None:
    archive(url, tmp_path)
    with closing(build(settings_for(url))) as container:
        whole, _ = price_history(container.tables, STORE, "1", None, 20)
        causes = {step.seq: step.name for view in whole for step in view.chain}
        assert causes
        for path in (tmp_path / STORE).iterdir():
            header, *lines = path.read_bytes().splitlines(keepends=True)
            entries = [read_entry(STORE, line) for line in lines]
            path.write_bytes(header + b"".join(encode(entry_fields(_forged(one))) + b"\n" for one in entries))
        with pytest.raises(ArchiveSpoiled, match=f"entry .* of store {STORE}"):
            price_history(container.tables, STORE, "1", None, 20)


def _forged(entry: Entry) -> Entry:
    """Another body, with the hash that it gives."""
    said = json.loads(entry.data)
    forged = replace(entry, data=encode(said | {"reason": "forged"}))
    return replace(forged, hash=entry_hash(forged))


def test_a_chain_with_bodies_in_files_is_not_whole(url: str, tmp_path: Path) -> None:
    with rows_of(url) as rows:
        assert Moment(rows).is_whole(STORE)
    archive(url, tmp_path)
    with rows_of(url) as rows:
        assert not Moment(rows).is_whole(STORE)


def test_a_file_that_cannot_be_read_is_one_that_is_not_here(url: str, tmp_path: Path) -> None:
    archive(url, tmp_path)
    path = tmp_path / file_of(STORE, 1, 9)
    path.unlink()
    path.mkdir()  # as for a file of root's, opening it fails otherwise than by its absence
    with rows_of(url) as rows:
        moment = Moment(rows)
        with pytest.raises(ArchiveMissing, match=r"rest in .*, which cannot be read: Is a directory"):
            list(moment.entries(STORE, 0, None))
        assert [(one.first, one.last) for one in moment.resting(STORE)] == [(1, 9)]
        proof = prove(rows)
    assert proof.broken is None and [one.file for one in proof.resting] == [file_of(STORE, 1, 9)]


def test_checkpoints_are_walked_along_once_for_all_files(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    moved = Moment.moved

    def counted(self: Moment, number: int) -> list[Head]:
        asked.append(number)
        return moved(self, number)

    monkeypatch.setattr(Moment, "moved", counted)
    assert len(archive(url, tmp_path)) > ROUNDS
    assert asked == [*range(1, ROUNDS + 1)]


def test_entries_are_checked_one_by_one_and_not_kept(url: str) -> None:
    with rows_of(url) as rows:
        entries = list(Moment(rows).entries(STORE, 0, None))
    read: list[int] = []

    def counted() -> Iterator[Entry]:
        for entry in entries:
            read.append(entry.seq)
            yield entry

    last = entries[-1]
    checked = archiving._checked(counted(), Head(STORE, 0, bytes(32)), Head(STORE, last.seq, last.hash))
    assert next(checked) == entries[0] and read == [1]
    assert list(checked) == entries[1:]
    short = archiving._checked(iter(entries[:-1]), Head(STORE, 0, bytes(32)), Head(STORE, last.seq, last.hash))
    with pytest.raises(ArchiveRefused, match=f"entry {last.seq} of store {STORE}"):
        list(short)


def test_what_is_remembered_of_files_changes_under_a_lock_and_is_limited(url: str, tmp_path: Path) -> None:
    """Threads of the API share it: what one has just put there, another one may drop."""
    with rows_of(url) as rows:
        entry = next(Moment(rows).entries(STORE, 0, 1))
        shared = Archive(Moment(rows))
    lines = b"{}\n" + encode(entry_fields(entry)) + b"\n"
    segments = [Segment(STORE, 1, 1, f"{n}.jsonl", str(tmp_path), b"", b"", b"", 1) for n in range(40)]
    for segment in segments:
        (tmp_path / segment.file).write_bytes(lines)

    class Guarded(OrderedDict[Any, Any]):
        def __setitem__(self, key: Any, value: Any) -> None:
            assert shared._lock.locked()
            super().__setitem__(key, value)

        def move_to_end(self, key: Any, last: bool = True) -> None:
            assert shared._lock.locked()
            super().move_to_end(key, last)

    shared._places = Guarded()

    def read(turn: int) -> set[bytes]:
        return {shared._data(segments[(turn + n) % 40], 1, entry.hash) for n in range(80)}

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(read, range(4))) == [{entry.data}] * 4
    assert 0 < len(shared._places) < len(segments)
