"""Bars as numbers: where the rectangles of an SVG go. Pure; exact integers, no floats.

A drawing is stretched to the width it gets, so it carries no words; what it shows is told again in a table.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from thaman_contracts.money import change_bp

WIDTH = 900
HEIGHT = 200

EDGES = (-1_000, -500, -200, 0, 200, 500, 1_000)
"""Basis points between which prices differ much, some, little; no difference at all has a bar of its own."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; ``side`` says below, same or above."""

    x: int
    y: int
    width: int
    height: int
    side: str
    value: int


@dataclass(frozen=True, slots=True)
class Spread:
    """How far prices lie from others: of each class its edges in basis points (``None`` = open) and its bar."""

    classes: tuple[tuple[int | None, int | None, Bar], ...]
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class Signed:
    """Bars up and down from a line at ``zero``."""

    bars: tuple[Bar, ...]
    zero: int
    width: int = WIDTH
    height: int = HEIGHT


def spread(pairs: Iterable[tuple[int, int]]) -> Spread:
    """How far the second price of each pair lies from the first."""
    counts = [0] * (len(EDGES) + 2)
    for one, other in pairs:
        if one > 0:
            counts[_class(change_bp(one, other))] += 1
    most = max(1, *counts)
    step = WIDTH // len(counts)
    same = len(EDGES) // 2 + 1
    classes = []
    for place, count in enumerate(counts):
        height = -(-HEIGHT * count // most)
        side = "same" if place == same else "below" if place < same else "above"
        bar = Bar(place * step + step // 8, HEIGHT - height, step * 3 // 4, height, side, count)
        classes.append((*_edges(place, same), bar))
    return Spread(tuple(classes))


def signed(values: Sequence[int]) -> Signed:
    """A bar for each value, from a common zero."""
    most, least = max(0, *values, 0), min(0, *values, 0)
    reach = max(1, most - least)
    zero = HEIGHT * most // reach
    step = max(1, WIDTH // max(1, len(values)))
    bars = []
    for place, value in enumerate(values):
        size = HEIGHT * abs(value) // reach
        side = "above" if value > 0 else "below" if value < 0 else "same"
        top = zero - size if value > 0 else zero
        bars.append(Bar(place * step + step // 8, top, max(1, step * 3 // 4), max(size, 1), side, value))
    return Signed(tuple(bars), zero)


def _class(bp: int) -> int:
    """The class of a difference: those below, none, those above."""
    middle = EDGES.index(0)
    if bp == 0:
        return middle + 1
    if bp < 0:
        return sum(bp > edge for edge in EDGES[:middle])
    return middle + 2 + sum(bp >= edge for edge in EDGES[middle + 1 :])


def _edges(place: int, same: int) -> tuple[int | None, int | None]:
    """Between which differences a class lies."""
    if place == same:
        return 0, 0
    edges: list[int | None] = [None, *EDGES, None]
    return (edges[place], edges[place + 1]) if place < same else (edges[place - 1], edges[place])
