"""A store's export as Parquet: typed columns to ask questions of, and in ``data`` the bytes that were hashed.

The file's metadata has the export's first line under ``thaman.header``. With the columns that are hashed it gives the
JSON Lines back byte by byte. What is worked out from them (``name``, ``schema_version``, ``originator_id``,
``version``) is for readers, and must fit when the file is read.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thaman_audit.errors import UnreadableExport
from thaman_audit.ledger_export import entry_fields
from thaman_audit.ledger_read import instant_of, read_entries, read_header
from thaman_audit.verify import Entry, micros
from thaman_cli.errors import BadUsage
from thaman_contracts.envelope import encode
from thaman_kit.files import beside

if TYPE_CHECKING:
    import pyarrow

SUFFIX = ".parquet"
_HEADER = b"thaman.header"
_ROWS = 10_000
"""Entries in one row group."""


def write_parquet(path: Path, lines: Iterator[bytes]) -> int:
    """Write an export's lines as Parquet and put the file in place at once; how many lines there were.

    Raises:
        BadUsage: pyarrow is not installed.
    """
    pa, pq = _arrow()
    first = next(lines)
    store_id = read_header(first).head.store_id
    schema = _schema(pa).with_metadata({_HEADER: first})
    entries, count = read_entries(store_id, lines), 1
    with beside(path) as place, pq.ParquetWriter(place, schema, compression="zstd") as writer:
        while page := list(islice(entries, _ROWS)):
            columns = {name: [row[name] for row in map(_row, page)] for name in schema.names}
            writer.write_table(pa.Table.from_pydict(columns, schema))
            count += len(page)
    return count


def read_parquet(path: Path) -> Iterator[bytes]:
    """The lines of the export that a Parquet file was made of.

    Raises:
        UnreadableExport: it is none of ours, or a column does not fit the others.
        BadUsage: pyarrow is not installed.
    """
    pa, pq = _arrow()
    try:
        with pq.ParquetFile(path) as file:
            first = (file.schema_arrow.metadata or {}).get(_HEADER)
            if first is None or not file.schema_arrow.equals(_schema(pa)):
                raise UnreadableExport(f"{path} is no export of a ledger: its columns or its header are others")
            yield first
            store_id = read_header(first).head.store_id
            for batch in file.iter_batches(_ROWS):
                yield from _lines(pa, batch, store_id)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableExport(f"{path} cannot be read: {error}") from error


def _lines(pa: Any, batch: "pyarrow.RecordBatch", store_id: str) -> Iterator[bytes]:
    columns = {name: batch.column(name) for name in batch.schema.names}
    for name in ("occurred_at", "recorded_at"):
        columns[name] = columns[name].cast(pa.int64())
    found = [columns[name].to_pylist() for name in columns]
    for values in zip(*found, strict=True):
        row = dict(zip(columns, values, strict=True))
        said = {name: row[name] for name in Entry.__dataclass_fields__}
        try:
            said |= {name: instant_of(said[name]) for name in ("occurred_at", "recorded_at")}
            entry = Entry(**said)
        except (OverflowError, ValueError) as error:
            raise UnreadableExport(f"entry {row['seq']} cannot be read: {error}") from error
        if entry.store_id != store_id or _derived(entry) != {name: row[name] for name in _DERIVED}:
            raise UnreadableExport(f"entry {entry.seq} contradicts itself: a column does not fit the others")
        yield encode(entry_fields(entry)) + b"\n"


def _row(entry: Entry) -> dict[str, Any]:
    fields = {name: getattr(entry, name) for name in Entry.__dataclass_fields__}
    times = {name: micros(fields[name]) for name in ("occurred_at", "recorded_at")}
    return fields | times | _derived(entry)


_DERIVED = ("name", "schema_version", "originator_id", "version")


def _derived(entry: Entry) -> dict[str, Any]:
    """What a type and an event's id say; unknown where they are not formed as ours are."""
    parts = entry.type.split(".")
    is_ours = len(parts) == 4 and parts[3].startswith("v") and _is_number(parts[3][1:])
    originator_id, _, version = entry.event_id.rpartition(":")
    is_versioned = bool(originator_id) and _is_number(version)
    return {
        "name": parts[2] if is_ours else None,
        "schema_version": int(parts[3][1:]) if is_ours else None,
        "originator_id": originator_id if is_versioned else None,
        "version": int(version) if is_versioned else None,
    }


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _schema(pa: Any) -> "pyarrow.Schema":
    text, number, instant, hashed = pa.string(), pa.int64(), pa.timestamp("us", tz="UTC"), pa.binary(32)
    known = {
        "store_id": text, "seq": number, "event_id": text, "service": text, "type": text, "position": number,
        "occurred_at": instant, "recorded_at": instant, "data": pa.binary(), "prev_hash": hashed, "hash": hashed,
    }  # fmt: skip
    derived = {"name": text, "schema_version": number, "originator_id": text, "version": number}
    return pa.schema(
        [pa.field(name, kind, nullable=False) for name, kind in known.items()]
        + [pa.field(name, kind) for name, kind in derived.items()]
    )


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow  # late, and an extra: only who wants Parquet pays for it
        import pyarrow.parquet
    except ImportError as error:
        raise BadUsage(
            "Parquet cannot be read or written here",
            "the package pyarrow is not installed",
            "Install thaman-cli[parquet], or use --format jsonl.",
        ) from error
    return pyarrow, pyarrow.parquet
