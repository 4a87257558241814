#!/usr/bin/env python3
"""Verifies what Thaman's audit gives out, with nothing but the file and a public key: a store's whole ledger
(`thaman audit export`), a proof pack (`thaman audit pack`) or the receipt of a price (`thaman audit receipt`).

    pip install cryptography        # Python 3.11 or later; nothing of Thaman is needed
    python3 verify_ledger.py ledger.jsonl --key zgxbMTmD...=

Prints one sentence. Exit codes: 0 the file holds, 1 it does not (the sentence names the first place), 2 it could not
be checked. docs/guides/verify.md and receipts.md say what is checked, and what that proves.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    sys.exit("verify_ledger.py needs the package cryptography: pip install cryptography")

FORMAT = "thaman-ledger-export-1"
HEADER = {"format", "store_id", "length", "head", "keys", "checkpoints"}
CHECKPOINT = {"number", "sealed_at", "stores", "entries", "root", "previous_digest", "key_id", "signature", "proof"}
PROOF = {"seq", "hash", "index", "path"}
LINE = {"seq", "event_id", "service", "type", "position", "occurred_at", "recorded_at", "prev_hash", "hash"}
SEARCHED = 1_000_000

RECEIPT_FORMAT, PACK_FORMAT = "thaman-receipt-1", "thaman-pack-1"
SEALED_UNDER = {"format", "store_id", "checkpoint", "history"}
RECEIPT = SEALED_UNDER | {
    "item", "old_base_price", "base_price", "shelf_price", "applied_at", "entry", "path"
}  # fmt: skip
PACK = SEALED_UNDER | {"items", "first_at", "last_at"}
STATEMENT = CHECKPOINT - {"proof"}
UNDER = STATEMENT | {"public_key", "histories_root", "histories_signature"}
HISTORY = {"seq", "hash", "root", "index", "path"}
PIECE = {"seq", "entries", "digest"}
APPLIED = "thaman.onboarding.PriceApplied.v1"
NAMED = re.compile(r"\bitem=([0-9]{1,20}(?:/[0-9]{1,20})?)")

Sealed = dict[int, tuple[int, bytes]]


class Broken(Exception):
    """The first place that does not hold. ``where`` is header, checkpoint or entry; ``seq`` its number."""

    def __init__(self, where: str, seq: int, what: str, reason: str) -> None:
        super().__init__(reason)
        self.where, self.seq, self.what, self.reason = where, seq, what, reason


class Entry(NamedTuple):
    """One entry of the chain."""

    seq: int
    event_id: str
    service: str
    type: str
    position: int
    occurred_at: int
    recorded_at: int
    data: bytes
    prev_hash: bytes
    hash: bytes


def number(value: int) -> bytes:
    """Eight bytes, big endian, signed."""
    return value.to_bytes(8, "big", signed=True)


def fields(tag: bytes, *values: bytes | str | int) -> bytes:
    """The hashed form: a tag, then each field with its length in front."""
    plain = (v if isinstance(v, bytes) else v.encode() if isinstance(v, str) else number(v) for v in values)
    return tag + b"".join(number(len(value)) + value for value in plain)


def sha256(data: bytes) -> bytes:
    """The hash of everything here."""
    return hashlib.sha256(data).digest()


def entry_hash(store_id: str, entry: Entry) -> bytes:
    """The hash that an entry's own fields give."""
    return sha256(fields(b"thaman-ledger-1", store_id, *entry[:-1]))


# Reading: every line must be the one canonical form of what it says, so that no byte of it can be another.


def read(line: bytes, keys: set[str]) -> dict[str, Any]:
    """A line's object; ValueError where it is not canonical JSON with exactly these keys."""
    said = json.loads(line)
    if not isinstance(said, dict) or said.keys() != keys or canonical(said) != line:
        raise ValueError("not in its canonical form")
    return said


def canonical(said: dict[str, Any]) -> bytes:
    """Keys sorted, no spaces, UTF-8, one line."""
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"


