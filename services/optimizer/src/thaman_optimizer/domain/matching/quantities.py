"""Sizes and counts in a title, in canonical units: ``1.5 لتر`` and ``1500ml`` are one quantity."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from thaman_optimizer.domain.matching.normal import normalise, spellings
from thaman_optimizer.domain.matching.units import DUALS, UNITS

MILLI = 1_000
SYMBOLS = {
    "volume": "ml",
    "mass": "g",
    "storage": "gb",
    "length": "cm",
    "power": "w",
    "voltage": "v",
    "charge": "mah",
    "rate": "hz",
    "pixels": "mp",
    "karat": "k",
    "pieces": "pcs",
    "pack": "pack",
    "size": "size",
}
"""How a canonical quantity is written as a word."""

TOLERANCE = 50
"""Amounts that differ by less than a fiftieth are the same: 3.4 fl oz is sold as 100 ml, 55 inches as 140 cm."""

_MOST = 10**9
_LETTERS = {"xxs": 1, "xs": 2, "s": 3, "m": 4, "l": 5, "xl": 6, "xxl": 7, "2xl": 7, "xxxl": 8, "3xl": 8, "4xl": 9}
_NETWORKS = frozenset(("2", "3", "4", "5", "6"))
_COUNTED = "|".join(normalise(one) for one in ("pack", "box", "set", "عبوة", "علبة", "كرتون", "باكيت", "طقم", "شدة"))


@dataclass(frozen=True, slots=True, order=True)
class Quantity:
    """``milli`` thousandths of the canonical unit of ``dimension``; letters of clothes' sizes count up from XXS.

    ``unit`` is the unit as written: an ounce of perfume is a volume, an ounce of coffee a mass.
    """

    dimension: str
    milli: int
    unit: str = ""

    @property
    def word(self) -> str:
        """As one word."""
        return f"{self.milli / MILLI:g}{SYMBOLS[self.dimension]}"

    def same_as(self, other: "Quantity") -> bool:
        """Whether both say the same amount, but for rounding between units."""
        gap = abs(self.milli - other.milli)
        exact = self.dimension in ("pack", "pieces", "size", "karat")
        return self.dimension == other.dimension and (gap == 0 if exact else gap * TOLERANCE <= self.milli)


def take(text: str) -> tuple[frozenset[Quantity], str]:
    """The quantities of a normalised text, and the text without them."""
    found: list[Quantity] = []

    def keep(quantities: Iterable[Quantity]) -> str:
        found.extend(quantities)
        return " "

    multiplied, reverse, single = _patterns()
    text = _MEMORY.sub(lambda m: keep((*_measured(m[1], "", "gb"), *_measured(m[2], "", "gb"))), text)
    text = multiplied.sub(lambda m: keep((_count("pack", m[1]), *_measured(m[2], "", m[3]))), text)
    text = reverse.sub(lambda m: keep((_count("pack", m[3]), *_measured(m[1], "", m[2]))), text)
    text = single.sub(lambda m: keep(one) if (one := _measured(m[1], m[2], m[3])) else m[0], text)
    text = _KARAT.sub(lambda m: keep((_count("karat", m[1] or m[2]),)), text)
    text = _SIZE.sub(lambda m: keep((_size(m[1]),)), text)
    text = _PACK.sub(lambda m: keep((_count("pack", m[1]),)), text)
    text = _TIMES.sub(lambda m: keep((_count("pack", m[1]),)), text)
    text = _dual().sub(lambda m: keep((_count(*_duals()[m[0]]),)), text)
    return frozenset(found), text


def _measured(number: str, gap: str, unit: str) -> tuple[Quantity, ...]:
    """No quantity where the letter is not a unit here: a 5G phone, "3 in one"."""
    name = _unit_names()[unit]
    if not gap and unit == "g" and number in _NETWORKS:
        return ()
    if gap and unit == "in":
        return ()
    dimension, factor, _ = UNITS[name]
    milli = round(min(float(number) * factor, _MOST) * MILLI)
    return (Quantity(dimension, milli, name),) if milli else ()


def _count(dimension: str, number: str | int) -> Quantity:
    return Quantity(dimension, int(number) * MILLI, dimension)


def _size(text: str) -> Quantity:
    """Letters become small fractions, so that they never equal a number."""
    return Quantity("size", int(text) * MILLI if text.isdigit() else _LETTERS[text], "size")


_MEMORY = re.compile(
    rf"(?<![\w.])([0-9]{{1,3}}) ?[/+] ?([0-9]{{2,4}}) ?(?:{'|'.join(map(re.escape, spellings(UNITS['gb'][2])))})(?!\w)"
)
"""Working memory and storage of a phone in one breath: ``8/256GB``."""
_KARAT = re.compile(rf"(?<!\w)(?:{normalise('عيار')} ?([0-9]{{2}})|(1[0-9]|2[0-4])k)(?!\w)")
_SIZE = re.compile(
    rf"(?<!\w)(?:size|{normalise('مقاس')}|{normalise('المقاس')}) ?:? ?([0-9]{{1,3}}|{'|'.join(_LETTERS)})(?![\w.])"
)
_PACK = re.compile(rf"(?<!\w)(?:{_COUNTED}) ?(?:of |من )?([0-9]{{1,3}})(?![\w.])")
_TIMES = re.compile(r"(?<![\w.])x ?([0-9]{1,3})(?![\w.])")


@lru_cache(maxsize=1)
def _unit_names() -> dict[str, str]:
    return {spelling: name for name, (_, _, texts) in UNITS.items() for spelling in spellings(texts)}


@lru_cache(maxsize=1)
def _duals() -> dict[str, tuple[str, int]]:
    return {normalise(word): count for word, count in DUALS.items()}


@lru_cache(maxsize=1)
def _dual() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, _duals()))})(?!\w)")


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    units = "|".join(re.escape(one) for one in sorted(_unit_names(), key=len, reverse=True))
    number = r"(?<![\w.])([0-9]{1,9}(?:\.[0-9]{1,4})?)"
    measure = rf"({units})(?!\w)"
    return (
        re.compile(rf"(?<![\w.])([0-9]{{1,3}}) ?x ?([0-9]{{1,9}}(?:\.[0-9]{{1,4}})?)[ -]?{measure}"),
        re.compile(rf"{number}[ -]?{measure} ?x ?([0-9]{{1,3}})(?![\w.])"),
        re.compile(rf"{number}([ -]?){measure}"),
    )
