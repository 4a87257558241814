"""Receipts and proof packs: they verify alone, show nothing else, and no mutation of them passes."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from thaman_audit.adapters.checkpoints import CheckpointTables
from thaman_audit.adapters.histories import HistoryTables
from thaman_audit.adapters.moment import Moment
from thaman_audit.bootstrap import Container, build
from thaman_audit.domain.histories import CHUNK
from thaman_audit.domain.showing import items_of
from thaman_audit.errors import BackwardChain, NothingToShow, NotSealedYet, SpoiledLedger, UnknownReceipt
from thaman_audit.packs import causes_of, pack_of
from thaman_audit.receipts import Receipts
from thaman_audit.testing import KEY, NOW, settings_for, signing_key
from thaman_audit.testing_packs import DAY, ITEM, OTHER, SECRETS, SIBLING, STORE, SecondDay, story
from thaman_audit.testing_proofs import FOREIGN, verifier, verify
from thaman_contracts.envelope import encode
from thaman_kit.clock import ManualClock
from thaman_kit.embedded import EmbeddedPostgres
from thaman_kit.migrate import migrate
from thaman_kit.testing import ROLE_PASSWORD, own_database, template_database

MANY = settings(max_examples=200, deadline=None)
FILE = Path(__file__).parents[3] / "docs/guides/verify_ledger.py"
FILLER = 2 * CHUNK


@pytest.fixture(scope="module")
def url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """The superuser's address of the story."""

    def prepare(address: str) -> None:
        migrate(address, ["audit"], {"audit": ROLE_PASSWORD})
        story(address, FILLER).close()

    with own_database(postgres_server, template=template_database(postgres_server, "audit_packs", prepare)) as address:
        yield address


@pytest.fixture(scope="module")
def of(url: str) -> Iterator[Container]:
    container = build(settings_for(url, audit_keys=KEY), ManualClock(NOW + 3 * DAY + timedelta(hours=2)))
    yield container
    container.close()


@pytest.fixture(scope="module")
def receipts(of: Container) -> list[bytes]:
    """Receipts of the item's sealed prices, newest first."""
    lines, _ = of.receipts.page(STORE, ITEM, None, 50)
    return [of.receipts.receipt(STORE, line.event_id, ITEM) for line in lines if line.checkpoint is not None]


@pytest.fixture(scope="module")
def pack(of: Container) -> list[bytes]:
    return SecondDay(of).lines()


def broken(lines: list[bytes], noted: tuple[int, bytes] | None = None) -> dict[str, Any]:
    """What is wrong with a file; it must be something."""
    found = verify(lines, noted)
    assert found["ok"] is False and found["broken"] is not None
    place: dict[str, Any] = found["broken"]
    return place


def test_a_receipt_is_proven_by_the_public_key_alone(receipts: list[bytes]) -> None:
    newest, *_, oldest = receipts
    assert len(receipts) == 4
    found = verify([newest])
    assert (found["ok"], found["item"], found["old_base_price"], found["base_price"]) == (True, ITEM, 9_700, 828_282)
    assert found["checkpoint"] == 1 and verify([oldest])["ok"]
    assert not verifier().verify(iter([newest]), {FOREIGN.public_key})["ok"]


def test_a_price_has_one_receipt_though_later_checkpoints_prove_it_too(of: Container, receipts: list[bytes]) -> None:
    event_id = json.loads(receipts[0])["entry"]["event_id"]
    assert of.receipts.receipt(STORE, event_id) == receipts[0]
    digest = verifier().sha256(_statement(receipts[0]))
    assert verify([receipts[0]], (1, digest))["ok"], "a checkpoint that somebody noted"
    assert broken([receipts[0]], (1, bytes(32)))["what"] == "checkpoint"
    assert broken([receipts[0]], (2, digest))["what"] == "checkpoint"


def _statement(receipt: bytes) -> bytes:
    checkpoint = json.loads(receipt)["checkpoint"]
    verifier().parse_statement(checkpoint)
    statement: bytes = verifier().statement_of(checkpoint)
    return statement


