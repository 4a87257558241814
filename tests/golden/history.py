"""A release's golden histories: reading the files, and putting them into an empty installation's tables."""

import json
import lzma
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.persistence import StoredEvent
from psycopg import sql

from thaman_contracts.subjects import SERVICES

RELEASE_0_1 = Path(__file__).parent / "release_0_1"
CHECKPOINT_TABLES = ("heads", "checkpoint_heads", "checkpoint_histories", "history_nodes")
"""The audit's tables that are neither its ledger, which the exports have, nor its log."""

_ENTRY = ("event_id", "service", "type", "position")


@dataclass(frozen=True)
class Golden:
    """The files of one release; nothing in them ever changes."""

    folder: Path

    @cached_property
    def about(self) -> dict[str, Any]:
        """``release``, ``stores`` by mode, ``public_key`` (hexadecimal) and ``engine``."""
        found: dict[str, Any] = json.loads((self.folder / "about.json").read_text(encoding="utf-8"))
        return found

    @property
    def stores(self) -> list[str]:
        """The ids of the stores, without the installation itself."""
        return sorted(self.about["stores"].values())

    def chains(self) -> list[Path]:
        """The export of each chain, that of the installation among them."""
        return sorted((self.folder / "ledger").iterdir())

    def stored(self, service: str) -> list[dict[str, Any]]:
        """The rows of a service's log, in their order."""
        return list(read_lines(self.folder / "stored" / f"{service}.jsonl.xz"))

    def histories(self) -> Iterator[tuple[str, list[StoredEvent]]]:
        """The stored events of each originator, with their service."""
        for service in SERVICES:
            rows = sorted(self.stored(service), key=lambda row: (row["originator_id"], row["originator_version"]))
            for _, group in groupby(rows, lambda row: str(row["originator_id"])):
                yield service, [stored_event(row) for row in group]

    def read(self, name: str) -> Any:
        """A compressed JSON file."""
        return json.loads(lzma.decompress((self.folder / name).read_bytes()))


def stored_event(row: dict[str, Any]) -> StoredEvent:
    """A row as the event store gives it."""
    place = UUID(row["originator_id"]), row["originator_version"]
    return StoredEvent(*place, row["topic"], row["state"].encode())


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON values of a compressed file of lines."""
    yield from map(json.loads, lzma.decompress(path.read_bytes()).splitlines())


def restore_logs(golden: Golden, admin_url: str, services: Iterable[str]) -> None:
    """Put the logs of ``services`` into their empty tables, under the positions that they had."""
    with psycopg.connect(admin_url) as connection:
        for service in services:
            table = sql.Identifier(service, f"{service}_events")
            statement = sql.SQL(
                "INSERT INTO {} (notification_id, originator_id, originator_version, topic, state)"
                " OVERRIDING SYSTEM VALUE VALUES (%s, %s, %s, %s, %s)"
            ).format(table)
            rows = [
                (row["notification_id"], row["originator_id"], row["originator_version"], row["topic"], row["state"])
                for row in golden.stored(service)
            ]
            connection.cursor().executemany(statement, [(*row[:4], row[4].encode()) for row in rows])


def restore_ledger(golden: Golden, admin_url: str) -> None:
    """Put the ledger into the audit's empty tables: entries from the exports, checkpoints as they were kept."""
    with psycopg.connect(admin_url, options="-c timezone=UTC") as connection:
        cursor = connection.cursor()
        for path in golden.chains():
            header, *entries = read_lines(path)
            cursor.executemany(_INSERT_ENTRY, [_entry(header["store_id"], one) for one in entries])
        for table, rows in golden.read("checkpoints.json.xz").items():
            for row in rows:
                values = [bytes.fromhex(value["hex"]) if isinstance(value, dict) else value for value in row.values()]
                columns = sql.SQL(", ").join(map(sql.Identifier, row))
                places = sql.SQL(", ").join([sql.Placeholder()] * len(row))
                statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})")
                cursor.execute(statement.format(sql.Identifier("audit", table), columns, places), values)


def _entry(store_id: str, one: dict[str, Any]) -> list[Any]:
    hashes = bytes.fromhex(one["prev_hash"]), bytes.fromhex(one["hash"])
    times = one["occurred_at"], one["recorded_at"]
    return [store_id, one["seq"], *(one[name] for name in _ENTRY), *times, one["data"].encode(), *hashes]


_INSERT_ENTRY = (
    "INSERT INTO audit.ledger (store_id, seq, event_id, service, type, position, occurred_at, recorded_at, data,"
    " prev_hash, hash) VALUES (%s, %s, %s, %s, %s, %s, timestamptz 'epoch' + %s * interval '1 microsecond',"
    " timestamptz 'epoch' + %s * interval '1 microsecond', %s, %s, %s)"
)
