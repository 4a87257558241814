"""Sheets: what is read of the files that people and strangers send, what is told of each cell, and what leaves."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from thaman_dashboard.adapters.sheet_files import MOST_UNPACKED, SheetFiles, safe
from thaman_dashboard.product_sheet import COLUMNS, MOST_ROWS, SheetFault, SheetItem, SheetReading, read_sheet
from thaman_dashboard.product_sheet_ports import SheetUnreadable

FILES = SheetFiles()
ITEM = SheetItem("1", "=SKU", '@عطر, "كبير"', "SAR", 12_950, 6_475, None, 8_000, None, locked=False)
ITEMS = {"1": ITEM, "2/5": replace(ITEM, item_key="2/5", sku=None, cost=4_000, locked=True)}


def read(*rows: Sequence[str], known: Mapping[str, SheetItem] = ITEMS) -> SheetReading:
    return read_sheet(rows, known)


def workbook(*rows: Sequence[Any]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_sheet_that_comes_back_as_it_left_changes_nothing(kind: str, language: str) -> None:
    body = getattr(FILES, kind)(ITEMS.values(), language)
    reading = read_sheet(FILES.read(body), ITEMS)
    assert (reading.changes, reading.faults, reading.unchanged, reading.passed_over) == ([], [], 2, [])


def test_no_cell_that_leaves_is_a_formula() -> None:
    text = FILES.csv(ITEMS.values(), "en").decode("utf-8-sig")
    assert FILES.csv([], "ar").startswith(b"\xef\xbb\xbf") and "'=SKU" in text and '"\'@عطر, ""كبير"""' in text
    assert [safe(sign + "1") for sign in "=+-@\t\r"] == [f"'{sign}1" for sign in "=+-@\t\r"]
    sheet = load_workbook(io.BytesIO(FILES.xlsx(ITEMS.values(), "ar"))).worksheets[0]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "inlineStr"}
    assert sheet.sheet_view.rightToLeft and sheet["D2"].value == 129.5 and sheet["A3"].value == "2/5"
    evil = FILES.xlsx([replace(ITEM, name="a\x0bb")], "en")
    assert load_workbook(io.BytesIO(evil)).worksheets[0]["C2"].value == "ab"


def test_only_columns_that_are_there_change_and_each_change_is_told_with_what_was() -> None:
    reading = read(["رقم المنتج", "COST", "extra"], ["١", " ٤٠٫٠٥ ", "x"], ["2/5", "", ""], ["", "", ""])
    assert [(one.item_key, one.before, one.after) for one in reading.changes] == [
        ("1", {"cost": None}, {"cost": 4_005}),
        ("2/5", {"cost": 4_000}, {"cost": None}),
    ]
    assert (reading.faults, reading.passed_over) == ([], ["extra"])
    (change,) = read(["key", "lowest price", "locked"], ["2/5", "80", "لا"]).changes
    assert (change.before, change.after) == ({"locked": True}, {"locked": False}), "the same limit is no change"


def test_each_error_is_told_with_its_row_and_column_and_its_row_is_left_out() -> None:
    reading = read(
        ["key", "cost", "min_price", "max_price", "locked"],
        ["1", "1,5", "x", "", "maybe"],
        ["9", "1", "", "", ""],
        ["", "1", "", "", ""],
        ["2/5", "0", "90", "80.005", ""],
        ["2/5", "1", "", "", ""],
        ["1", "1,299.50", "90", "80", "no"],
    )
    assert [(fault.row, fault.column, fault.code) for fault in reading.faults] == [
        (2, "cost", "amount"), (2, "min_price", "amount"), (2, "locked", "yes_or_no"),
        (3, "key", "unknown_key"), (4, "key", "no_key"),
        (5, "max_price", "amount"), (5, "cost", "cost_zero"),
        (6, "key", "twice"), (7, "key", "twice"),
    ]  # fmt: skip
    assert reading.changes == [] and reading.unchanged == 0
    (fault,) = read(["key", "min_price", "max_price"], ["1", "90", "80"]).faults
    assert (fault.column, fault.code, fault.found) == ("min_price", "crossed", "90")
    (fault,) = read(["key", "max_price"], ["1", "79.99"]).faults
    assert (fault.column, fault.code) == ("max_price", "crossed"), "against the limit that the sheet leaves"
    assert [one.code for one in read(["key", "cost", "Cost"], ["1", "1", "2"]).faults] == ["column_twice"]
    for heading in ([], [["name", "cost"]], [["key", "name"]]):
        assert [one.code for one in read(*heading).faults] == ["no_heading"]
    assert {one.code for one in reading.faults} <= {SheetFault(1, "key", code, "").code for code in CODES}


CODES = ("no_heading", "column_twice", "no_key", "unknown_key", "twice", "amount", "cost_zero", "crossed", "yes_or_no")


def test_what_programs_save_is_read() -> None:
    for body in (b"key;cost\r\n1;40.05\r\n", b"\xef\xbb\xbfkey,cost\n1,40.05\n", b"key\tcost\n1\t40.05"):
        assert FILES.read(body) == [["key", "cost"], ["1", "40.05"]]
    rows = FILES.read(
        workbook(["key", "cost", "locked"], [1, 40.05, True], ["2/5", Decimal("0.1") + Decimal("0.2"), None])
    )
    assert rows == [["key", "cost", "locked"], ["1", "40.05", "yes"], ["2/5", "0.3"]]
    assert FILES.read(workbook(["key", "cost"], [1305146709, "=1+1"]))[1] == ["1305146709"], "no formula is computed"


def test_what_is_no_sheet_or_too_much_is_refused_with_its_reason() -> None:
    parts: list[dict[str, bytes]] = [{}, {"[Content_Types].xml": b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>"}]
    for body, code in (
        (b"\xff\xfe\x00", "not_utf8"), (b"a\0b", "not_a_sheet"), (b"PK\x03\x04nothing", "not_a_sheet"),
        (b"key,cost\n" + b"1,2\n" * (MOST_ROWS + 1), "too_many_rows"), (b"key," + b"x" * 2_000, "cell_too_long"),
        *((zipped(part), "not_a_sheet") for part in parts),
        (zipped({"xl/a.bin": bytes(MOST_UNPACKED + 1)}), "too_large"),
        (zipped({f"{number}.bin": b"" for number in range(300)}), "too_large"),
    ):  # fmt: skip
        with pytest.raises(SheetUnreadable) as refused:
            FILES.read(body)
        assert refused.value.code == code, body[:30]


def zipped(parts: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("first.bin", b"")
        for name, content in parts.items():
            packed.writestr(name, content)
    return file.getvalue()


def test_the_columns_have_names_of_their_own() -> None:
    names = [name.casefold() for code, said in COLUMNS.items() for name in {code, *said}]
    assert len(names) - len(set(names)) == 1, "a SKU is one in code, too"
