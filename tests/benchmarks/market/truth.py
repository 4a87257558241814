"""Everything about a store and its market that no policy can change, drawn once for a world and a seed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.market import worlds
from tests.benchmarks.market.calendar import busyness
from tests.benchmarks.market.demand import Tastes, draw_tastes
from tests.benchmarks.market.observing import Lens, draw_lens
from tests.benchmarks.market.rivals import Rivals, draw_rivals
from tests.benchmarks.market.worlds import CATEGORIES, DAYS, HISTORY_DAYS, LIVE_DAYS, WEEK, World

Array = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]

NEVER = DAYS * 10
"""The season's end of an item that is always sold."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Items first, or days x items where a day comes first. Money in halalas: costs without VAT, prices with it.

    ``shoppers`` is how many come on a day on average over the day's noise, ``noise`` the factor on it (weekly, mean 1).
    ``history_price`` is what the merchant asked before any policy was asked. ``luck`` are uniforms that decide sales.
    """

    world: World
    seed: int
    category: Counts
    cost: Counts
    cost_known: Flags
    floor: Counts
    history_price: Counts
    tastes: Tastes
    rivals: Rivals
    lens: Lens
    shoppers: Array
    noise: Array
    luck: Array
    lead_days: Counts
    season_end: Counts
    salvage: Counts
    season_stock: Counts

    @property
    def items(self) -> int:
        """How many products the store has."""
        return len(self.category)


def draw(world: World, seed: int) -> Truth:
    """The truth of a world and a seed; equal arguments give equal truths."""
    random = np.random.default_rng([world.code, seed])
    items = worlds.ITEMS
    category = random.integers(CATEGORIES, size=items)
    cost = _costs(random, world, items)
    base = cost[0] * (1 + worlds.VAT_BP / 10_000) * world.markup
    worth = base * np.exp(random.normal(0.0, 0.09, items))
    tastes = draw_tastes(random, worth, category, world.most_rivals, world.sensitivity, world.comparing)
    rivals = draw_rivals(random, world, worth, cost / cost[0])
    shoppers = _shoppers(random, world, tastes, rivals) * busyness(random)[:, category]
    season_end = np.where(
        random.random(items) < world.ends_in_season, HISTORY_DAYS + random.integers(42, LIVE_DAYS, items), NEVER
    )
    history_price = _history(random, base, category)
    share = tastes.share(worth[:, None], tastes.pull(rivals.price[0].astype(np.float64), rivals.in_stock[0]))[:, 0]
    return Truth(
        world=world,
        seed=seed,
        category=category,
        cost=cost,
        cost_known=random.random(items) >= world.cost_unknown,
        floor=floor_of(cost),
        history_price=history_price,
        tastes=tastes,
        rivals=rivals,
        lens=draw_lens(random, world, rivals.exists),
        shoppers=shoppers,
        noise=np.repeat(random.gamma(world.noise_shape, 1 / world.noise_shape, (DAYS // WEEK, items)), WEEK, axis=0),
        luck=random.random((DAYS, items)),
        lead_days=_lead_days(random, items),
        season_end=season_end,
        salvage=np.round(cost[HISTORY_DAYS] * random.uniform(0.15, 0.5, items)).astype(np.int64),
        season_stock=_season_stock(random, shoppers * share, season_end),
    )


def floor_of(cost: Counts) -> Counts:
    """The lowest price with VAT that keeps the minimum margin, rounded up to the halala; in integers."""
    kept = 10_000 - worlds.MIN_MARGIN_BP - worlds.FEE_BP
    return -(-cost * (10_000 + worlds.VAT_BP) // kept)


def _costs(random: np.random.Generator, world: World, items: int) -> Counts:
    start = np.exp(random.normal(np.log(60_00), 0.9, items)).clip(5_00, 1_500_00)
    weeks = DAYS // WEEK
    steps = random.normal(0.0, world.cost_walk, (weeks, items)) * (random.random((weeks, items)) < 0.25)
    jumps = random.normal(0.01, 0.06, (weeks, items)) * (random.random((weeks, items)) < world.cost_jumps)
    path = np.exp(np.cumsum(steps + jumps, axis=0))
    # A supplier's new price arrives on any day of a week.
    path = np.repeat(path, WEEK, axis=0)
    late = random.integers(WEEK, size=items)
    days = np.clip(np.arange(DAYS)[:, None] - late, 0, None)
    cost = start * path[days, np.arange(items)]
    return np.asarray(np.round(cost).astype(np.int64))


def _shoppers(random: np.random.Generator, world: World, tastes: Tastes, rivals: Rivals) -> Array:
    """Shoppers a day before seasons: so many that an item sold at its worth has the world's median sales."""
    pull = tastes.pull(rivals.price[0].astype(np.float64), rivals.in_stock[0])
    share = tastes.share(tastes.worth[:, None], pull)[:, 0]
    monthly = world.monthly_sales * np.exp(random.normal(0.0, 1.1, len(share)))
    steps = random.normal(0.0, world.level_walk, (DAYS // WEEK, len(share)))
    level = np.exp(np.cumsum(steps, axis=0) - steps.cumsum(axis=0).mean(axis=0))
    return np.asarray(np.repeat(level, WEEK, axis=0) * (monthly / 30 / share))


def _history(random: np.random.Generator, base: Array, category: Counts) -> Counts:
    """A merchant's own prices: a markup by feel, changed now and then, and a sale of one category at a time."""
    items, weeks = len(base), HISTORY_DAYS // WEEK
    price = np.empty((weeks, items))
    asked = base * np.maximum(np.exp(random.normal(0.0, 0.1, items)), 0.86)
    steady = asked.copy()
    for week in range(weeks):
        moved = random.random(items) < 0.05
        asked = np.where(moved, steady * np.exp(random.normal(0.0, 0.06, items)), asked)
        price[week] = asked
    # Two weeks of sale in each category, never the last ones: confounded with whatever else happens then.
    first = random.integers(2, weeks - 4, CATEGORIES)
    on_sale = np.isin(np.arange(weeks)[:, None] - first, (0, 1))[:, category]
    price = np.where(on_sale, price * 0.9, price)
    return np.repeat(whole_riyals(price), WEEK, axis=0)


def whole_riyals(price: Array) -> Counts:
    """The nearest whole riyal, half a riyal below 20; in halalas."""
    unit = np.where(price < 20_00, 50, 100)
    return np.asarray((np.maximum(np.round(price / unit), 1) * unit).astype(np.int64))


def _lead_days(random: np.random.Generator, items: int) -> Counts:
    lead = random.integers(3, 13, (DAYS, items))
    return np.asarray(np.where(random.random((DAYS, items)) < 0.05, lead + 25, lead))


def _season_stock(random: np.random.Generator, usual: Array, season_end: Counts) -> Counts:
    """What was bought for the season: about what would be sold, often too much or too little."""
    day = np.arange(DAYS)[:, None]
    expected = np.sum(usual * ((day >= HISTORY_DAYS) & (day < season_end)), axis=0)
    return np.asarray(np.ceil(expected * np.exp(random.normal(0.1, 0.4, len(season_end)))).astype(np.int64) + 1)
