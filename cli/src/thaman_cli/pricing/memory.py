"""What is kept between calls of ``thaman price``: every week ever seen of every product.

The demand state is rebuilt from these weeks each time, so ten calls with a week each give the same answers as one call
with ten weeks, and a new model version needs no migration.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from thaman_cli.pricing.store import write_whole
from thaman_optimizer.domain.pricing import ProductInput, Week
from thaman_optimizer.domain.pricing.panels import MOST_WEEKS
from thaman_optimizer.domain.pricing.records import week_number

_FILE = "weeks.json"
_FORMAT = "thaman-price-weeks-1"

_Row = list[Any]
"""Units, price, share in stock, reference."""


class MemoryUnreadable(ValueError):
    """The folder's file is not one that this command wrote."""


class Memory:
    """Weeks of products by id and start of the week."""

    def __init__(self, weeks: dict[str, dict[str, _Row]] | None = None) -> None:
        self._weeks = {} if weeks is None else weeks

    @classmethod
    def read(cls, folder: Path) -> "Memory":
        """What the folder remembers; nothing where it is new.

        Raises:
            MemoryUnreadable: the file is damaged or something else's.
        """
        path = folder / _FILE
        if not path.exists():
            return cls()
        try:
            data = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise MemoryUnreadable(f"{path}: {error}") from error
        if not isinstance(data, dict) or data.get("format") != _FORMAT or not isinstance(data.get("weeks"), dict):
            raise MemoryUnreadable(f"{path} was not written by this command")
        return cls(data["weeks"])

    def remember(self, products: Sequence[ProductInput]) -> list[ProductInput]:
        """The products with all weeks known of them; a week given again replaces the one kept."""
        return [replace(product, history=self._with(product)) for product in products]

    def write(self, folder: Path) -> None:
        """Keep everything for the next call."""
        folder.mkdir(parents=True, exist_ok=True)
        content = {"format": _FORMAT, "weeks": {name: self._weeks[name] for name in sorted(self._weeks)}}
        write_whole(folder / _FILE, json.dumps(content, separators=(",", ":")).encode())

    def _with(self, product: ProductInput) -> tuple[Week, ...]:
        kept = self._weeks.get(product.product_id, {})
        numbers = {week_number(week.week_start) for week in product.history}
        merged = {start: row for start, row in kept.items() if week_number(date.fromisoformat(start)) not in numbers}
        for week in product.history:
            merged[week.week_start.isoformat()] = [week.units, week.price, week.in_stock_share, week.reference]
        newest = sorted(merged)[-MOST_WEEKS:]
        self._weeks[product.product_id] = {start: merged[start] for start in newest}
        return tuple(Week(date.fromisoformat(start), *merged[start]) for start in newest)
