"""Catalogues made up at random, with listings that say the same in other words, for measuring speed and search."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from thaman_optimizer.domain.matching import Listing, OwnProduct

_T = TypeVar("_T")

_BRANDS = (
    ("Samsung", "سامسونج"), ("Apple", "ابل"), ("Sony", "سوني"), ("Anker", "انكر"), ("Philips", "فيليبس"),
    ("Huawei", "هواوي"), ("Dior", "ديور"), ("Chanel", "شانيل"), ("Lattafa", "لطافة"), ("Nescafe", "نسكافيه"),
    ("Casio", "كاسيو"), ("Nike", "نايك"), ("Kenwood", "كينوود"), ("Tefal", "تيفال"), ("Braun", "Braun"),
)  # fmt: skip
_GOODS = (
    ("wireless headphones", "سماعة لاسلكية"), ("smart watch", "ساعة ذكية"), ("perfume", "عطر"), ("coffee", "قهوة"),
    ("charger", "شاحن"), ("case", "كفر"), ("blender", "خلاط"), ("air fryer", "قلاية هوائية"), ("abaya", "عباية"),
    ("power bank", "باور بانك"), ("camera", "كاميرا"), ("keyboard", "كيبورد"), ("shampoo", "شامبو"), ("honey", "عسل"),
)  # fmt: skip
_COLOURS = (("black", "اسود"), ("white", "ابيض"), ("blue", "ازرق"), ("silver", "فضي"), ("red", "احمر"))
_SIZES = (
    ("100ml", "100 مل"), ("50 ml", "٥٠ مل"), ("500g", "500 جرام"), ("1kg", "1 كيلو"), ("256GB", "256 جيجا"),
    ("20W", "20 واط"), ("2m", "2 متر"), ("size 54", "مقاس 54"), ("pack of 6", "عبوة 6"), ("10 pcs", "10 حبات"),
)  # fmt: skip
_SYLLABLES = tuple(first + last for first in "bdfgklmnprstvz" for last in ("a", "en", "ix", "ol", "ur"))


@dataclass(frozen=True, slots=True)
class Catalogues:
    """``truth[i]`` is the listing that is own product ``i``, or -1 where no shop offers it."""

    own: list[OwnProduct]
    listings: list[Listing]
    truth: list[int]


def catalogues(count: int, seed: int = 1) -> Catalogues:
    """``count`` own products and as many listings, of which about seven tenths are of own products."""
    random = np.random.default_rng(seed)
    things = [_thing(random) for _ in range(count)]
    offered = random.random(count) < 0.7
    texts = [_text(random, thing, arabic=bool(random.random() < 0.3)) for thing in things]
    listed = [_text(random, thing, arabic=bool(random.random() < 0.3)) for thing in things]
    others = [_text(random, _thing(random), arabic=bool(random.random() < 0.3)) for _ in range(count)]
    place = random.permutation(count)
    listings = [""] * count
    for row in range(count):
        listings[int(place[row])] = listed[row] if offered[row] else others[row]
    return Catalogues(
        [OwnProduct(text) for text in texts],
        [Listing(text) for text in listings],
        [int(place[row]) if offered[row] else -1 for row in range(count)],
    )


_Thing = tuple[tuple[str, str], tuple[str, str], str, str, tuple[str, str], tuple[str, str]]


def _thing(random: np.random.Generator) -> _Thing:
    def one(of: Sequence[_T]) -> _T:
        return of[int(random.integers(len(of)))]

    name = "".join(one(_SYLLABLES) for _ in range(3)).title()
    number = f"{one(('X', 'HD', 'MT', 'WH', 'A'))}{random.integers(10, 9999)}" if random.random() < 0.6 else ""
    return one(_BRANDS), one(_GOODS), name, number, one(_COLOURS), one(_SIZES)


def _text(random: np.random.Generator, thing: _Thing, *, arabic: bool) -> str:
    brand, goods, name, number, colour, size = thing
    language = 1 if arabic else 0
    parts = [brand[language], goods[language], name, number, size[language]]
    if random.random() < 0.8:
        parts.append(colour[language])
    if random.random() < 0.3:
        parts[0], parts[1] = parts[1], parts[0]
    if random.random() < 0.2:
        parts.append("أصلي" if arabic else "original")
    return " ".join(part for part in parts if part)
