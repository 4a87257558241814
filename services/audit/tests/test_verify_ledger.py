"""The single-file verifier by itself: no mutation of an export passes, whatever it is."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from thaman_audit.domain.merkle import EMPTY, Tree, leaf_hash, node_hash
from thaman_audit.testing import signing_key
from thaman_audit.testing_proofs import FOREIGN, STORE, export, tell_story, verifier, verify
from thaman_audit.verify import Entry, entry_hash
from thaman_contracts.envelope import encode
from thaman_kit.embedded import EmbeddedPostgres
from thaman_kit.migrate import migrate
from thaman_kit.testing import ROLE_PASSWORD, own_database, template_database

MANY = settings(max_examples=300, deadline=None)
FILE = Path(__file__).parents[3] / "docs/guides/verify_ledger.py"


@pytest.fixture(scope="module")
def lines(postgres_server: EmbeddedPostgres) -> Iterator[list[bytes]]:
    """An export of a store of which everything but the last two entries is sealed."""

    def prepare(url: str) -> None:
        migrate(url, ["audit"], {"audit": ROLE_PASSWORD})
        tell_story(url)

    template = template_database(postgres_server, "audit_story", prepare)
    with (
        own_database(postgres_server, template=template) as url,
        psycopg.connect(url, row_factory=dict_row, options="-c search_path=audit -c timezone=UTC") as rows,
    ):
        yield export(rows)


def broken(lines: list[bytes]) -> dict[str, Any]:
    """What is wrong with an export; it must be something."""
    found = verify(lines)
    assert found["ok"] is False and found["broken"] is not None
    place: dict[str, Any] = found["broken"]
    return place


def test_what_nobody_touched_holds(lines: list[bytes]) -> None:
    found = verify(lines)
    assert (found["ok"], found["entries"], found["sealed"]) == (True, len(lines) - 1, len(lines) - 3)


@MANY
@given(data=st.data())
def test_a_changed_byte_is_found(lines: list[bytes], data: st.DataObject) -> None:
    whole = bytearray(b"".join(lines))
    # Half of them in the header, which is most of what is not hashed line by line.
    place = data.draw(st.integers(0, len(lines[0]) - 1) | st.integers(0, len(whole) - 1))
    whole[place] = data.draw(st.integers(0, 255).filter(lambda value: value != whole[place]))
    broken(_split(bytes(whole)))


def _split(whole: bytes) -> list[bytes]:
    """Lines as a file opened in binary gives them."""
    return [line + b"\n" for line in whole.removesuffix(b"\n").split(b"\n")]


@MANY
@given(data=st.data())
def test_a_byte_put_in_or_taken_out_is_found(lines: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(lines)
    place = data.draw(st.integers(0, len(lines[0]) - 1) | st.integers(0, len(whole) - 2))
    put_in = data.draw(st.binary(max_size=1))
    spoiled = whole[:place] + put_in + whole[place + (not put_in) :]
    broken(_split(spoiled))


@MANY
@given(data=st.data())
def test_a_dropped_line_is_found(lines: list[bytes], data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(lines) - 1))
    found = broken(lines[:place] + lines[place + 1 :])
    what = "cut" if place == len(lines) - 1 else "dropped"
    assert (found["where"], found["seq"], found["what"]) == ("entry", place, what)


@MANY
@given(data=st.data())
def test_swapped_lines_are_found(lines: list[bytes], data: st.DataObject) -> None:
    one, other = sorted(data.draw(st.sets(st.integers(1, len(lines) - 1), min_size=2, max_size=2)))
    spoiled = list(lines)
    spoiled[one], spoiled[other] = spoiled[other], spoiled[one]
    found = broken(spoiled)
    assert (found["where"], found["seq"], found["what"]) == ("entry", one, "swapped")


@MANY
@given(data=st.data())
def test_a_repeated_line_is_found(lines: list[bytes], data: st.DataObject) -> None:
    place, copied = (data.draw(st.integers(1, len(lines) - 1)) for _ in range(2))
    broken([*lines[:place], lines[copied], *lines[place:]])


@MANY
@given(data=st.data())
def test_a_cut_below_a_sealed_length_is_found_though_the_header_fits(lines: list[bytes], data: st.DataObject) -> None:
    left = data.draw(st.integers(0, len(lines) - 4))
    last = json.loads(lines[left])["hash"] if left else "00" * 32
    found = broken([_header(lines, length=left, head=last), *lines[1 : left + 1]])
    assert (found["where"], found["seq"], found["what"]) == ("entry", left + 1, "cut")


@MANY
@given(data=st.data())
def test_a_forged_event_with_a_recomputed_chain_is_found(lines: list[bytes], data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(lines) - 3))
    made, previous = list(lines[:place]), bytes.fromhex(json.loads(lines[place])["prev_hash"])
    for number in range(place, len(lines)):
        said = json.loads(lines[number])
        if number == place:
            said["data"] = said["data"].replace("1", "2", 1) + " "
        entry = verifier().parse_entry(encode(said | {"prev_hash": previous.hex()}) + b"\n")
        previous = verifier().entry_hash(STORE, entry)
        made.append(encode(said | {"prev_hash": entry.prev_hash.hex(), "hash": previous.hex()}) + b"\n")
    made[0] = _header(lines, head=previous.hex())
    found = broken(made)
    assert (found["where"], found["what"]) == ("entry", "forged") and found["seq"] >= place


@MANY
@given(data=st.data())
def test_a_replaced_checkpoint_is_found(lines: list[bytes], data: st.DataObject) -> None:
    checkpoints = json.loads(lines[0])["checkpoints"]
    one, other = data.draw(st.permutations(range(len(checkpoints))))[:2]
    names = data.draw(st.sets(st.sampled_from(sorted(checkpoints[0])), min_size=1))
    spoiled = [dict(checkpoint) for checkpoint in checkpoints]
    spoiled[one] |= {name: checkpoints[other][name] for name in names}
    if spoiled == checkpoints:
        return  # a key is the same in all of them
    broken([_header(lines, checkpoints=spoiled), *lines[1:]])


@pytest.mark.parametrize("place", range(4))
def test_a_checkpoint_taken_out_is_found(lines: list[bytes], place: int) -> None:
    checkpoints = json.loads(lines[0])["checkpoints"]
    del checkpoints[place]
    if place == 3:  # whoever noted the latest one knows
        digest = verifier().sha256(verifier().statement_of(_parsed(lines)["checkpoints"][-1]))
        assert verify([_header(lines, checkpoints=checkpoints), *lines[1:]], (4, digest))["broken"]["seq"] == 4
        return
    broken([_header(lines, checkpoints=checkpoints), *lines[1:]])


def test_checkpoints_of_another_key_are_not_believed_although_the_file_brings_it(lines: list[bytes]) -> None:
    header = json.loads(lines[0])
    key_id = verifier().hashlib.sha256(FOREIGN.public_key).hexdigest()[:32]
    previous = bytes(32)
    for checkpoint in header["checkpoints"]:
        checkpoint |= {"key_id": key_id, "previous_digest": previous.hex()}
        statement = verifier().statement_of(_bytes_of(checkpoint))
        checkpoint["signature"] = FOREIGN.sign(statement).hex()
        previous = verifier().sha256(statement)
    header["keys"] = [{"key_id": key_id, "public_key": FOREIGN.public_key.hex()}]
    spoiled = [encode(header) + b"\n", *lines[1:]]
    assert broken(spoiled)["what"] == "signature"
    assert verifier().verify(iter(spoiled), {FOREIGN.public_key})["ok"], "everything else of it fits"


@MANY
@given(st.binary(max_size=200) | st.lists(st.binary(max_size=40)).map(b"\n".join))
def test_no_rubbish_passes_or_breaks_it(rubbish: bytes) -> None:
    broken(_split(rubbish))


HEADERS: list[dict[str, Any]] = [
    {"checkpoints": []},
    {"checkpoints": {}},
    {"checkpoints": [None]},
    {"checkpoints": 7},
    {"keys": []},
    {"keys": [{}]},
    {"keys": "no"},
    {"format": "thaman-ledger-export-2"},
    {"length": True},
    {"length": 10**30},
    {"length": -1},
    {"head": "AB" * 32},
    {"store_id": "8"},
    {"more": 1},
]


@pytest.mark.parametrize("changes", HEADERS, ids=str)
def test_a_header_that_is_none_is_found(lines: list[bytes], changes: dict[str, Any]) -> None:
    broken([_header(lines, **changes), *lines[1:]])


def test_data_that_are_no_text_are_kept_and_proven(lines: list[bytes]) -> None:
    said = json.loads(lines[1]) | {"data_base64": "AP8="}
    del said["data"]
    entry = verifier().parse_entry(encode(said) + b"\n")
    assert entry.data == b"\x00\xff"
    loose = encode(said | {"data_base64": "AP9="}) + b"\n"
    assert verifier().parse_entry(loose) is None, "bits that base64 leaves unused must not vary"


@given(st.lists(st.binary(max_size=8), max_size=40), st.data())
def test_trees_and_paths_are_those_of_rfc_6962(leaves: list[bytes], data: st.DataObject) -> None:
    tree = Tree()
    names = [f"{place:03}" for place in range(len(leaves))]
    for place in data.draw(st.permutations(range(len(leaves)))):
        tree.put(names[place], leaf_hash(b"to be replaced"))
    tree.root()
    for name, leaf in zip(names, leaves, strict=True):
        tree.put(name, leaf_hash(leaf))
    assert tree.root() == _by_definition(leaves)
    assert tree.path("none such") is None
    for place, leaf in enumerate(leaves):
        way = tree.path(names[place])
        assert way is not None and way[0] == place
        proof = {"index": place, "path": way[1]}
        assert verifier().root_of(leaf_hash(leaf), proof, len(leaves)) == tree.root()
        if len(leaves) > 1:
            moved = {"index": (place + 1) % len(leaves), "path": way[1]}
            assert verifier().root_of(leaf_hash(leaf), moved, len(leaves)) != tree.root() or leaves.count(leaf) > 1


def _by_definition(leaves: list[bytes]) -> bytes:
    if not leaves:
        return EMPTY
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(_by_definition(leaves[:split]), _by_definition(leaves[split:]))


@given(st.binary(max_size=30), st.integers(-(2**63), 2**63 - 1), st.text(max_size=9).filter(str.isprintable))
def test_both_programs_hash_alike(data: bytes, position: int, event_id: str) -> None:
    from datetime import UTC, datetime

    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    ours = Entry("7", 1, event_id, "audit", "t", position, epoch, epoch, data, bytes(32), b"")
    theirs = verifier().Entry(1, event_id, "audit", "t", position, 0, 0, data, bytes(32), b"")
    assert entry_hash(ours) == verifier().entry_hash("7", theirs)


def test_the_program_says_one_sentence_and_an_exit_code(lines: list[bytes], tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(b"".join(lines))
    key = signing_key().public_key.hex()

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        # -I: nothing of ours is on its path.
        command = [sys.executable, "-I", str(FILE), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    good = run(str(file), "--key", key)
    assert (good.returncode, good.stdout.count("\n")) == (0, 1) and "all 35 entries hold" in good.stdout
    assert json.loads(run(str(file), "--key", key, "--json").stdout)["ok"] is True
    file.write_bytes(b"".join(lines[:7] + lines[8:]))
    bad = run(str(file), "--key", key)
    assert bad.returncode == 1
    assert bad.stdout == "Store 77, entry 7: dropped (entry 7 is missing, 8 follows).\n"
    assert run(str(tmp_path / "none"), "--key", key).returncode == 2
    assert run(str(file), "--key", "short").returncode == 2
    assert run(str(file)).returncode == 2


def _header(lines: list[bytes], **changes: Any) -> bytes:
    return encode(json.loads(lines[0]) | changes) + b"\n"


def _parsed(lines: list[bytes]) -> dict[str, Any]:
    found: dict[str, Any] = verifier().parse_header(lines[0])
    return found


def _bytes_of(checkpoint: dict[str, Any]) -> dict[str, Any]:
    return checkpoint | {name: bytes.fromhex(checkpoint[name]) for name in ("root", "previous_digest")}
