"""The market as it goes on day by day, and what a policy may see of it."""

import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.market import worlds
from tests.benchmarks.market.observing import Sightings, look, nothing_seen
from tests.benchmarks.market.stock import PLENTY, expected_sales, order, poisson, usual_rate
from tests.benchmarks.market.truth import NEVER, Truth
from tests.benchmarks.market.worlds import DAYS, HISTORY_DAYS, WEEK

Array = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]

NET = 1 / (1 + worlds.VAT_BP / 10_000) * (1 - worlds.FEE_BP / 10_000)
"""What is left of a price after VAT and fees."""


_MIDWEEK = 3


@dataclass(slots=True)
class Records:
    """A merchant's books: weeks x items, and ``daily`` prices days x items.

    ``sightings`` holds what was known of the rivals in the middle of each past week.
    """

    units: Counts
    price: Array
    present: Array
    daily: Counts
    sightings: list[Sightings]

    def copy(self) -> "Records":
        """Independent books; past sightings are shared, as nobody writes in them again."""
        return Records(
            self.units.copy(), self.price.copy(), self.present.copy(), self.daily.copy(), list(self.sightings)
        )


@dataclass(frozen=True, slots=True)
class Morning:
    """What a merchant knows before the shop opens. Items first; offers are items x rivals.

    ``cost`` is -1 where it is unknown. ``offer_day`` is -1 where nothing was ever seen. ``season_end`` is a day, or
    :data:`tests.benchmarks.market.truth.NEVER`. ``selling`` is false once the season is over.
    """

    day: int
    category: Counts
    price: Counts
    cost: Counts
    stock: Counts
    season_end: Counts
    salvage: Counts
    selling: Flags
    offer_price: Counts
    offer_day: Counts
    offer_in_stock: Flags
    offer_confidence: Counts
    changed_on: Counts


@dataclass(frozen=True, slots=True)
class Evening:
    """What a day brought, in halalas: expected given stock and that day's noise, not the lucky sales."""

    profit: Array
    sold: Counts


