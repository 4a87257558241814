"""What every policy is, and the simple ones: rules that look at costs and rivals, or at nothing."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.market import worlds
from tests.benchmarks.market.market import Market, Morning, Records
from tests.benchmarks.market.truth import floor_of, whole_riyals
from tests.benchmarks.market.worlds import HISTORY_DAYS, WEEK

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

_FRESH_DAYS = 14


class Policy(Protocol):
    """Sets prices each morning. A new one is made for each run."""

    def decide(self, morning: Morning, market: Market) -> Counts:
        """The prices of today, in halalas. Only oracles may look at ``market`` beyond its ``records``."""


def with_floor(price: Counts, morning: Morning) -> Counts:
    """The price, or the floor where that is higher; where the cost is unknown the price stays as it is."""
    known = morning.cost >= 0
    return np.where(known, np.maximum(price, floor_of(np.maximum(morning.cost, 0))), morning.price)


def offers(morning: Morning) -> Array:
    """Offers that a simple rule would believe, items x rivals; NaN elsewhere. It has no idea of outliers."""
    fresh = (morning.offer_day >= 0) & (morning.day - morning.offer_day <= _FRESH_DAYS) & morning.offer_in_stock
    return np.where(fresh, morning.offer_price.astype(np.float64), np.nan)


def lowest(morning: Morning) -> Array:
    """The lowest believed offer of each item, NaN where there is none."""
    seen = offers(morning)
    return np.where(np.isnan(seen).all(axis=1), np.nan, np.min(np.where(np.isnan(seen), np.inf, seen), axis=1))


def middle(morning: Morning) -> Array:
    """The median believed offer of each item, NaN where there is none."""
    seen = np.sort(offers(morning), axis=1)
    count = np.sum(~np.isnan(seen), axis=1)
    rows = np.arange(len(seen))
    low, high = seen[rows, np.maximum((count - 1) // 2, 0)], seen[rows, np.maximum(count // 2, 0)]
    return np.where(count > 0, (low + high) / 2, np.nan)


def _or_present(wanted: Array, morning: Morning) -> Counts:
    known = ~np.isnan(wanted)
    return np.where(known, np.maximum(np.round(np.where(known, wanted, 1.0)), 1).astype(np.int64), morning.price)


class Keep:
    """Never changes a price."""

    def decide(self, morning: Morning, market: Market) -> Counts:
        """The prices of yesterday."""
        return morning.price


class Undercut:
    """One per cent below the lowest offer, every day."""

    def __init__(self, *, floor: bool) -> None:
        self._floor = floor

    def decide(self, morning: Morning, market: Market) -> Counts:
        """Below whoever is lowest, be it a misreading."""
        price = _or_present(lowest(morning) * 0.99, morning)
        return with_floor(price, morning) if self._floor else price


class MatchMedian:
    """The median offer, not below the floor."""

    def decide(self, morning: Morning, market: Market) -> Counts:
        """As the middle of the market; items without offers are not looked at, not even for their floor."""
        wanted = middle(morning)
        return np.where(np.isnan(wanted), morning.price, with_floor(_or_present(wanted, morning), morning))


class CostPlus:
    """Cost and forty per cent, without a look at the market; unknown costs stay."""

    def decide(self, morning: Morning, market: Market) -> Counts:
        """From the cost alone."""
        price = whole_riyals(np.maximum(morning.cost, 1) * 1.4 * (1 + worlds.VAT_BP / 10_000))
        return with_floor(price, morning)


class PromptRule:
    """What a prompt asks of a language model, taken by its word: bands around the market's average, daily, for all.

    Dearer than the average by more than 10 %: undercut the lowest by 1 %; by more than 5 %: match the average. Cheaper
    by more than 10 %: premium, up by 5 %. Between: hold. "Keep a profit of 10 %" is a mark-up on the cost without VAT,
    compared with a price that has VAT in it, and an unknown cost counts as zero. Reconstructed from a description of
    the first prototype: its prompt itself is not here.
    """

    def decide(self, morning: Morning, market: Market) -> Counts:
        """By the bands."""
        seen = offers(morning)
        count = np.sum(~np.isnan(seen), axis=1)
        average = np.where(count > 0, np.nansum(seen, axis=1) / np.maximum(count, 1), np.nan)
        ratio = morning.price / average
        wanted = np.select(
            [ratio > 1.10, ratio > 1.05, ratio < 0.90],
            [lowest(morning) * 0.99, average, morning.price * 1.05],
            default=np.nan,
        )
        return np.maximum(_or_present(wanted, morning), np.ceil(np.maximum(morning.cost, 0) * 1.1).astype(np.int64))


class OwnRegression:
    """Each item by itself: least squares of log sales on log price, the textbook price from it, renewed weekly."""

    def __init__(self) -> None:
        self._wanted: Counts | None = None

    def decide(self, morning: Morning, market: Market) -> Counts:
        """The textbook price, not below the floor."""
        if self._wanted is None or morning.day % WEEK == 0:
            elasticity = own_elasticity(market.records, morning.day // WEEK)
            cost = np.maximum(morning.cost, 1) * (1 + worlds.VAT_BP / 10_000) / (1 - worlds.FEE_BP / 10_000)
            self._wanted = whole_riyals(cost * elasticity / (elasticity - 1))
        return with_floor(self._wanted, morning)


def own_elasticity(books: Records, weeks: int) -> Array:
    """Least squares of log(units + 1/2) on log price over ``weeks``, clipped to [1.2, 8]; 2 where no price moved."""
    log_price = np.log(books.price[:weeks])
    log_units = np.log(books.units[:weeks] + 0.5)
    x, y = log_price - log_price.mean(axis=0), log_units - log_units.mean(axis=0)
    spread = np.sum(x * x, axis=0)
    slope = np.sum(x * y, axis=0) / np.maximum(spread, 1e-9)
    return np.where(spread > 1e-4, np.clip(-slope, 1.2, 8.0), 2.0)


def first_live_prices(market: Market) -> Counts:
    """What was asked on the last day of the history."""
    return market.truth.history_price[HISTORY_DAYS - 1]
