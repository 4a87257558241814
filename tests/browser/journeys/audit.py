"""Part 7: what is on record, and files that prove it without us."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.installation import Installation
from tests.browser.looking import DESK, PHONE
from tests.browser.person import Come, Person
from thaman_kit.language import Language
from thaman_kit.testing import wait_until

VERIFIER = Path(__file__).parents[3] / "docs/guides/verify_ledger.py"
HOLDS, BROKEN = 0, 1
LINES_ON_A_PAGE = 25
A4_AND_MORE = 10_000
"""Bytes: an empty page printed to a file has a tenth of that."""


@pytest.mark.parametrize(("language", "width"), [("ar", PHONE), ("en", DESK)])
def test_the_timeline_is_searched_and_the_chain_is_verified(
    world: Installation, come: Come, language: Language, width: int
) -> None:
    """By kind, product, actor and day; the walk counts as many entries as the audit's own."""
    reader, store = come(language, width).enter(world.writing, "viewer"), world.writing
    applied = world.items("optimizer", f"/stores/{store}/decisions", state="applied")
    reader.open("/audit")
    reader.page.locator('select[name="kind"]').select_option("PriceApplied")
    reader.press("filter.apply")
    lines = reader.page.locator(".timeline > li")
    wait_until(lambda: _again(reader) == min(len(applied), LINES_ON_A_PAGE), what="a line for each written price")
    assert reader.page.locator('.timeline a[href^="/audit/receipts/"]').count() == lines.count()
    key = applied[0]["item"]
    reader.page.locator('input[name="item"]').fill(key)
    reader.press("filter.apply")
    assert lines.count() == sum(one["item"] == key for one in applied)
    reader.open("/audit?actor=policy")
    assert lines.count() > 0
    reader.open("/audit?since=2199-12-31")
    assert lines.count() == 0 and reader.sees(reader.says("activity.none"))

    reader.open("/audit")
    reader.ask("audit.verify")
    assert reader.sees(reader.says("audit.verify_holds"))
    walked = world.get("audit", f"/stores/{store}/chain/verify")
    assert walked["ok"] and reader.sees(reader.says("audit.verify_walked", n=walked["entries"]))
    answered = reader.page.url
    reader.page.reload()
    assert reader.page.url == answered and reader.sees(reader.says("audit.verify_holds"))
    elsewhere = come(language, width).enter(store, "viewer")
    elsewhere.open(answered)
    assert elsewhere.sees(elsewhere.says("audit.verify_holds"))
    come(language, width).enter(world.asking, "viewer").open(answered, status=404)
    reader.page.go_back()
    assert reader.page.url.removeprefix(world.url) == "/audit"
    reader.open("/audit/verify")
    reader.ask("audit.verify")
    assert reader.page.url != answered, "another walk"


@pytest.mark.parametrize(("language", "width"), [("ar", PHONE), ("en", DESK)])
def test_files_of_the_page_are_proven_by_the_verifier_alone(
    world: Installation, come: Come, tmp_path: Path, language: Language, width: int
) -> None:
    """A receipt, its proof pack and the whole ledger, with the public key that stands on the page of checkpoints."""
    owner, store = come(language, width).enter(world.writing), world.writing
    owner.open("/audit/checkpoints")
    key = owner.page.locator("#keys ~ ul code").first.inner_text()
    assert key in {one["public_key"] for one in world.get("audit", "/audit/keys")["items"]}

    owner.open("/audit/receipts")
    owner.submit(owner.page.locator("main tbody a[href^='/audit/receipts/']").last)
    page = owner.page.url.removeprefix(world.url)
    file = owner.page.locator("a[download]")
    owner.comes_to_see(lambda: file.count() == 2, page, "a checkpoint over the price")
    receipt = owner.download(file.first, tmp_path)
    said = json.loads(receipt.read_text(encoding="utf-8"))
    assert said["store_id"] == store and said["base_price"] in _written(world, said["item"])
    assert _verified(receipt, key) == HOLDS
    assert _verified(owner.download(file.last, tmp_path), key) == HOLDS
    printed = owner.page.pdf(format="A4")
    assert printed.startswith(b"%PDF") and len(printed) > A4_AND_MORE

    forged = tmp_path / "forged.json"
    forged.write_text(receipt.read_text().replace(f'"base_price":{said["base_price"]}', '"base_price":1'))
    assert forged.read_text() != receipt.read_text() and _verified(forged, key) == BROKEN

    owner.open("/audit")
    ledger = owner.download(owner.page.locator('a[href="/audit/ledger"]'), tmp_path)
    assert ledger.name == f"ledger-{store}.jsonl" and _verified(ledger, key) == HOLDS


def _again(person: Person) -> int:
    person.page.reload()
    return person.page.locator(".timeline > li").count()


def _written(world: Installation, item: str) -> set[int]:
    """What Thaman ever sold this for."""
    decisions = world.items("optimizer", f"/stores/{world.writing}/decisions", state="applied", item=item)
    return {one["document"]["base_price"] for one in decisions}


def _verified(file: Path, key: str) -> int:
    """The verifier's answer, in a process that has nothing but the file and the key."""
    done = subprocess.run([sys.executable, VERIFIER, file, "--key", key], capture_output=True, text=True, check=False)
    assert done.returncode in (HOLDS, BROKEN), done.stderr
    return done.returncode