class Market:
    """One store among its rivals. ``open`` a morning, then ``trade`` at the prices a policy chose."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self.day = 0
        self.price = truth.history_price[0].copy()
        self.changed_on = np.full(truth.items, -1_000)
        self.standing = truth.rivals.price[0].astype(np.float64)
        self.sightings: Sightings = nothing_seen(truth.rivals.exists.shape)
        self.stock = np.full(truth.items, PLENTY)
        self.ordered = np.zeros(truth.items, dtype=np.int64)
        self.arrives = np.full(truth.items, NEVER)
        self.rate = np.full(truth.items, truth.world.monthly_sales / 30)
        weeks = DAYS // WEEK
        shape = (weeks, truth.items)
        self.records = Records(
            units=np.zeros(shape, dtype=np.int64),
            price=np.zeros(shape),
            present=np.zeros(shape),
            daily=np.zeros((DAYS, truth.items), dtype=np.int64),
            sightings=[],
        )
        self._replenished = truth.season_end == NEVER

    def copy(self) -> "Market":
        """An independent market in the same state; the truth is shared."""
        other = copy.copy(self)
        for name in ("price", "changed_on", "standing", "sightings", "stock", "ordered", "arrives", "rate"):
            setattr(other, name, getattr(self, name).copy())
        other.records = self.records.copy()
        return other

    @property
    def selling(self) -> Flags:
        """Which items are still in season."""
        return self.truth.season_end > self.day

    def open(self) -> Morning:
        """Deliveries come, rivals move, pages are looked at."""
        truth, day = self.truth, self.day
        if day == HISTORY_DAYS:
            self._stock_up()
        arrived = self.arrives <= day
        self.stock = self.stock + np.where(arrived, self.ordered, 0)
        self.arrives = np.where(arrived, NEVER, self.arrives)
        self.standing = truth.rivals.after(day, self.standing, self.price.astype(np.float64))
        look(truth.lens, self.sightings, day, self.standing, truth.rivals.in_stock[day])
        seen = self.sightings
        return Morning(
            day=day,
            category=truth.category,
            price=self.price.copy(),
            cost=np.where(truth.cost_known, truth.cost[day], -1),
            stock=self.stock.copy(),
            season_end=truth.season_end,
            salvage=truth.salvage,
            selling=self.selling,
            offer_price=seen.price,
            offer_day=seen.day,
            offer_in_stock=seen.in_stock,
            offer_confidence=truth.lens.confidence,
            changed_on=self.changed_on.copy(),
        )

    def trade(self, price: Counts) -> Evening:
        """One day at these prices."""
        truth, day = self.truth, self.day
        self.changed_on = np.where(price != self.price, day, self.changed_on)
        self.price = price.copy()
        mean = self.demand(price[:, None].astype(np.float64))[:, 0] * truth.noise[day] * self.selling
        present = (self.stock > 0) & self.selling
        expected = expected_sales(mean, self.stock)
        sold = np.minimum(poisson(truth.luck[day], mean), self.stock)
        profit = expected * (price * NET - self.unit_cost())
        self._keep_books(day, sold, present)
        self.stock = self.stock - sold
        self._reorder(day, sold, present)
        self.day = day + 1
        return Evening(profit=profit, sold=sold)

    def unit_cost(self) -> Array:
        """What giving away one more unit costs: its replacement, or at a season's end what it would still fetch."""
        truth = self.truth
        ends = (truth.season_end != NEVER) & (self.day >= HISTORY_DAYS)
        return np.where(ends, truth.salvage, truth.cost[self.day]).astype(np.float64)

    def demand(self, price: Array, pull: Array | None = None) -> Array:
        """Expected units of today at candidate prices (items x candidates), without the week's noise."""
        truth = self.truth
        if pull is None:
            pull = truth.tastes.pull(self.standing, truth.rivals.in_stock[self.day])
        return np.asarray(truth.shoppers[self.day][:, None] * truth.tastes.share(price, pull))

    def _stock_up(self) -> None:
        truth = self.truth
        rate = np.maximum(self.rate, 0.01)
        usual = np.ceil(1.4 * rate * 7 + 1 + 14 * rate).astype(np.int64)
        self.stock = np.where(self._replenished, usual, truth.season_stock)

    def _keep_books(self, day: int, sold: Counts, present: Flags) -> None:
        week = day // WEEK
        self.records.units[week] += sold
        self.records.daily[day] = self.price
        if day % WEEK == _MIDWEEK:
            self.records.sightings.append(self.sightings.copy())
        self.records.price[week] += self.price / WEEK
        sold_out = present & (sold == self.stock)
        self.records.present[week] += np.where(present, np.where(sold_out, 0.5, 1.0), 0.0) / WEEK

    def _reorder(self, day: int, sold: Counts, present: Flags) -> None:
        self.rate = usual_rate(self.rate, sold, present)
        if day < HISTORY_DAYS:
            return
        lead = self.truth.lead_days[day]
        wanted = order(self.stock, self.rate, np.minimum(lead, 8).astype(np.float64))
        places = (self.arrives == NEVER) & self._replenished & (wanted > 0)
        self.ordered = np.where(places, wanted, self.ordered)
        self.arrives = np.where(places, day + lead, self.arrives)


def sunk(truth: Truth) -> float:
    """What season stock cost beyond what it would still fetch: owed under every policy, in halalas."""
    ends = truth.season_end != NEVER
    loss = truth.season_stock * (truth.cost[HISTORY_DAYS] - truth.salvage)
    return float(np.sum(np.where(ends, loss, 0)))


def after_history(truth: Truth) -> Market:
    """A market at the first live morning, having gone through the merchant's own half year."""
    market = Market(truth)
    for day in range(HISTORY_DAYS):
        market.open()
        market.trade(truth.history_price[day])
    return market