def whole(value: Any) -> int:
    """A whole number of eight bytes."""
    if type(value) is not int:
        raise ValueError("not a whole number")
    number(value)
    return value


def text(value: Any) -> str:
    """A string."""
    if not isinstance(value, str):
        raise ValueError("not text")
    return value


def unhex(value: Any, size: int) -> bytes:
    """So many bytes in lower case hexadecimal."""
    found = bytes.fromhex(text(value))
    if len(found) != size or found.hex() != value:
        raise ValueError("not hexadecimal of the right length")
    return found


def parse_entry(line: bytes) -> Entry | None:
    """The entry of a line, or None where it is none."""
    try:
        return entry_of(read(line, LINE | {"data" if b'"data":' in line else "data_base64"}))
    except (ValueError, OverflowError, TypeError):
        return None


def entry_of(said: dict[str, Any]) -> Entry:
    """The entry that an object says; ValueError and the like where it says none."""
    is_text = "data" in said
    if said.keys() != LINE | {"data" if is_text else "data_base64"}:
        raise ValueError("an entry has other fields")
    data = text(said["data"]).encode() if is_text else base64.b64decode(said["data_base64"], validate=True)
    if not is_text and base64.b64encode(data).decode() != said["data_base64"]:
        raise ValueError("not the one form of base64")
    return Entry(
        whole(said["seq"]), text(said["event_id"]), text(said["service"]), text(said["type"]),
        whole(said["position"]), whole(said["occurred_at"]), whole(said["recorded_at"]), data,
        unhex(said["prev_hash"], 32), unhex(said["hash"], 32),
    )  # fmt: skip


def parse_header(line: bytes) -> dict[str, Any]:
    """The header with keys, hashes and signatures as bytes."""
    try:
        header = read(line, HEADER)
        if header["format"] != FORMAT:
            raise ValueError(f"its format is not {FORMAT}")
        text(header["store_id"])
        whole(header["length"])
        header["head"] = unhex(header["head"], 32)
        for key in header["keys"]:
            key["public_key"] = unhex(key["public_key"], 32)
            text(key["key_id"])
            if key.keys() != {"key_id", "public_key"}:
                raise ValueError("a key has other fields")
        for checkpoint in header["checkpoints"]:
            parse_checkpoint(checkpoint)
    except (ValueError, OverflowError, TypeError, AttributeError, KeyError) as error:
        raise Broken("header", 0, "changed", f"it cannot be read: {error}") from None
    return header


def parse_checkpoint(said: dict[str, Any]) -> None:
    """Turn a checkpoint's hexadecimal into bytes, in place."""
    proof = said["proof"]
    if said.keys() != CHECKPOINT or (proof is not None and proof.keys() != PROOF):
        raise ValueError("a checkpoint has other fields")
    parse_statement(said)
    if proof is not None:
        whole(proof["seq"]), whole(proof["index"])
        proof["hash"] = unhex(proof["hash"], 32)
        proof["path"] = [unhex(sibling, 32) for sibling in proof["path"]]


def parse_statement(said: dict[str, Any]) -> None:
    """Check a statement's fields and turn their hexadecimal into bytes, in place."""
    for name in ("number", "sealed_at", "stores", "entries"):
        whole(said[name])
    text(said["key_id"])
    for name, size in (("root", 32), ("previous_digest", 32), ("signature", 64)):
        said[name] = unhex(said[name], size)


# Checkpoints: each names the one before it, is signed, and holds the store's head in its tree.


