"""Price indices, chained week by week from 100. Pure; ratios, never money.

Between two weeks only items are compared that have a price in both (Jevons: the mean of their logarithms), so that an
item that comes or goes moves nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from math import exp

BASE_BP = 10_000


@dataclass(frozen=True, slots=True)
class Link:
    """From the week before that had prices to this one: how many items have both prices in both, and the mean
    logarithm of how each side's prices changed."""

    week: date
    since: date
    items: int
    own: float
    rivals: float


@dataclass(frozen=True, slots=True)
class Point:
    """The indices of a week in basis points (10,000 is the first week's 100), from so many ``items``."""

    week: date
    own_bp: int
    rivals_bp: int
    items: int | None


def chained(links: Iterable[Link]) -> tuple[Point, ...]:
    """The indices, oldest first; none where no two weeks can be compared. A week that cannot be compared with the one
    before begins anew, and what came before it is left out."""
    points: list[Point] = []
    own = rivals = 0.0
    for link in sorted(links, key=lambda one: one.week):
        if not points or points[-1].week != link.since:
            points, own, rivals = [Point(link.since, BASE_BP, BASE_BP, None)], 0.0, 0.0
        own, rivals = own + link.own, rivals + link.rivals
        points.append(Point(link.week, round(BASE_BP * exp(own)), round(BASE_BP * exp(rivals)), link.items))
    return tuple(points)
