"""A trade, and the things in it: the n-th thing of a trade is always the same thing."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from thaman_sandbox.catalogues.gtin import gtin13


@dataclass(frozen=True, slots=True)
class Word:
    """A name in both languages."""

    ar: str
    en: str


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort of goods: its name, its category, the range of its fair price in halalas, and its options if any.

    Options are labels with the price they add, in basis points of the fair price.
    """

    name: Word
    category: Word
    lowest: int
    highest: int
    option: Word | None = None
    choices: tuple[tuple[Word, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Trade:
    """Brands, lines and sorts, from whose combinations the goods come."""

    key: str
    brands: tuple[Word, ...]
    lines: tuple[Word, ...]
    sorts: tuple[Sort, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One variant of a thing."""

    number: int
    label: Word
    fair: int
    gtin: str
    reference: str


@dataclass(frozen=True, slots=True)
class Thing:
    """One article of a trade, as every shop that carries it knows it. ``fair`` is its usual price with VAT."""

    trade: str
    number: int
    reference: str
    name: Word
    brand: Word
    category: Word
    mpn: str
    gtin: str
    fair: int
    option: Word | None
    choices: tuple[Choice, ...]


def draw(*parts: object, below: int) -> int:
    """A number from 0 to ``below`` - 1 that depends on nothing but ``parts``."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") % below


def nice_price(halalas: int) -> int:
    """The nearest price a shop would write: whole riyals, ending in 5 or 9 where it is more than 30."""
    riyals = max(halalas // 100, 3)
    if riyals <= 30:
        return riyals * 100
    return (riyals // 10 * 10 + (5 if riyals % 10 < 5 else 9)) * 100


@lru_cache(maxsize=65_536)
def thing(trade: Trade, number: int) -> Thing:
    """The ``number``-th thing of a trade; numbers have no end."""
    sort = trade.sorts[number % len(trade.sorts)]
    rest = number // len(trade.sorts) + number
    brand = trade.brands[rest % len(trade.brands)]
    line = trade.lines[(rest // len(trade.brands) + number) % len(trade.lines)]
    edition = number // (len(trade.sorts) * len(trade.brands) * len(trade.lines))
    span = max(sort.highest - sort.lowest, 1)
    fair = nice_price(sort.lowest + draw(trade.key, number, "fair", below=span))
    suffix = f" {edition + 1}" if edition else ""
    name = Word(f"{sort.name.ar} {line.ar} من {brand.ar}{suffix}", f"{brand.en} {line.en} {sort.name.en}{suffix}")
    reference = f"{trade.key}-{number}"
    return Thing(
        trade.key,
        number,
        reference,
        name,
        brand,
        sort.category,
        f"{brand.en[:3].upper()}-{draw(reference, 'mpn', below=90_000) + 10_000}",
        gtin13(draw(reference, "gtin", below=10**9)),
        fair,
        sort.option,
        tuple(_choice(reference, place, fair, label, extra) for place, (label, extra) in enumerate(sort.choices)),
    )


def _choice(reference: str, place: int, fair: int, label: Word, extra: int) -> Choice:
    name = f"{reference}-{place}"
    return Choice(
        place, label, nice_price(fair + fair * extra // 10_000), gtin13(draw(name, "gtin", below=10**9)), name
    )
