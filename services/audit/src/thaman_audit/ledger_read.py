"""A store's export read back, strictly: each line must be the one canonical form of what it says.

What is read here was written by others: nothing of it is believed before :mod:`thaman_audit.ledger_import` has held the
chain and the checkpoints against each other.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from thaman_audit.domain.checkpoints import Checkpoint, Statement
from thaman_audit.domain.histories import SealedHistories
from thaman_audit.domain.store_ids import store_id_of
from thaman_audit.errors import UnreadableExport
from thaman_audit.ledger_export import FORMAT
from thaman_audit.verify import Entry, Head
from thaman_contracts.envelope import encode

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HEADER = {"format", "store_id", "length", "head", "keys", "checkpoints"}
_LINE = {"seq", "event_id", "service", "type", "position", "occurred_at", "recorded_at", "prev_hash", "hash"}
_HASH = 32


@dataclass(frozen=True, slots=True)
class Proven:
    """Where a store is in a checkpoint: its head then, its place among all stores, and the siblings up to the root."""

    head: Head
    index: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """What an export says of itself: the chain's end, and each checkpoint with the store's place in it."""

    head: Head
    checkpoints: tuple[tuple[Checkpoint, Proven | None], ...]


def read_header(line: bytes) -> Header:
    """The first line of an export.

    Raises:
        UnreadableExport: it is none.
    """
    try:
        said = read_object(line)
        if said.keys() != _HEADER or said["format"] != FORMAT:
            raise ValueError(f"it is no {FORMAT}")
        head = head_of(said)
        keys = {text_of(key["key_id"]): _unhex(key["public_key"], _HASH) for key in said["keys"]}
        return Header(
            head,
            tuple(
                (checkpoint_of(one, keys[one["key_id"]]), _proven(head.store_id, one["proof"]))
                for one in said["checkpoints"]
            ),
        )
    except (ValueError, OverflowError, TypeError, KeyError, AttributeError) as error:
        raise UnreadableExport(f"its first line cannot be read: {error}") from error


def head_of(said: dict[str, Any]) -> Head:
    """The end of a store's chain as a header or a manifest names it. Raises what bad values raise."""
    return Head(store_id_of(said["store_id"]), _whole(said["length"]), _unhex(said["head"], _HASH))


def checkpoint_of(said: dict[str, Any], public_key: bytes) -> Checkpoint:
    """A checkpoint as :func:`thaman_audit.ledger_export.checkpoint_fields` wrote it. Raises what bad values raise."""
    statement = Statement(
        number=_whole(said["number"]),
        sealed_at=instant_of(said["sealed_at"]),
        stores=_whole(said["stores"]),
        entries=_whole(said["entries"]),
        root=_unhex(said["root"], _HASH),
        previous=_unhex(said["previous_digest"], _HASH),
        key_id=text_of(said["key_id"]),
    )
    root = said.get("histories_root")
    histories = SealedHistories(_unhex(root, _HASH), _unhex(said["histories_signature"], 64)) if root else None
    return Checkpoint(statement, public_key, _unhex(said["signature"], 64), histories)


def read_entries(store_id: str, lines: Iterator[bytes]) -> Iterator[Entry]:
    """The entries of an export's other lines.

    Raises:
        UnreadableExport: a line is none of an export; the message names it.
    """
    for number, line in enumerate(lines, start=1):
        try:
            yield read_entry(store_id, line)
        except (ValueError, OverflowError, TypeError, KeyError) as error:
            raise UnreadableExport(f"entry {number} of store {store_id} cannot be read: {error}") from error


def read_entry(store_id: str, line: bytes) -> Entry:
    """An entry of its line; ``ValueError``, ``OverflowError``, ``TypeError`` or ``KeyError`` where it is none."""
    said = read_object(line)
    is_text = "data" in said
    if said.keys() != _LINE | {"data" if is_text else "data_base64"}:
        raise ValueError("it has other fields than an entry")
    data = text_of(said["data"]).encode() if is_text else _unbase64(said["data_base64"])
    return Entry(
        store_id=store_id,
        seq=_whole(said["seq"]),
        event_id=text_of(said["event_id"]),
        service=text_of(said["service"]),
        type=text_of(said["type"]),
        position=_whole(said["position"]),
        occurred_at=instant_of(said["occurred_at"]),
        recorded_at=instant_of(said["recorded_at"]),
        data=data,
        prev_hash=_unhex(said["prev_hash"], _HASH),
        hash=_unhex(said["hash"], _HASH),
    )


def instant_of(micros: Any) -> datetime:
    """The instant of whole microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=_whole(micros))


def _proven(store_id: str, said: dict[str, Any] | None) -> Proven | None:
    if said is None:
        return None
    head = Head(store_id, _whole(said["seq"]), _unhex(said["hash"], _HASH))
    return Proven(head, _whole(said["index"]), tuple(_unhex(sibling, _HASH) for sibling in said["path"]))


def read_object(line: bytes) -> dict[str, Any]:
    """The object of a line; ``ValueError`` where the line is not its one canonical form."""
    try:
        said = json.loads(line)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(said, dict) or encode(said) + b"\n" != line:
        raise ValueError("it is not in its canonical form")
    return said


def _whole(value: Any) -> int:
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise ValueError("a number is no whole number of eight bytes")
    return value


def text_of(value: Any) -> str:
    """The same where it is text; ``ValueError`` where it is none."""
    if not isinstance(value, str):
        raise ValueError("what should be text is none")
    return value


def _unhex(value: Any, size: int) -> bytes:
    found = bytes.fromhex(text_of(value))
    if len(found) != size or found.hex() != value:
        raise ValueError("a hash, key or signature is not hexadecimal of the right length")
    return found


def _unbase64(value: Any) -> bytes:
    found = base64.b64decode(text_of(value), validate=True)
    try:
        found.decode()
    except UnicodeDecodeError:
        if base64.b64encode(found).decode() == value:
            return found
    raise ValueError("its data is not in the one form of base64")