def check_checkpoints(header: dict[str, Any], trusted: set[bytes], noted: tuple[int, bytes] | None) -> Sealed:
    """What the checkpoints sealed, by the chain's length: the checkpoint's number, and the last entry's hash then."""
    keys = {key["key_id"]: key["public_key"] for key in header["keys"]}
    sealed: Sealed = {}
    previous, digests, is_held = bytes(32), {}, False
    for place, said in enumerate(header["checkpoints"], start=1):
        statement = statement_of(said)
        check_signature(said, statement, place, previous, keys)
        previous = digests[place] = sha256(statement)
        proof = said["proof"]
        if proof is None and is_held:
            raise Broken("checkpoint", place, "checkpoint", "it does not say where the store is in it")
        if proof is not None:
            is_held = True
            leaf = fields(b"thaman-head-1", header["store_id"], proof["seq"], proof["hash"])
            if root_of(sha256(b"\0" + leaf), proof, said["stores"]) != said["root"]:
                raise Broken(
                    "checkpoint", place, "checkpoint", "the heads that are kept for it are not those it sealed"
                )
            sealed.setdefault(proof["seq"], (place, proof["hash"]))
    check_keys(header, keys, trusted)
    if not sealed:
        raise Broken(
            "header", 0, "checkpoint", "no checkpoint holds this store yet, so nothing proves it; export it later"
        )
    if noted is not None and digests.get(noted[0]) != noted[1]:
        raise Broken("checkpoint", noted[0], "checkpoint", "it is missing, or not the one that was noted")
    return sealed


def statement_of(said: dict[str, Any]) -> bytes:
    """The bytes that a checkpoint's signature is over."""
    names = ("number", "sealed_at", "stores", "entries", "root", "previous_digest", "key_id")
    return fields(b"thaman-checkpoint-1", *(said[name] for name in names))


def check_signature(
    said: dict[str, Any], statement: bytes, place: int, previous: bytes, keys: dict[str, bytes]
) -> None:
    """That a checkpoint is the next one and is signed by the key that it names."""
    if said["number"] != place:
        reason = f"it is missing, checkpoint {said['number']} stands in its place"
        raise Broken("checkpoint", place, "checkpoint", reason)
    if said["previous_digest"] != previous:
        raise Broken("checkpoint", place, "checkpoint", "it does not name the checkpoint before it")
    public_key = keys.get(said["key_id"], b"")
    # A key is called by its own hash, so no other key can take its name.
    if hashlib.sha256(public_key).hexdigest()[:32] != said["key_id"]:
        raise Broken("checkpoint", place, "signature", f"its key is not key {said['key_id']}")
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(said["signature"], statement)
    except (InvalidSignature, ValueError):
        raise Broken("checkpoint", place, "signature", f"key {said['key_id']} did not sign it as it is") from None


def check_keys(header: dict[str, Any], keys: dict[str, bytes], trusted: set[bytes]) -> None:
    """That every key in the header signed something, and a trusted one the latest checkpoint."""
    used = list(dict.fromkeys(said["key_id"] for said in header["checkpoints"]))
    if [key["key_id"] for key in header["keys"]] != used:
        raise Broken("header", 0, "changed", "its keys are not those that signed its checkpoints")
    if used and keys[header["checkpoints"][-1]["key_id"]] not in trusted:
        latest = header["checkpoints"][-1]
        raise Broken("checkpoint", latest["number"], "signature", f"key {latest['key_id']} is none of those given")


def root_of(leaf: bytes, proof: dict[str, Any], size: int) -> bytes | None:
    """The root that a leaf and its siblings give (RFC 9162, 2.1.3.2); None where they do not fit the tree's size."""
    index, last, found = proof["index"], size - 1, leaf
    if not 0 <= index < size:
        return None
    for sibling in proof["path"]:
        if last == 0:
            return None
        if index & 1 or index == last:
            found = sha256(b"\1" + sibling + found)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            found = sha256(b"\1" + found + sibling)
        index, last = index >> 1, last >> 1
    return found if last == 0 else None


# The chain: each entry's hash fits its content and follows the one before.


