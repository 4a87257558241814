"""The pictures of the analytics pages as numbers: where lines and bars of an SVG go. Pure; each has a table beside."""

from collections.abc import Sequence
from dataclasses import dataclass

from thaman_dashboard.analytics_ports import Count
from thaman_dashboard.domain.did import Effect
from thaman_dashboard.domain.price_index import Point
from thaman_dashboard.pages.chart import place

WIDTH = 1_000
HEIGHT = 300
_GAP = 6


@dataclass(frozen=True, slots=True)
class Lines:
    """Both indices; ``low`` and ``high`` are basis points at the edges."""

    own: str
    rivals: str
    low: int
    high: int
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of a week's bar; ``side`` chooses how it looks."""

    side: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Interval:
    """An effect with its interval on a line that has zero."""

    low: int
    mean: int
    high: int
    zero: int
    width: int = WIDTH


def index_lines(points: Sequence[Point]) -> Lines | None:
    """Both indices as lines; ``None`` where there are fewer than two weeks."""
    if len(points) < 2:
        return None
    values = [value for point in points for value in (point.own_bp, point.rivals_bp)]
    room = max((max(values) - min(values)) // 8, 50)
    low, high = min(values) - room, max(values) + room

    def line(values: Sequence[int]) -> str:
        places = [
            f"{number * WIDTH // (len(values) - 1)} {HEIGHT - place(value, low, high, HEIGHT)}"
            for number, value in enumerate(values)
        ]
        return "M" + "L".join(places)

    return Lines(line([one.own_bp for one in points]), line([one.rivals_bp for one in points]), low, high)


def week_bars(counts: Sequence[Count]) -> tuple[Bar, ...]:
    """Each week as one bar of full height, parted by where items stood: below at the bottom, above on top."""
    bars: list[Bar] = []
    for number, count in enumerate(counts):
        x, following = (place * WIDTH // len(counts) for place in (number, number + 1))
        width, bottom = max(following - x - _GAP, 1), HEIGHT
        done = 0
        for side, items in (("below", count.below), ("at", count.at), ("above", count.above)):
            done += items
            top = HEIGHT - done * HEIGHT // max(count.all, 1)
            if bottom > top:
                bars.append(Bar(side, x, top, width, bottom - top))
            bottom = top
    return tuple(bars)


def interval(effect: Effect) -> Interval:
    """Where an effect lies on a line that reaches as far to both sides of zero."""
    reach = max(abs(effect.low), abs(effect.high), 1)
    low, mean, high, zero = (place(one, -reach, reach, WIDTH) for one in (effect.low, effect.mean, effect.high, 0))
    return Interval(low, mean, high, zero)
