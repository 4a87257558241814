"""Input lines, each a product or an error, and answers put back beside them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from thaman_optimizer.domain.pricing import Priced, ProductInput, ProductInvalid, product_from


@dataclass(frozen=True, slots=True)
class Line:
    """One input line: its number from 1, and either the product or why there is none."""

    number: int
    product: ProductInput | None
    error: str | None = None
    product_id: str | None = None


def lines_of(content: bytes) -> list[Line]:
    """Every line of the input. The second of two lines with the same product id is an error."""
    found: list[Line] = []
    seen: set[str] = set()
    for number, raw in enumerate(_split(content), start=1):
        line = _line(number, raw)
        if line.product is not None and line.product.product_id in seen:
            name = line.product.product_id
            line = Line(number, None, f"product {name!r} came in an earlier line already", name)
        elif line.product is not None:
            seen.add(line.product.product_id)
        found.append(line)
    return found


def paired(lines: Sequence[Line], answers: Sequence[Priced]) -> list[dict[str, Any]]:
    """An output object for each input line, in the same order."""
    by_id = {answer.product_id: answer.as_dict() for answer in answers}
    return [
        {"line": line.number, "product_id": line.product_id, "action": "error", "error": line.error}
        if line.product is None
        else by_id[line.product.product_id]
        for line in lines
    ]


def _split(content: bytes) -> list[bytes]:
    lines = content.split(b"\n")
    return lines[:-1] if not lines[-1].strip() else lines


def _line(number: int, raw: bytes) -> Line:
    try:
        data = json.loads(raw.decode("utf-8-sig"), parse_constant=_no_number)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        return Line(number, None, f"not JSON: {error}")
    try:
        return Line(number, product_from(data))
    except ProductInvalid as error:
        return Line(number, None, str(error), _id_of(data))


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _id_of(data: Any) -> str | None:
    given = data.get("product_id") if isinstance(data, dict) else None
    return given if isinstance(given, str) and given else None