def check_chain(header: dict[str, Any], lines: Iterable[bytes], sealed: Sealed) -> int:
    """Walk the entries to the end; how many there are."""
    store_id, previous, seq = header["store_id"], bytes(32), 0
    for entry, following in with_following(map(parse_entry, lines)):
        seq += 1
        if entry is None:
            raise Broken("entry", seq, "changed", "its line is not one of an export")
        check_entry(store_id, entry, following, seq, previous, header)
        checkpoint, expected = sealed.get(seq, (0, entry.hash))
        if expected != entry.hash:
            since = max((length for length in sealed if length < seq), default=0)
            reason = f"checkpoint {checkpoint} sealed another hash of this entry"
            raise Broken("entry", seq, "forged", f"the chain was made anew after entry {since}: {reason}")
        previous = entry.hash
    check_end(header, seq, previous, sealed)
    return seq


def with_following(entries: Iterator[Entry | None]) -> Iterator[tuple[Entry | None, Entry | None]]:
    """Each entry with the one after it."""
    nothing = object()
    last: Any = nothing
    for entry in entries:
        if last is not nothing:
            yield last, entry
        last = entry
    if last is not nothing:
        yield last, None


def check_entry(
    store_id: str, entry: Entry, following: Entry | None, seq: int, previous: bytes, header: dict[str, Any]
) -> None:
    """That an entry is the one that belongs here."""
    if entry.seq != seq:
        if entry.seq > seq and (following is None or following.seq > entry.seq):
            raise Broken("entry", seq, "dropped", f"entry {seq} is missing, {entry.seq} follows")
        raise Broken("entry", seq, "swapped", f"entry {entry.seq} stands where entry {seq} belongs")
    if entry.hash != entry_hash(store_id, entry):
        raise changed(store_id, entry, following, header["length"])
    if entry.prev_hash != previous:
        is_original = (following.prev_hash if following else header["head"]) == entry.hash
        if is_original and seq > 1:
            raise Broken(
                "entry", seq - 1, "forged", f"the entry was hashed anew: entry {seq} was made after another one"
            )
        raise Broken("entry", seq, "forged", "the entry was hashed anew: it does not follow the one before it")


def changed(store_id: str, entry: Entry, following: Entry | None, length: int) -> Broken:
    """An entry whose hash does not fit: changed, or one that was given another's number."""
    seq = entry.seq
    for place in range(1, min(max(length, seq) + 2, SEARCHED)):
        if entry_hash(store_id, entry._replace(seq=place)) != entry.hash:
            continue
        moved = following and following._replace(seq=following.seq + place - seq)
        if place > seq and (moved is None or entry_hash(store_id, moved) == moved.hash):
            return Broken("entry", seq, "dropped", f"entry {seq} is missing, {place} was given its number")
        return Broken("entry", seq, "swapped", f"entry {place} was given the place of entry {seq}")
    return Broken("entry", seq, "changed", "the entry was changed: its hash does not fit its content")


def check_end(header: dict[str, Any], seq: int, last: bytes, sealed: Sealed) -> None:
    """That the chain ends where the header and the checkpoints say."""
    longest, length = max(sealed), header["length"]
    if seq < longest:
        reason = f"the chain ends at entry {seq}, checkpoint {sealed[longest][0]} sealed {longest}"
        raise Broken("entry", seq + 1, "cut", reason)
    if seq != length:
        what = "cut" if seq < length else "forged"
        raise Broken("entry", min(seq, length) + 1, what, f"the head says {length} entries, there are {seq}")
    if last != header["head"]:
        raise Broken("entry", seq, "forged", "the head's hash is not that of the last entry")


# Receipts and packs: an entry's hash is a leaf of its store's history, whose root is a leaf of a signed tree.


