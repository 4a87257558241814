"""Records of a JSON feed: an array, an object that has one, or JSON Lines."""

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from thaman_optimizer.domain.feeds.columns import field_of
from thaman_optimizer.domain.feeds.fields import Fields
from thaman_optimizer.domain.feeds.rows import FeedUnreadable, Skipped
from thaman_optimizer.domain.feeds.trust import MAX_NODES, MAX_VALUES

_LISTS = ("offers", "items", "products", "rows", "data")
_TWICE = ""
"""Instead of a name, for an object that gives one name two values; no field is called so."""

Record = tuple[int, Fields | Skipped]


def json_records(text: str) -> Iterator[Record]:
    """The records, by their number; the first is 1.

    Raises:
        FeedUnreadable: this is no JSON, or JSON of another shape.
    """
    if text.count(",") > MAX_VALUES or text.count("{") + text.count("[") > MAX_NODES:
        raise FeedUnreadable("it has more values than any feed of 50,000 rows")
    try:
        found, end = _DECODER.raw_decode(text)
    except (ValueError, ArithmeticError, RecursionError) as error:
        if isinstance(error, RecursionError):
            raise FeedUnreadable("it is nested too deep") from error
        found, end = None, -1
    if end >= 0 and not text[end:].strip():
        return _of_list(_list_of(found))
    return _of_lines(text)


def _of_list(values: Sequence[Any]) -> Iterator[Record]:
    for number, value in enumerate(values, 1):
        yield number, _fields(number, value)


def _of_lines(text: str) -> Iterator[Record]:
    lines = text.split("\n")
    first = _parsed(lines[0])
    if not isinstance(first, dict):
        raise FeedUnreadable("it is no JSON: neither one array or object, nor an object on each line")
    return _of_parsed_lines(lines)


def _of_parsed_lines(lines: Sequence[str]) -> Iterator[Record]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, _fields(number, _parsed(line))


def _parsed(line: str) -> Any:
    try:
        found, end = _DECODER.raw_decode(line.strip())
    except (ValueError, ArithmeticError, RecursionError):
        return None
    return found if not line.strip()[end:].strip() else None


def _list_of(found: Any) -> list[Any]:
    if isinstance(found, list):
        return found
    lists = [found[name] for name in _LISTS if isinstance(found.get(name), list)] if isinstance(found, dict) else []
    if len(lists) == 1:
        return list(lists[0])
    if isinstance(found, dict) and not lists and any(field_of(name) == "url" for name in found):
        return [found]
    raise FeedUnreadable("it is no array, and no object with one under `offers` or `items`")


def _fields(number: int, value: Any) -> Fields | Skipped:
    if not isinstance(value, dict):
        return Skipped(number, f"row {number}: it is not a JSON object")
    if _TWICE in value:
        return Skipped(number, f"row {number}: {str(value[_TWICE])[:40]!r} has two values")
    found: dict[str, Any] = {}
    for name, one in value.items():
        field = field_of(name)
        if field is not None and field not in found and not _is_empty(one):
            found[field] = one
    return found


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    found.pop(_TWICE, None)
    if len(found) < len(pairs):
        twice = next((name for name, value in pairs if name != _TWICE and found[name] != value), None)
        if twice is not None:
            found[_TWICE] = twice
    return found


def _number(text: str) -> Decimal:
    # Also whole numbers: Python's own take time that grows with the square of their length.
    return Decimal(text)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(
    parse_float=_number, parse_int=_number, parse_constant=_refuse, object_pairs_hook=_object, strict=False
)