def test_what_no_checkpoint_proves_yet_has_no_receipt(of: Container) -> None:
    newest = of.receipts.page(STORE, ITEM, None, 1)[0][0]
    assert (newest.base_price, newest.checkpoint) == (9_600, None)
    with pytest.raises(NotSealedYet) as caught:
        of.receipts.receipt(STORE, newest.event_id)
    assert caught.value.latest == NOW + 3 * DAY


def test_a_receipt_is_of_its_own_store_and_item_and_of_a_price(of: Container, receipts: list[bytes]) -> None:
    event_id = json.loads(receipts[0])["entry"]["event_id"]
    another = next(of.tables.chain(STORE)).event_id
    for store, event, item in ((OTHER, event_id, None), (STORE, event_id, SIBLING), (STORE, another, None)):
        with pytest.raises(UnknownReceipt):
            of.receipts.receipt(store, event, item)


def test_the_pack_verifies_alone_and_shows_the_day_whole(of: Container, pack: list[bytes]) -> None:
    found = verify(pack)
    assert (found["ok"], found["items"], found["checkpoint"]) == (True, [ITEM], 1)
    made = SecondDay(of).pack()
    names = [entry.type.split(".")[2] for entry in made.shown]
    assert names.count("PriceApplied") == 2 and names.count("PriceDecided") == 2 and names.count("CatalogObserved") == 1
    assert found["entries"] == len(made.shown) == 9
    assert [entry.type.split(".")[2] for entry in made.left_out] == ["CatalogObserved", "PriceHeld"]
    assert made.unsealed == 0 and pack_of(of.tables, of.checkpoints, of.histories, STORE, [ITEM]).unsealed == 4
    assert {place["seq"] for place in map(json.loads, pack[1:]) if "data" in place} == {e.seq for e in made.shown}


@pytest.mark.parametrize("what", SECRETS)
def test_the_pack_shows_nothing_else(pack: list[bytes], what: str) -> None:
    whole = b"".join(pack).decode()
    # Digits may be part of a hash; then others stand beside them.
    assert re.search(rf"(?<![0-9a-f]){SECRETS[what]}(?![0-9a-f])", whole) is None


def test_the_secrets_are_on_record_though(of: Container) -> None:
    record = b"".join(entry.data for store in (STORE, OTHER) for entry in of.tables.chain(store)).decode()
    assert [what for what, secret in SECRETS.items() if secret not in record] == []


def test_events_that_name_several_products_are_shown_to_whom_asked_for_all_of_them(of: Container) -> None:
    both = SecondDay(of).pack(ITEM, SIBLING)
    assert both.left_out == () and both.items == [ITEM, SIBLING]
    assert verify(list(both.lines()))["ok"]
    with pytest.raises(NothingToShow):
        SecondDay(of).pack("1")


def _split(whole: bytes) -> list[bytes]:
    return [line + b"\n" for line in whole.removesuffix(b"\n").split(b"\n")]


def _changed_byte(lines: list[bytes], data: st.DataObject) -> list[bytes]:
    whole = bytearray(b"".join(lines))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] = data.draw(st.integers(0, 255).filter(lambda value: value != whole[place]))
    return _split(bytes(whole))


def _put_or_taken(lines: list[bytes], data: st.DataObject) -> list[bytes]:
    whole = b"".join(lines)
    place, put_in = data.draw(st.integers(0, len(whole) - 2)), data.draw(st.binary(max_size=1))
    return _split(whole[:place] + put_in + whole[place + (not put_in) :])


def _without(lines: list[bytes], data: st.DataObject) -> list[bytes]:
    place = data.draw(st.integers(0, len(lines) - 1))
    return lines[:place] + lines[place + 1 :]


def _swapped(lines: list[bytes], data: st.DataObject) -> list[bytes]:
    one, other = data.draw(st.permutations(range(len(lines))))[:2]
    spoiled = list(lines)
    spoiled[one], spoiled[other] = spoiled[other], spoiled[one]
    return spoiled


