"""The price chart as numbers: where the lines of an SVG go. Pure; exact integers, no floats.

The drawing is stretched to the width it gets, so it carries no words and no circles: dots are strokes of no length
with round ends. What it shows is told again in a table.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from thaman_dashboard.product_views import Mark, MarkKind
from thaman_dashboard.views import OfferPoint, PricePoint

WIDTH = 1_000
HEIGHT = 300
RIVALS = 4
"""More lines than these nobody can tell apart; the table has all."""

_ROOM = 8
"""Part of the range (one in so many) that is left above and below."""

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Dot:
    """A step of the own price."""

    x: int
    y: int
    cause: str


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that happened to the price; ``kind`` chooses how it looks."""

    x: int
    y: int
    kind: str


@dataclass(frozen=True, slots=True)
class RivalLine:
    """One rival's prices; ``number`` chooses how the line looks."""

    competitor: str
    number: int
    path: str


@dataclass(frozen=True, slots=True)
class Band:
    """Between floor and ceiling, as far as the drawing reaches."""

    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing; ``low`` and ``high`` are the prices (halalas) at its lower and upper edge."""

    path: str
    dots: tuple[Dot, ...]
    rivals: tuple[RivalLine, ...]
    hidden_rivals: int
    band: Band | None
    low: int
    high: int
    begins: datetime
    ends: datetime
    flags: tuple[Flag, ...] = ()
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class _Scale:
    low: int
    high: int
    begins: datetime
    ends: datetime

    def x(self, at: datetime) -> int:
        whole = (self.ends - self.begins) // _MICROSECOND
        passed = (min(max(at, self.begins), self.ends) - self.begins) // _MICROSECOND
        return passed * WIDTH // max(whole, 1)

    def y(self, price: int) -> int:
        inside = min(max(price, self.low), self.high)
        return (self.high - inside) * HEIGHT // (self.high - self.low)


def draw(
    steps: Sequence[PricePoint],
    points: Iterable[OfferPoint],
    *,
    begins: datetime,
    ends: datetime,
    floor: int | None = None,
    ceiling: int | None = None,
    marks: Iterable[Mark] = (),
) -> Chart | None:
    """The chart of one item from ``begins`` to ``ends``; ``None`` where no price of it is known.

    ``steps`` are oldest first, the one that stood at ``begins`` before them; ``points`` by page and oldest first.
    """
    own = [step.shelf_price for step in steps if step.shelf_price is not None]
    if not own:
        return None
    pages = [list(of_page) for _, of_page in groupby(points, key=lambda point: point.url)]
    chosen = sorted(pages, key=lambda page: (-len(page), page[0].competitor, page[0].url))[:RIVALS]
    scale = _scale([*own, *(point.price for page in chosen for point in page)], begins, ends)
    return Chart(
        path=_steps(steps, scale),
        dots=tuple(
            Dot(scale.x(step.at), scale.y(step.shelf_price), step.cause)
            for step in steps
            if step.shelf_price is not None and step.at >= begins
        ),
        rivals=tuple(RivalLine(page[0].competitor, number, _line(page, scale)) for number, page in enumerate(chosen)),
        hidden_rivals=len(pages) - len(chosen),
        band=_band(floor, ceiling, scale),
        low=scale.low,
        high=scale.high,
        begins=begins,
        ends=ends,
        # A dot of the line tells of an edit by hand; a mark without a price has no place in the drawing.
        flags=tuple(
            Flag(scale.x(mark.at), scale.y(mark.price), mark.kind)
            for mark in marks
            if mark.price is not None and mark.kind is not MarkKind.HAND_EDIT and begins <= mark.at <= ends
        ),
    )


def place(value: int, low: int, high: int, size: int) -> int:
    """Where ``value`` lies between ``low`` (0) and ``high`` (``size``); outside, at the nearer end."""
    if high <= low:
        return size // 2
    return (min(max(value, low), high) - low) * size // (high - low)


def _scale(prices: Sequence[int], begins: datetime, ends: datetime) -> _Scale:
    room = max((max(prices) - min(prices)) // _ROOM, max(prices) // 100, 1)
    return _Scale(max(min(prices) - room, 0), max(prices) + room, begins, ends)


def _steps(steps: Sequence[PricePoint], scale: _Scale) -> str:
    drawn: list[str] = []
    previous: int | None = None
    for step in steps:
        x = scale.x(step.at)
        if previous is not None:
            drawn.append(f"H{x}")
        if step.shelf_price is not None:
            y = scale.y(step.shelf_price)
            drawn.append(f"M{x} {y}" if previous is None else f"V{y}")
        previous = step.shelf_price
    if previous is not None:
        drawn.append(f"H{WIDTH}")
    return "".join(drawn)


def _line(page: Sequence[OfferPoint], scale: _Scale) -> str:
    first, *rest = page
    drawn = [f"M{scale.x(first.observed_at)} {scale.y(first.price)}h0"]
    drawn += [f"H{scale.x(point.observed_at)}V{scale.y(point.price)}" for point in rest]
    return "".join(drawn)


def _band(floor: int | None, ceiling: int | None, scale: _Scale) -> Band | None:
    if floor is None and ceiling is None:
        return None
    top = scale.y(scale.high if ceiling is None else ceiling)
    bottom = scale.y(scale.low if floor is None else floor)
    return Band(top, bottom - top) if bottom > top else None
