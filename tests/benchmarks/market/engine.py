"""The engine under test, in columns, run once a morning as in a shop: learn a week, look at the market, decide."""

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.market import worlds
from tests.benchmarks.market.market import Market, Morning
from tests.benchmarks.market.observing import Sightings
from tests.benchmarks.market.promises import Claim
from tests.benchmarks.market.truth import NEVER
from tests.benchmarks.market.worlds import HISTORY_DAYS, WEEK
from thaman_contracts.events.settings import AutomationMode
from thaman_optimizer.domain.decision import (
    TOLERANCES,
    Columns,
    DecisionPolicy,
    Decisions,
    Disposition,
    Guard,
    decide,
    draws,
    floor_prices,
    identity,
    impute_costs,
)
from thaman_optimizer.domain.demand import PRIORS, DemandState, Panel, Priors, WeekColumns, fit, step
from thaman_optimizer.domain.offers import Market as Prices
from thaman_optimizer.domain.offers import OfferColumns, read_market

Array = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]

_EPOCH_DAYS = 21
_MEDIAN_DAYS = 90
_BRAKE_CUTS = 3
_BRAKE_FALL = 0.05
_ONLY_FOR_THE_FLOOR = int(Guard.BELOW_FLOOR)


class Engine:
    """Prices by the engine at a risk tolerance.

    With ``mode`` the engine's own disposition is followed: what it asks a person about is answered once a week, and
    ``agreed`` is the share that is agreed to (drawn). Without it every proposal is carried out. ``refit_weeks`` is how
    often everything is learned anew, by itself every week, as the service does in each run; weeks between are added.
    """

    def __init__(
        self,
        market: Market,
        tolerance: str = "medium",
        mode: AutomationMode | None = None,
        *,
        agreed: float = 0.0,
        priors: Priors = PRIORS,
        policy: DecisionPolicy | None = None,
        refit_weeks: int = 1,
    ) -> None:
        self._policy = policy or DecisionPolicy(
            tolerance=TOLERANCES[tolerance],
            mode=mode or AutomationMode.FULL_AUTO,
            vat_bp=worlds.VAT_BP,
            fee_bp=worlds.FEE_BP,
            min_margin_bp=worlds.MIN_MARGIN_BP,
        )
        self._follows_mode = mode is not None
        self._agreed = agreed
        self._priors = priors
        self._refit_weeks = refit_weeks
        self._ids = tuple(f"p{item:05d}" for item in range(market.truth.items))
        self._identity = identity(self._ids)
        self._references = [
            self._reference_then(market, seen, week) for week, seen in enumerate(market.records.sightings)
        ]
        self._state = self._fit(market, HISTORY_DAYS // WEEK)
        self._cuts = np.zeros(len(self._ids), dtype=np.int64)
        self._reference_before = np.full(len(self._ids), np.nan)
        self._claim = Claim(*(np.zeros(0, dtype=kind) for kind in (np.int64, np.float64, np.float64, np.float64)))

    def decide(self, morning: Morning, market: Market) -> Counts:
        """Today's prices."""
        if morning.day % WEEK == 0 and morning.day > HISTORY_DAYS:
            self._learn(market, morning.day // WEEK)
        median = own_median(market.records.daily, morning.day)
        seen = Sightings(morning.offer_price, morning.offer_day, morning.offer_in_stock)
        prices = read(seen, morning.day, median, morning.offer_confidence)
        decisions = decide(self._columns(morning, prices, median), self._state, self._policy, self._priors)
        done = decisions.propose & morning.selling
        if self._follows_mode:
            done &= (decisions.disposition == Disposition.WRITE) | self._agrees(morning.day)
        self._remember(morning, decisions, done, prices.reference)
        return np.where(done, decisions.price, morning.price)

    def claim(self) -> Claim:
        """What was promised of this morning's moves; those made for the floor promise nothing."""
        return self._claim

    def _agrees(self, day: int) -> Flags:
        """What a merchant who looks once a week would agree to."""
        if day % WEEK != 0 or self._agreed <= 0:
            return np.zeros(len(self._ids), dtype=np.bool_)
        return np.random.default_rng([4, day]).random(len(self._ids)) < self._agreed

    def _learn(self, market: Market, weeks: int) -> None:
        self._references.append(self._reference_then(market, market.records.sightings[-1], weeks - 1))
        if weeks % self._refit_weeks == 0:
            self._state = self._fit(market, weeks)
            return
        books, last = market.records, weeks - 1
        week = WeekColumns(
            books.units[last].astype(np.float64), books.price[last], books.present[last], self._references[last]
        )
        self._state = step(self._state, week, self._priors)

    @staticmethod
    def _reference_then(market: Market, seen: Sightings, week: int) -> Array:
        """The reference in the middle of a past week."""
        middle = week * WEEK + 3
        return read(seen, middle, own_median(market.records.daily, middle), market.truth.lens.confidence).reference

    def _fit(self, market: Market, weeks: int) -> DemandState:
        books, truth = market.records, market.truth
        cost = np.where(truth.cost_known, truth.cost[market.day], np.nan)
        return fit(
            Panel(
                product_ids=self._ids,
                category=truth.category,
                cost=cost,
                units=books.units[:weeks].astype(np.float64),
                price=books.price[:weeks],
                share=books.present[:weeks],
                reference=np.stack(self._references[:weeks]),
            ),
            self._priors,
        )

    def _columns(self, morning: Morning, prices: Prices, median: Counts) -> Columns:
        known = morning.cost >= 0
        count = len(self._ids)
        ends = morning.season_end != NEVER
        return Columns(
            price=morning.price,
            cost=impute_costs(
                np.where(known, morning.cost, np.nan), morning.price, morning.category, self._policy.vat_bp
            ),
            cost_known=known,
            floor=floor_prices(np.maximum(morning.cost, 0), known, self._policy),
            stock=morning.stock.astype(np.float64),
            weeks_left=np.where(ends, (morning.season_end - morning.day) / WEEK, np.nan),
            salvage=np.where(ends, morning.salvage, np.nan),
            days_since_change=(morning.day - morning.changed_on).astype(np.float64),
            own_median=median,
            reference=prices.reference,
            reference_weight=prices.weight,
            braked=self._braked(prices.reference),
            locked=np.zeros(count, dtype=np.bool_),
            resting=np.zeros(count, dtype=np.bool_),
            target=np.full(count, np.nan),
            fixed=np.zeros(count, dtype=np.bool_),
            draw=draws(self._identity, morning.day // _EPOCH_DAYS),
            weeks_ahead=np.full(count, morning.day % WEEK / WEEK),
        )

    def _braked(self, reference: Array) -> Flags:
        fallen = reference < self._reference_before * (1 - _BRAKE_FALL)
        return (self._cuts >= _BRAKE_CUTS) & fallen

    def _remember(self, morning: Morning, decisions: Decisions, done: Flags, reference: Array) -> None:
        cut, raised = done & (decisions.price < morning.price), done & (decisions.price > morning.price)
        self._reference_before = np.where(cut & (self._cuts == 0), reference, self._reference_before)
        self._cuts = np.where(raised, 0, self._cuts + cut)
        claimed = np.flatnonzero(done & (decisions.guards & _ONLY_FOR_THE_FLOOR == 0))
        self._claim = Claim(claimed, decisions.expected[claimed], decisions.low[claimed], decisions.high[claimed])


def own_median(daily: Counts, day: int) -> Counts:
    """The median own price of the last 90 days, in halalas."""
    return np.median(daily[max(0, day - _MEDIAN_DAYS) : max(day, 1)], axis=0).astype(np.int64)


def read(seen: Sightings, day: int, median: Counts, confidence: Counts) -> Prices:
    """The robust reference from the sightings of a day."""
    there = seen.day >= 0
    offers = OfferColumns(
        starts=np.concatenate([[0], np.cumsum(there.sum(axis=1))]),
        price=seen.price[there],
        age_days=(day - seen.day[there]).astype(np.float64),
        in_stock=seen.in_stock[there].astype(np.int64),
        confidence_bp=confidence[there],
    )
    return read_market(offers, median.astype(np.float64))
