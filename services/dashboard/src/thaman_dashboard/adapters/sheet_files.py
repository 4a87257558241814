"""Sheets as files: CSV and XLSX to rows of text and back.

What comes in is a stranger's. What goes out may be opened by a spreadsheet program, which takes cells that begin with
``=``, ``+``, ``-`` or ``@`` for formulas.
"""

import csv
import io
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils.exceptions import InvalidFileException

from thaman_contracts.money import riyals
from thaman_dashboard.product_sheet import COLUMNS, LONGEST_CELL, MOST_ROWS, SheetItem
from thaman_dashboard.product_sheet_ports import SheetUnreadable

MOST_COLUMNS = 40
MOST_PARTS = 200
MOST_UNPACKED = 40_000_000
"""Bytes of a workbook when it is unpacked: a sheet of 20,000 rows has a tenth of that."""

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_WORKBOOK = b"PK\x03\x04"
_DECLARATIONS = tuple(
    word.encode(code) for word in ("<!DOCTYPE", "<!ENTITY") for code in ("ascii", "utf-16-le", "utf-16-be")
)
_SPOILED = (
    BadZipFile, InvalidFileException, ParseError, zlib.error, KeyError, ValueError, TypeError, AttributeError,
    IndexError, OSError, EOFError, RuntimeError,
)  # fmt: skip


class SheetFiles:
    """Implements :class:`thaman_dashboard.product_sheet_ports.Files`."""

    def read(self, body: bytes) -> list[list[str]]:
        """See :class:`~thaman_dashboard.product_sheet_ports.Files`."""
        rows = list(_workbook_rows(body) if body.startswith(_WORKBOOK) else _csv_rows(body))
        if len(rows) > MOST_ROWS + 1:
            raise SheetUnreadable("too_many_rows")
        if any(len(cell) > LONGEST_CELL for row in rows for cell in row):
            raise SheetUnreadable("cell_too_long")
        return rows

    def csv(self, items: Iterable[SheetItem], language: str) -> bytes:
        """See :class:`~thaman_dashboard.product_sheet_ports.Files`."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(_heading(language))
        for item in items:
            writer.writerow("" if cell is None else str(cell) for cell in _cells(item, language))
        return b"\xef\xbb\xbf" + text.getvalue().encode()

    def xlsx(self, items: Iterable[SheetItem], language: str) -> bytes:
        """See :class:`~thaman_dashboard.product_sheet_ports.Files`."""
        book = Workbook(write_only=True)
        sheet = book.create_sheet("Thaman")
        sheet.sheet_view.rightToLeft = language == "ar"
        sheet.append(_heading(language))
        for item in items:
            sheet.append(
                [
                    ILLEGAL_CHARACTERS_RE.sub("", cell) if isinstance(cell, str) else cell
                    for cell in _cells(item, language)
                ]
            )
        file = io.BytesIO()
        book.save(file)
        return file.getvalue()


def _heading(language: str) -> list[str]:
    return [said[0] if language == "ar" else said[1] for said in COLUMNS.values()]


def _cells(item: SheetItem, language: str) -> list[str | Decimal | None]:
    """In the order of :data:`COLUMNS`."""
    yes, no = ("نعم", "لا") if language == "ar" else ("yes", "no")
    amounts = (item.price, item.salla_cost, item.cost, item.min_price, item.max_price)
    return [
        item.item_key,
        safe(item.sku or ""),
        safe(item.name),
        *(None if one is None else riyals(one) for one in amounts),
        yes if item.locked else no,
    ]


def safe(text: str) -> str:
    """A text that no spreadsheet program takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULAS) else text


def _csv_rows(body: bytes) -> Iterator[list[str]]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SheetUnreadable("not_utf8") from error
    if "\0" in text:
        raise SheetUnreadable("not_a_sheet")
    heading = text.partition("\n")[0]
    comma = max((";", "\t", ","), key=heading.count)
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=comma)):
            if number > MOST_ROWS:
                raise SheetUnreadable("too_many_rows")
            yield row[:MOST_COLUMNS]
    except csv.Error as error:
        raise SheetUnreadable("not_a_sheet") from error


def _workbook_rows(body: bytes) -> Iterator[list[str]]:
    try:
        _check_parts(body)
        book = load_workbook(io.BytesIO(body), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=MOST_COLUMNS, values_only=True)
        yield from [_trimmed([_text(cell) for cell in row]) for row in rows]
    except _SPOILED as error:
        raise SheetUnreadable("not_a_sheet") from error


def _check_parts(body: bytes) -> None:
    """Refuse what would unpack to too much, and XML that declares things of its own.

    Sizes that a file tells wrongly are no way around: unpacking stops at them.
    """
    with ZipFile(io.BytesIO(body)) as parts:
        listed = parts.infolist()
        if len(listed) > MOST_PARTS or sum(part.file_size for part in listed) > MOST_UNPACKED:
            raise SheetUnreadable("too_large")
        for part in listed:
            if part.filename.endswith((".xml", ".rels")):
                content = parts.read(part)
                if any(word in content for word in _DECLARATIONS):
                    raise SheetUnreadable("not_a_sheet")


def _trimmed(cells: list[str]) -> list[str]:
    """Without the empty cells at the end, which a workbook tells up to its widest row."""
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _text(cell: Any) -> str:
    """A cell as a person would have typed it; numbers to the 15 digits that spreadsheets keep."""
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case float():
            return f"{Decimal(f'{cell:.15g}'):f}"
        case datetime() | date() | time():
            return cell.isoformat()
        case _:
            return str(cell)