def check_sealed(said: dict[str, Any], trusted: set[bytes], noted: tuple[int, bytes] | None) -> None:
    """That the store's history is what the checkpoint's key signed; hexadecimal becomes bytes, in place."""
    checkpoint, history = said["checkpoint"], said["history"]
    if checkpoint.keys() != UNDER or history.keys() != HISTORY:
        raise ValueError("a checkpoint or a history has other fields")
    parse_statement(checkpoint)
    whole(history["seq"]), whole(history["index"])
    for part, name, size in (
        (checkpoint, "public_key", 32), (checkpoint, "histories_root", 32), (checkpoint, "histories_signature", 64),
        (history, "hash", 32), (history, "root", 32),
    ):  # fmt: skip
        part[name] = unhex(part[name], size)
    history["path"] = [unhex(sibling, 32) for sibling in history["path"]]
    place, statement, key = checkpoint["number"], statement_of(checkpoint), checkpoint["public_key"]
    check_signature(checkpoint, statement, place, checkpoint["previous_digest"], {checkpoint["key_id"]: key})
    signed = fields(b"thaman-histories-1", sha256(statement), checkpoint["histories_root"])
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(checkpoint["histories_signature"], signed)
    except (InvalidSignature, ValueError):
        raise Broken(
            "checkpoint", place, "signature", f"key {checkpoint['key_id']} did not sign its histories"
        ) from None
    if key not in trusted:
        raise Broken("checkpoint", place, "signature", f"key {checkpoint['key_id']} is none of those given")
    if noted is not None and noted != (place, sha256(statement)):
        raise Broken("checkpoint", noted[0], "checkpoint", "it is not the one that this file stands on")
    leaf = fields(b"thaman-history-1", text(said["store_id"]), history["seq"], history["hash"], history["root"])
    if root_of(sha256(b"\0" + leaf), history, checkpoint["stores"]) != checkpoint["histories_root"]:
        raise Broken("header", 0, "changed", "the store's history is not the one that was signed")


def check_shown(store_id: str, entry: Entry) -> dict[str, Any]:
    """That an entry has the hash its content gives; what it says."""
    if entry.hash != entry_hash(store_id, entry):
        raise Broken("entry", entry.seq, "changed", "the entry was changed: its hash does not fit its content")
    said = json.loads(entry.data)
    if not isinstance(said, dict) or said.get("store_id") != store_id:
        raise Broken("entry", entry.seq, "forged", "it does not speak of this store")
    return said


def check_receipt(line: bytes, following: Iterator[bytes], trusted: set[bytes], noted: Any) -> dict[str, Any]:
    """Verify a receipt; what it proves."""
    said = read(line, RECEIPT)
    if next(following, None) is not None:
        raise ValueError("something follows it")
    check_sealed(said, trusted, noted)
    entry, history = entry_of(said["entry"]), said["history"]
    event = check_shown(said["store_id"], entry)
    proof = {"index": entry.seq - 1, "path": [unhex(sibling, 32) for sibling in said["path"]]}
    if root_of(entry.hash, proof, history["seq"]) != history["root"]:
        raise Broken("entry", entry.seq, "forged", "it is not in the history that was signed")
    told = {name: event[name] for name in ("old_base_price", "base_price", "shelf_price")}
    told |= {"item": item_of(event), "applied_at": entry.occurred_at}
    if entry.type != APPLIED or any(type(said[name]) is not type(told[name]) for name in told):
        raise ValueError("it is not about an applied price")
    if any(said[name] != value for name, value in told.items()):
        raise Broken("header", 0, "changed", "it does not say what its entry says")
    return {"entries": 1, "sealed": history["seq"]} | told


def check_pack(line: bytes, lines: Iterator[bytes], trusted: set[bytes], noted: Any) -> dict[str, Any]:
    """Verify a pack; what it shows."""
    said = read(line, PACK)
    check_sealed(said, trusted, noted)
    size, shown = said["history"]["seq"], list[tuple[Entry, set[str]]]()
    root, is_piece = subtree(said["store_id"], 0, size, lines, shown)
    if root != said["history"]["root"]:
        raise Broken("header", 0, "changed", "its entries and hashes are not the history that was signed")
    if is_piece or next(lines, None) is not None:
        raise ValueError("it shows nothing" if is_piece else "something follows its last entry")
    instants = [entry.occurred_at for entry, _ in shown]
    told = {
        "items": sorted(set().union(*(items for _, items in shown))),
        "first_at": min(instants), "last_at": max(instants),
    }  # fmt: skip
    if any(type(said[name]) is not type(told[name]) or said[name] != told[name] for name in told):
        raise Broken("header", 0, "changed", "its items or times are not those of its entries")
    return {"entries": len(shown), "sealed": size} | told


