"""A sheet of products as rows of text: what it would change, and what is wrong with which cell. Pure.

Only the columns that a sheet has are changed, and of them an empty cell takes the merchant's word away.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from thaman_contracts.money import MoneyError
from thaman_dashboard.pages.numerals import western
from thaman_dashboard.pages.typed_amount import amount

MOST_ROWS = 20_000
LONGEST_CELL = 1_000
COLUMNS: Mapping[str, tuple[str, str]] = {
    "key": ("رقم المنتج", "key"),
    "sku": ("رمز المنتج", "SKU"),
    "name": ("الاسم", "name"),
    "price": ("السعر المعروض", "shelf price"),
    "salla_cost": ("التكلفة في سلة", "cost in Salla"),
    "cost": ("تكلفتك دون الضريبة", "own cost without VAT"),
    "min_price": ("أدنى سعر", "lowest price"),
    "max_price": ("أعلى سعر", "highest price"),
    "locked": ("مقفل", "locked"),
}
"""The columns and what heads them in Arabic and in English; the codes head them as well."""

AMOUNTS = ("cost", "min_price", "max_price")
CHANGED = (*AMOUNTS, "locked")
YES = frozenset(("yes", "y", "true", "1", "نعم", "مقفل"))
NO = frozenset(("", "no", "n", "false", "0", "لا"))


@dataclass(frozen=True, slots=True)
class SheetItem:
    """An item as sheets have it; amounts are halalas, ``cost`` is the merchant's own."""

    item_key: str
    sku: str | None
    name: str
    currency: str
    price: int | None
    salla_cost: int | None
    cost: int | None
    min_price: int | None
    max_price: int | None
    locked: bool


@dataclass(frozen=True, slots=True)
class SheetFault:
    """What is wrong: the row as spreadsheets number it, the column's code, a code of why, and what stands there."""

    row: int
    column: str
    code: str
    found: str


@dataclass(frozen=True, slots=True)
class SheetChange:
    """What a row would change of an item's rule: the field's value before and after, by field."""

    item_key: str
    name: str
    currency: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(slots=True)
class SheetReading:
    """What a sheet says."""

    changes: list[SheetChange] = field(default_factory=list)
    faults: list[SheetFault] = field(default_factory=list)
    unchanged: int = 0
    passed_over: list[str] = field(default_factory=list)
    """Headings of columns that are not read."""


def read_sheet(table: Sequence[Sequence[str]], known: Mapping[str, SheetItem]) -> SheetReading:
    """What a table with a heading would change of the items of ``known``, by item key."""
    reading = SheetReading()
    if not table:
        reading.faults.append(SheetFault(1, "key", "no_heading", ""))
        return reading
    places = _places(table[0], reading)
    if "key" not in places or not set(places) & set(CHANGED):
        reading.faults.append(SheetFault(1, "key", "no_heading", ", ".join(table[0])[:LONGEST_CELL]))
        return reading
    seen: dict[str, int] = {}
    for number, cells in enumerate(table[1:], 2):
        if any(cell.strip() for cell in cells):
            row = {code: _cell(cells, place) for code, place in places.items()}
            _take(number, row, known, seen, reading)
    return reading


def _places(heading: Sequence[str], reading: SheetReading) -> dict[str, int]:
    names = {name.casefold(): code for code, said in COLUMNS.items() for name in (code, *said)}
    places: dict[str, int] = {}
    for place, title in enumerate(heading):
        code = names.get(title.strip().casefold())
        if code is None:
            reading.passed_over += [title.strip()[:100]] if title.strip() else []
        elif code in places:
            reading.faults.append(SheetFault(1, code, "column_twice", title.strip()))
        else:
            places[code] = place
    return places


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""


def _take(
    number: int, row: Mapping[str, str], known: Mapping[str, SheetItem], seen: dict[str, int], reading: SheetReading
) -> None:
    """One row: a change, nothing new, or faults."""
    key = western(row["key"])
    item = known.get(key)
    if item is None:
        reading.faults.append(SheetFault(number, "key", "unknown_key" if key else "no_key", row["key"][:100]))
        return
    if key in seen:
        reading.faults.append(SheetFault(number, "key", "twice", f"{key} ({seen[key]})"))
        return
    seen[key] = number
    values: dict[str, Any] = {}
    faults = list(_faults(number, row, item, values))
    reading.faults += faults
    if faults:
        return
    after = {name: value for name, value in values.items() if value != getattr(item, name)}
    if not after:
        reading.unchanged += 1
        return
    before = {name: getattr(item, name) for name in after}
    reading.changes.append(SheetChange(key, item.name, item.currency, before, after))


def _faults(number: int, row: Mapping[str, str], item: SheetItem, values: dict[str, Any]) -> Iterator[SheetFault]:
    """What is wrong with a row's values; those that are right are put into ``values``."""
    for name in AMOUNTS:
        if name in row:
            try:
                values[name] = amount(row[name])
            except MoneyError:
                yield SheetFault(number, name, "amount", row[name][:100])
    if values.get("cost") == 0:
        yield SheetFault(number, "cost", "cost_zero", row["cost"][:100])
    lowest, highest = values.get("min_price", item.min_price), values.get("max_price", item.max_price)
    if lowest is not None and highest is not None and lowest > highest:
        column = "min_price" if "min_price" in row else "max_price"
        yield SheetFault(number, column, "crossed", row[column][:100])
    if "locked" in row:
        said = western(row["locked"]).casefold()
        if said in YES or said in NO:
            values["locked"] = said in YES
        else:
            yield SheetFault(number, "locked", "yes_or_no", row["locked"][:100])