def _repeated(lines: list[bytes], data: st.DataObject) -> list[bytes]:
    place, copied = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    return [*lines[: place + 1], lines[copied], *lines[place + 1 :]]


def _another_value(lines: list[bytes], data: st.DataObject) -> list[bytes]:
    """One value of one line, however deep, is another; the line stays canonical."""
    number = data.draw(st.integers(0, len(lines) - 1))
    said = json.loads(lines[number])
    part: Any = said
    while True:
        place = data.draw(st.sampled_from(sorted(part) if isinstance(part, dict) else range(len(part))))
        if not isinstance(part[place], dict | list) or not part[place]:
            break
        part = part[place]
    part[place] = data.draw(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just([]) | st.just({})
        | st.sampled_from([_one_more(part[place]), deepcopy(said)])
    )  # fmt: skip
    return [*lines[:number], encode(said) + b"\n", *lines[number + 1 :]]


def _one_more(value: Any) -> Any:
    """The likeliest forgery: the next number, or the text with its last letter changed."""
    if isinstance(value, str):
        return value[:-1] + ("1" if value[-1:] != "1" else "2")
    return value + 1 if isinstance(value, int) else value


def test_a_price_is_shown_with_all_that_led_to_it_and_nothing_else(of: Container, receipts: list[bytes]) -> None:
    event_id = json.loads(receipts[1])["entry"]["event_id"]
    made = causes_of(of.tables, of.checkpoints, of.histories, STORE, event_id)
    names = ["PriceProposed", "PriceDecided", "PriceWriteStarted", "PriceApplied"]
    assert sorted(entry.type.split(".")[2] for entry in made.shown) == sorted(names) and made.left_out == ()
    found = verify(list(made.lines()))
    assert (found["ok"], found["items"], found["entries"]) == (True, [ITEM], 4)
    newest = of.receipts.page(STORE, ITEM, None, 1)[0][0]
    with pytest.raises(NotSealedYet):
        causes_of(of.tables, of.checkpoints, of.histories, STORE, newest.event_id)
    with pytest.raises(UnknownReceipt):
        causes_of(of.tables, of.checkpoints, of.histories, OTHER, event_id)


MUTATIONS: dict[str, Callable[[list[bytes], st.DataObject], list[bytes]]] = {
    "a changed byte": _changed_byte,
    "a byte more or less": _put_or_taken,
    "a dropped line": _without,
    "swapped lines": _swapped,
    "a repeated line": _repeated,
    "a value of another kind or size": _another_value,
}


@pytest.mark.parametrize("how", MUTATIONS)
@MANY
@given(data=st.data())
def test_no_mutation_of_a_pack_passes(pack: list[bytes], how: str, data: st.DataObject) -> None:
    spoiled = MUTATIONS[how](pack, data)
    if b"".join(spoiled) != b"".join(pack):
        broken(spoiled)


@pytest.mark.parametrize("how", ["a changed byte", "a byte more or less", "a value of another kind or size"])
@MANY
@given(data=st.data())
def test_no_mutation_of_a_receipt_passes(receipts: list[bytes], how: str, data: st.DataObject) -> None:
    spoiled = MUTATIONS[how](receipts[:1], data)
    if spoiled != receipts[:1]:
        broken(spoiled)


@MANY
@given(data=st.data())
def test_parts_of_another_receipt_do_not_fit(receipts: list[bytes], data: st.DataObject) -> None:
    one, other = (json.loads(receipts[place]) for place in data.draw(st.permutations(range(4)))[:2])
    names = data.draw(st.sets(st.sampled_from([name for name in one if one[name] != other[name]]), min_size=1))
    mixed = one | {name: other[name] for name in names}
    if mixed not in (one, other):
        broken([encode(mixed) + b"\n"])


def test_a_pack_does_not_prove_that_it_is_all_there_is(pack: list[bytes]) -> None:
    """Whoever hands it on may take an entry back into its hash; then it says so by where it has hashes alone."""
    place, entry = next((at, json.loads(line)) for at, line in enumerate(pack) if b"PriceApplied" in line)
    hash_alone = {"seq": entry["seq"], "entries": 1, "digest": entry["hash"]}
    found = verify([*pack[:place], encode(hash_alone) + b"\n", *pack[place + 1 :]])
    assert found["ok"] and found["entries"] == 8