def subtree(
    store_id: str, first: int, end: int, lines: Iterator[bytes], shown: list[tuple[Entry, set[str]]]
) -> tuple[bytes, bool]:
    """The node over the places from ``first`` up to before ``end``, and whether the pack has only its hash.

    The lines come in the order of the places. A hash stands for as much as it can, so there is one form alone.
    """
    line = next(lines, b"")
    if b'"digest":' in line and b'"event_id":' not in line:
        piece = read(line, PIECE)
        if whole(piece["seq"]) == first + 1 and whole(piece["entries"]) == end - first:
            return unhex(piece["digest"], 32), True
    elif end - first == 1:
        entry = parse_entry(line)
        if entry is None or entry.seq != end:
            raise Broken("entry", end, "changed", "its line is not one of a pack, or another stands in its place")
        items = items_of(check_shown(store_id, entry))
        if not items:
            raise Broken("entry", end, "changed", "it speaks of no product")
        shown.append((entry, items))
        return entry.hash, False
    if end - first == 1 or not line:
        raise Broken("entry", first + 1, "dropped", f"entry {first + 1}, or the hash in its place, is missing")
    middle = first + (1 << (end - first - 1).bit_length() - 1)
    lines = chain([line], lines)
    left, is_left = subtree(store_id, first, middle, lines, shown)
    right, is_right = subtree(store_id, middle, end, lines, shown)
    if is_left and is_right:
        raise ValueError("two hashes stand where one is enough")
    return sha256(b"\1" + left + right), False


def item_of(event: dict[str, Any]) -> str:
    """The key of the item that an event is about."""
    product, variant = text(event["product_id"]), event.get("variant_id")
    return product if variant is None else f"{product}/{text(variant)}"


def items_of(said: Any) -> set[str]:
    """The keys of all items that an event speaks of, wherever in it."""
    if isinstance(said, str):
        return set(NAMED.findall(said))
    if isinstance(said, list):
        return set().union(*map(items_of, said))
    if not isinstance(said, dict):
        return set()
    found = set().union(*map(items_of, said.values()))
    if said.get("product_id") is not None:
        variant = said.get("variant_id")
        found.add(f"{said['product_id']}" if variant is None else f"{said['product_id']}/{variant}")
    keys = said.get("keys")
    return found | {str(key) for key in keys} if isinstance(keys, list) else found


