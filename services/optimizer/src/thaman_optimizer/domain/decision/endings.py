"""How shelf prices end, in columns: the nearest, next lower and next higher price that ends as the merchant likes."""

from dataclasses import dataclass

import numpy as np

from thaman_optimizer.domain.demand.panel import Ints


@dataclass(frozen=True, slots=True)
class Ending:
    """Prices end on ``tail`` modulo ``unit`` halalas; below ``from_price`` on whole multiples of ``small_unit``."""

    name: str
    unit: int
    tail: int
    from_price: int = 0
    small_unit: int = 1

    def down(self, price: Ints) -> Ints:
        """The largest such price not above ``price``; may be zero or less."""
        unit, tail = self._units(price)
        result: Ints = price - (price - tail) % unit
        return result

    def up(self, price: Ints) -> Ints:
        """The smallest such price not below ``price``."""
        unit, tail = self._units(price)
        result: Ints = price + (tail - price) % unit
        return result

    def nearest(self, price: Ints) -> Ints:
        """The nearest such price above zero; of two equally near ones the lower."""
        unit, tail = self._units(price)
        over = (price - tail) % unit
        below = price - over
        upwards = ((below <= 0) | (2 * over > unit)) & (over != 0)
        result: Ints = below + unit * upwards
        return result

    def _units(self, price: Ints) -> tuple[Ints | int, Ints | int]:
        if not self.from_price:
            return self.unit, self.tail
        small = price < self.from_price
        return np.where(small, self.small_unit, self.unit), np.where(small, 0, self.tail) if self.tail else 0


DEFAULT_ENDING = Ending("whole", 100, 0, 2_000, 50)
"""Whole riyals, halves below 20 (pricing.md 1: prices ending in 9 sell no better once all do)."""

EXACT = Ending("exact", 1, 0)

_NAMED = {
    "whole": DEFAULT_ENDING,
    "exact": EXACT,
    "none": EXACT,
    "9": Ending("9", 1_000, 900, 3_000, 100),
    "point_95": Ending("point_95", 100, 95),
}


class UnknownEnding(ValueError):
    """No such ending; the message lists those there are."""


def ending_named(name: str | None) -> Ending:
    """The ending of that name; ``None`` means the default. Hundredths like ``.95`` or ``0.95`` are understood.

    Raises:
        UnknownEnding: no such ending.
    """
    if name is None:
        return DEFAULT_ENDING
    if name in _NAMED:
        return _NAMED[name]
    digits = name.removeprefix("0").removeprefix(".")
    if name.startswith((".", "0.")) and digits.isascii() and digits.isdigit() and len(digits) <= 2:
        return Ending(name, 100, int(digits.ljust(2, "0")))
    raise UnknownEnding(f"no ending {name!r}; there are {', '.join(sorted(_NAMED))} and hundredths like .95")
