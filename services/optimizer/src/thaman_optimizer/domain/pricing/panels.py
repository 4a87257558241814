"""From products' weeks to the columns that the demand model learns from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import numpy as np

from thaman_optimizer.domain.decision.columns import Flags
from thaman_optimizer.domain.demand import Panel
from thaman_optimizer.domain.demand.detmath import Floats
from thaman_optimizer.domain.demand.panel import Ints
from thaman_optimizer.domain.pricing.records import DAYS_PER_WEEK, ProductInput, Week, week_number

MOST_WEEKS = 104
"""Older weeks say nothing about now that newer ones do not."""

_QUARTER_WEEKS = 13
_CUTS = 3
_FALL = 0.95
_NOTICEABLE = 0.004


@dataclass(frozen=True, slots=True)
class Past:
    """A panel and what only a look at the past says: weeks since its last one, the number of its weeks that lie more
    than 90 days back, and each product's own median price since."""

    panel: Panel
    weeks_ahead: float
    old_weeks: int
    own_median: Ints


def past_of(products: Sequence[ProductInput], cost: Floats, now: datetime) -> Past:
    """The past of products, which are sorted by id."""
    this_week = week_number(now)
    weeks, first = _weeks(products, this_week)
    panel = _panel(products, cost, weeks, first, now)
    old = max(0, this_week - _QUARTER_WEEKS - first)
    return Past(
        panel=panel,
        weeks_ahead=float(max(1, this_week - (first + weeks - 1))) if weeks else 1.0,
        old_weeks=old,
        own_median=own_medians(panel.price[old:], _prices(products)),
    )


def price_wars(past: Past, products: Sequence[ProductInput], today: Floats) -> Flags:
    """Which products are in a price war that another cut would feed; ``today`` is today's reference."""
    panel, old = past.panel, past.old_weeks
    return in_price_war(panel.price[old:], panel.reference[old:], _prices(products), today)


def _prices(products: Sequence[ProductInput]) -> Ints:
    return np.array([product.price for product in products], dtype=np.int64)


def own_medians(price: Floats, now: Ints) -> Ints:
    """The lower median of weekly prices (weeks, n) that are known; the present price where none is."""
    known = (price > 0.0).sum(axis=0)
    if not len(price):
        return now
    ordered = np.sort(np.where(price > 0.0, price, np.inf), axis=0)
    middle = ordered[np.maximum(known - 1, 0) // 2, np.arange(len(now))]
    return np.where(known > 0, np.where(np.isfinite(middle), middle, 0.0), now).astype(np.int64)


def in_price_war(price: Floats, reference: Floats, now: Ints, today: Floats) -> Flags:
    """Whether the last three or more changes were all cuts while the reference fell by more than 5 % (pricing.md 1)."""
    last, cuts = np.full(len(now), np.nan), np.zeros(len(now), dtype=np.int64)
    market, before = np.full(len(now), np.nan), np.full(len(now), np.nan)
    for own, seen in zip([*price, now.astype(np.float64)], [*reference, today], strict=True):
        cut = own < last * (1.0 - _NOTICEABLE)
        raised = own > last * (1.0 + _NOTICEABLE)
        before = np.where(cut & (cuts == 0), market, before)
        cuts = np.where(raised, 0, cuts + cut)
        last = np.where(own > 0.0, own, last)
        market = np.where(seen > 0.0, seen, market)
    return (cuts >= _CUTS) & (market < before * _FALL)


def _weeks(products: Sequence[ProductInput], this_week: int) -> tuple[int, int]:
    """How many weeks there are, up to this one, and the number of the first."""
    numbers = {week_number(week.week_start) for product in products for week in product.history}
    past = [number for number in numbers if this_week - MOST_WEEKS <= number <= this_week]
    return (max(past) - min(past) + 1, min(past)) if past else (0, this_week)


def _panel(products: Sequence[ProductInput], cost: Floats, weeks: int, first: int, now: datetime) -> Panel:
    shape = (weeks, len(products))
    units, share = np.zeros(shape), np.zeros(shape)
    price, reference = np.full(shape, np.nan), np.full(shape, np.nan)
    for column, product in enumerate(products):
        for week in product.history:
            row = week_number(week.week_start) - first
            if 0 <= row < weeks:
                units[row, column] = week.units
                price[row, column] = np.nan if week.price is None else week.price
                share[row, column] = week.in_stock_share * _passed(week, now)
                reference[row, column] = np.nan if week.reference is None else week.reference
    # Sold is in stock, whatever the shelf's record says.
    share = np.where((units > 0.0) & (share < 1.0 / DAYS_PER_WEEK), 1.0 / DAYS_PER_WEEK, share)
    names = sorted({product.category or "" for product in products})
    codes = {name: code for code, name in enumerate(names)}
    return Panel(
        product_ids=tuple(product.product_id for product in products),
        category=np.array([codes[product.category or ""] for product in products], dtype=np.int64),
        cost=cost,
        units=units,
        price=price,
        share=share,
        reference=reference,
    )


def _passed(week: Week, now: datetime) -> float:
    """How much of a week is over."""
    days = now.toordinal() - week.week_start.toordinal()
    if days >= DAYS_PER_WEEK:
        return 1.0
    start = datetime.combine(week.week_start, time(), tzinfo=UTC)
    return min(max((now - start) / timedelta(days=DAYS_PER_WEEK), 0.0), 1.0)