def test_both_programs_find_the_same_products(of: Container) -> None:
    for entry in of.tables.chain(STORE):
        assert items_of(entry.data) == verifier().items_of(json.loads(entry.data))
    assert items_of(b"\xff") is None


def test_an_entry_of_the_services_own_making_is_not_in_the_signed_history(receipts: list[bytes]) -> None:
    said = json.loads(receipts[0])
    entry = said["entry"]
    entry["data"] = entry["data"].replace("828282", "828283")
    parsed = verifier().entry_of(entry)
    entry["hash"] = verifier().entry_hash(STORE, parsed).hex()
    said |= {"base_price": 828_283, "shelf_price": 828_283}
    assert broken([encode(said) + b"\n"])["what"] == "forged"


def test_what_is_kept_for_proofs_needs_no_trust(of: Container, receipts: list[bytes], url: str) -> None:
    event_id = json.loads(receipts[0])["entry"]["event_id"]
    spoil = {
        "UPDATE checkpoint_histories SET root = sha256('x') WHERE store_id = '88'": SpoiledLedger,
        "UPDATE history_nodes SET hash = sha256('x') WHERE chunk = 0": None,
    }
    for statement, error in spoil.items():
        with psycopg.connect(url, row_factory=dict_row, options="-c search_path=audit") as rows:
            assert rows.execute(statement.encode()).rowcount
            mine = _reading(of, rows)
            if error is not None:
                with pytest.raises(error):
                    mine.receipt(STORE, event_id)
            else:
                assert broken([mine.receipt(STORE, event_id)])["what"] == "forged"
            rows.rollback()


def _reading(of: Container, rows: psycopg.Connection[dict[str, Any]]) -> Receipts:
    """The receipts as a transaction sees them."""
    seen = Moment(rows)
    return replace(of.receipts, checkpoints=CheckpointTables(seen), histories=HistoryTables(seen))


def test_nothing_is_sealed_over_a_history_that_no_longer_is_what_was_sealed(postgres_server: EmbeddedPostgres) -> None:
    template = template_database(postgres_server, "audit_packs", lambda _: None)
    with own_database(postgres_server, template=template) as address:
        container = build(settings_for(address, audit_keys=KEY), ManualClock(NOW + 5 * DAY))
        container.application.database.execute("UPDATE history_nodes SET hash = sha256('x') WHERE chunk = 1")
        assert container.sealer is not None
        with pytest.raises(BackwardChain, match=f"store {STORE} no longer is what checkpoint 1 holds"):
            container.sealer.seal_if_due()
        # Without the nodes they are made anew, and what was sealed comes out again.
        container.application.database.execute("DELETE FROM history_nodes")
        assert container.sealer.seal_if_due() is not None
        newest = container.receipts.page(STORE, ITEM, None, 1)[0][0]
        assert newest.checkpoint == 2 and verify([container.receipts.receipt(STORE, newest.event_id)])["ok"]
        nodes = container.application.database.fetch_all("SELECT chunk FROM history_nodes ORDER BY chunk")
        assert [row["chunk"] for row in nodes] == [0, 1]
        container.close()


def test_the_program_says_what_a_receipt_and_a_pack_prove(
    receipts: list[bytes], pack: list[bytes], tmp_path: Path
) -> None:
    def run(lines: list[bytes]) -> "subprocess.CompletedProcess[str]":
        file = tmp_path / "file"
        file.write_bytes(b"".join(lines))
        command = [sys.executable, "-I", str(FILE), str(file), "--key", signing_key().public_key.hex()]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    price = run(receipts[:1])
    assert price.returncode == 0 and price.stdout.startswith(f"Store {STORE}, item {ITEM}: the price was 8282.82 from ")
    shown = run(pack)
    assert shown.returncode == 0 and f"all 9 entries shown hold, of {ITEM}" in shown.stdout
    assert run(pack[:-1]).returncode == 1
