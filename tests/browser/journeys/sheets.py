"""Part 4: all products taken away as a file, and brought back with costs."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.browser.installation import Installation
from tests.browser.looking import DESK, PHONE
from tests.browser.numbers import amounts_of, rules_of
from tests.browser.person import Come, Person
from thaman_contracts.money import riyals
from thaman_dashboard.product_sheet import COLUMNS
from thaman_kit.language import Language

KEY, NAME, COST = (list(COLUMNS).index(name) for name in ("key", "name", "cost"))
NOT_AN_AMOUNT = "about 12"

Table = list[list[Any]]


def _read_csv(file: Path) -> Table:
    # Excel knows UTF-8 by its mark.
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    with file.open(encoding="utf-8-sig", newline="") as rows:
        return [list(row) for row in csv.reader(rows)]


def _write_csv(file: Path, table: Table) -> None:
    with file.open("w", encoding="utf-8-sig", newline="") as rows:
        csv.writer(rows).writerows(table)


def _read_xlsx(file: Path) -> Table:
    sheet = openpyxl.load_workbook(file).worksheets[0]
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def _write_xlsx(file: Path, table: Table) -> None:
    book = openpyxl.Workbook()
    for row in table:
        book.worksheets[0].append(row)
    book.save(file)


@pytest.mark.parametrize(
    ("language", "width", "kind", "read", "write", "row"),
    [("ar", PHONE, "xlsx", _read_xlsx, _write_xlsx, 1), ("en", DESK, "csv", _read_csv, _write_csv, 3)],
    ids=("xlsx-ar", "csv-en"),
)
def test_a_sheet_goes_out_and_comes_back_with_a_new_cost(
    world: Installation, come: Come, tmp_path: Path, language: Language, width: int, kind: str,
    read: Callable[[Path], Table], write: Callable[[Path, Table], None], row: int,
) -> None:  # fmt: skip
    """The row that is wrong is told and left out; the other is shown, confirmed, and everywhere."""
    store = world.writing
    owner = come(language, width).enter(store)
    owner.open("/products")
    owner.follow("products.sheet.title")
    file = owner.download(owner.page.get_by_role("link", name=owner.says(f"products.sheet.{kind}")), tmp_path)
    table = read(file)
    assert [str(one) for one in table[0]] == [said[language == "en"] for said in COLUMNS.values()]
    assert len(table) - 1 == len(world.items("onboarding", f"/stores/{store}/prices"))

    key, cost = str(table[row][KEY]), 4_321 + row
    table[row][COST] = str(riyals(cost))
    table[row + 1][COST] = NOT_AN_AMOUNT
    write(file, table)
    before = rules_of(world, store)
    _bring(owner, file)
    _fault_is_told(owner, row + 2)
    assert cost in amounts_of(owner.page.locator("#changes").locator("xpath=..").inner_html())
    assert rules_of(world, store) == before, "looking at a sheet changes nothing"
    owner.submit(owner.page.locator("main form button"))
    owner.page.get_by_role("status").first.wait_for()

    after = rules_of(world, store)
    assert after.pop(key)["cost"] == cost
    before.pop(key, None)
    assert after == before, "nothing else was changed"
    owner.open(f"/products/{key}")
    assert cost in amounts_of(owner.page.locator("#facts").locator("xpath=../..").inner_html())
    assert owner.sees(owner.says("products.own_cost"))


def _bring(owner: Person, file: Path) -> None:
    owner.open("/products/sheet")
    owner.page.locator('input[name="sheet"]').set_input_files(file)
    owner.press("products.sheet.look")


def _fault_is_told(owner: Person, row: int) -> None:
    """By the row as the spreadsheet numbers it, with what stands there, and why it cannot be read."""
    [told] = owner.page.locator("#faults ~ div tbody tr").all()
    said = told.inner_text()
    assert str(row) in told.locator("th").inner_text()
    assert NOT_AN_AMOUNT in said and owner.says("products.fault.amount") in said
