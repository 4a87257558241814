"""Records of a CSV feed: which character parts its columns is told by its header."""

import csv
import io
from collections.abc import Iterator, Sequence

from thaman_optimizer.domain.feeds.columns import fields_of
from thaman_optimizer.domain.feeds.fields import Fields
from thaman_optimizer.domain.feeds.rows import FeedUnreadable, Skipped
from thaman_optimizer.domain.feeds.trust import MAX_COLUMNS

_DELIMITERS = ",;\t|"
_SEPARATOR_LINE = "sep="
"""A first line of Excel's own, which names the delimiter."""

Record = tuple[int, Fields | Skipped]


def csv_records(text: str) -> Iterator[Record]:
    """The records under the header, without empty ones, by their number: the file's first row is 1.

    Raises:
        FeedUnreadable: the first row is no header with an address and a title.
    """
    number = 1
    if text.startswith(_SEPARATOR_LINE):
        text = text.partition("\n")[2]
        number = 2
    delimiter, header = _header(text)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    next(rows)
    while True:
        number += 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, Skipped(number, f"row {number}: {error}")
            continue
        if any(value.strip() for value in row):
            yield number, _fields(number, header, row)


def _header(text: str) -> tuple[str, list[str | None]]:
    headers = [(delimiter, _first(text, delimiter)) for delimiter in _DELIMITERS]
    delimiter, header = max(headers, key=lambda one: sum(1 for name in one[1] if name is not None))
    missing = [name for name in ("url", "title") if name not in header]
    if missing:
        raise FeedUnreadable(
            f"its first row names no column for {' and '.join(missing)}; write for example: url,title,price,currency"
        )
    return delimiter, header


def _first(text: str, delimiter: str) -> list[str | None]:
    try:
        names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return []
    return fields_of(names) if len(names) <= MAX_COLUMNS else []


def _fields(number: int, header: Sequence[str | None], row: Sequence[str]) -> Fields | Skipped:
    beyond = row[len(header) :]
    # A price with an unquoted comma in it would move the fields that follow.
    if len(row) < len(header) or any(value.strip() for value in beyond):
        why = (
            f"it has {len(row)} fields where the header has {len(header)}; quote texts that have the delimiter in them"
        )
        return Skipped(number, f"row {number}: {why}")
    return {name: value for name, value in zip(header, row, strict=False) if name is not None and value.strip()}
