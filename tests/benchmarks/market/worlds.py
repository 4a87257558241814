"""The worlds in which policies are compared, and their seeds.

A world is only a set of numbers. Nothing here is known to the engine, and no number of the engine was taken from here.
"""

from dataclasses import dataclass, replace

ITEMS = 300
CATEGORIES = 6
HISTORY_DAYS = 26 * 7
LIVE_DAYS = 26 * 7
DAYS = HISTORY_DAYS + LIVE_DAYS
WEEK = 7

VAT_BP = 1_500
FEE_BP = 200
MIN_MARGIN_BP = 1_000

TUNING_SEEDS = range(100, 140)
"""The only seeds that numbers of the engine may be chosen with."""

REPORT_SEEDS = range(7_000, 7_100)
"""The seeds of published tables; never looked at while numbers are chosen.

The guide says which have been read already; the next table has to skip those.
"""


@dataclass(frozen=True, slots=True)
class World:
    """What a market is like.

    Shares and rates are per item, rival or day as named; ``*_walk`` are standard deviations of weekly log steps.
    """

    name: str
    code: int
    sensitivity: float = 1.0
    comparing: float = 0.5
    markup: float = 1.38
    without_rivals: float = 0.2
    rivals_mean: float = 6.0
    most_rivals: int = 20
    promoting: float = 0.25
    following: float = 0.15
    follow_rate: float = 0.3
    follower_floor: float = 0.88
    monthly_sales: float = 5.0
    level_walk: float = 0.05
    noise_shape: float = 6.0
    cost_walk: float = 0.004
    cost_jumps: float = 0.012
    rival_trend: float = 0.0
    ends_in_season: float = 0.12
    cost_unknown: float = 0.10
    mismatched: float = 0.06
    bait: float = 0.03
    glitches: float = 0.004
    refreshed: float = 0.35
    stock_misread: float = 0.04


_BASE = World("base", 1)

WORLDS: dict[str, World] = {
    world.name: world
    for world in (
        _BASE,
        replace(_BASE, name="inelastic", code=2, sensitivity=0.66, markup=1.55),
        replace(_BASE, name="elastic", code=3, sensitivity=1.4, comparing=0.6, markup=1.28),
        replace(_BASE, name="war", code=4, promoting=0.2, following=0.6, follow_rate=0.6, follower_floor=0.78),
        replace(_BASE, name="unique", code=5, without_rivals=0.75, comparing=0.25, rivals_mean=3.0, markup=1.5),
        replace(_BASE, name="sparse", code=6, monthly_sales=1.6),
        replace(_BASE, name="drift", code=7, level_walk=0.11, cost_walk=0.01, cost_jumps=0.03, rival_trend=0.004),
        replace(_BASE, name="misread", code=8, mismatched=0.18, bait=0.08, glitches=0.02, refreshed=0.15),
        replace(_BASE, name="clearance", code=9, ends_in_season=0.4),
    )
}
"""By name. ``base`` is an ordinary shop; each other world differs from it in one respect."""