def format_of(line: bytes) -> str:
    """What a file says it is; an export where it says nothing that we know."""
    try:
        said = json.loads(line)["format"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return FORMAT
    return said if said in (RECEIPT_FORMAT, PACK_FORMAT) else FORMAT


def verify(lines: Iterator[bytes], trusted: set[bytes], noted: tuple[int, bytes] | None = None) -> dict[str, Any]:
    """Verify an export, a pack or a receipt line by line; what was found, with ``ok``."""
    first = next(lines, b"")
    kind = format_of(first)
    if kind == FORMAT:
        return verify_export(chain([first], lines), trusted, noted)
    found: dict[str, Any] = {"ok": False, "format": kind, "store_id": None, "checkpoint": None, "broken": None}
    check = check_receipt if kind == RECEIPT_FORMAT else check_pack
    try:
        found |= check(first, lines, trusted, noted)
        said = json.loads(first)
        found |= {"ok": True, "store_id": said["store_id"], "checkpoint": said["checkpoint"]["number"]}
    except Broken as broken:
        found["broken"] = {"where": broken.where, "seq": broken.seq, "what": broken.what, "reason": broken.reason}
    except (ValueError, OverflowError, TypeError, AttributeError, KeyError, RecursionError) as error:
        found["broken"] = {"where": "header", "seq": 0, "what": "changed", "reason": f"it cannot be read: {error}"}
    return found


def verify_export(lines: Iterator[bytes], trusted: set[bytes], noted: tuple[int, bytes] | None) -> dict[str, Any]:
    """Verify an export line by line; what was found, with ``ok``."""
    found: dict[str, Any] = {"ok": False, "store_id": None, "entries": 0, "sealed": 0, "checkpoints": 0, "broken": None}
    try:
        header = parse_header(next(lines, b""))
        found["store_id"] = header["store_id"]
        sealed = check_checkpoints(header, trusted, noted)
        found["checkpoints"] = len(header["checkpoints"])
        found["entries"] = check_chain(header, lines, sealed)
        found["sealed"], found["ok"] = max(sealed), True
    except Broken as broken:
        found["broken"] = {"where": broken.where, "seq": broken.seq, "what": broken.what, "reason": broken.reason}
    return found


def sentence(found: dict[str, Any]) -> str:
    """What was found, for people."""
    broken = found["broken"]
    if broken is None and "format" in found:
        return proven(found)
    if broken is None:
        unsealed = found["entries"] - found["sealed"]
        return (
            f"Store {found['store_id']}: all {found['entries']} entries hold; {found['sealed']} are sealed by"
            f" {found['checkpoints']} checkpoints, {unsealed} came after the latest one."
        )
    where = "Header" if broken["where"] == "header" else f"Checkpoint {broken['seq']}"
    if broken["where"] == "entry":
        where = f"Store {found['store_id']}, entry {broken['seq']}" if found["store_id"] else f"Entry {broken['seq']}"
    return f"{where}: {broken['what']} ({broken['reason']})."


def proven(found: dict[str, Any]) -> str:
    """What a receipt or a pack proves, for people."""
    by = f"checkpoint {found['checkpoint']} proves it"
    if found["format"] == RECEIPT_FORMAT:
        price, at = f"{found['shelf_price'] / 100:.2f}", moment(found["applied_at"])
        return f"Store {found['store_id']}, item {found['item']}: the price was {price} from {at}; {by}."
    return (
        f"Store {found['store_id']}: all {found['entries']} entries shown hold, of {', '.join(found['items'])}, from"
        f" {moment(found['first_at'])} to {moment(found['last_at'])}; {by}. {found['sealed'] - found['entries']}"
        " other entries are hashes alone."
    )


def moment(at: int) -> str:
    """An instant for people, UTC."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).isoformat(timespec="seconds")


def parse_key(given: str) -> bytes:
    """A public key in base64 (as `GET /audit/keys` shows it) or in hexadecimal."""
    try:
        key = bytes.fromhex(given) if len(given) == 64 else base64.b64decode(given, validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise argparse.ArgumentTypeError("is not a public key: 32 bytes in base64 or hexadecimal")
    return key


def parse_noted(given: str) -> tuple[int, bytes]:
    """NUMBER:DIGEST of a checkpoint that was published."""
    place, _, digest = given.partition(":")
    try:
        return int(place), unhex(digest, 32)
    except ValueError:
        raise argparse.ArgumentTypeError("is not NUMBER:DIGEST with 64 hexadecimal digits") from None


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Verifies an export, a proof pack or a receipt of Thaman's audit.")
    parser.add_argument("file", help="the file")
    parser.add_argument("--key", type=parse_key, action="append", required=True, help="a public key that you trust")
    parser.add_argument("--noted", type=parse_noted, help="NUMBER:DIGEST of a published checkpoint that must be in it")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a sentence")
    given = parser.parse_args()
    try:
        with Path(given.file).open("rb") as file:
            found = verify(iter(file), set(given.key), given.noted)
    except OSError as error:
        sys.stderr.write(f"{given.file} could not be read: {error}\n")
        return 2
    sys.stdout.write((json.dumps(found, ensure_ascii=False) if given.json else sentence(found)) + "\n")
    return 0 if found["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
