"""Products that are priced together: every promise about a group, against stores made up by hypothesis."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.columns import columns as morning
from tests.support.columns import panel

from thaman_contracts.events.settings import AutomationMode
from thaman_optimizer.domain.decision import (
    TOLERANCES,
    Columns,
    DecisionPolicy,
    Decisions,
    Disposition,
    Groups,
    Guard,
    Risk,
    decide,
    ending_named,
    floor_prices,
    impute_costs,
)
from thaman_optimizer.domain.decision.candidates import bounds_of
from thaman_optimizer.domain.demand import DemandState, fit


@dataclass(frozen=True)
class Member:
    """A product of a made-up store; ``cost_bp`` and ``median_bp`` are shares of its price."""

    group: int
    price: int
    cost_bp: int | None
    median_bp: int
    days: float
    stock: float | None
    braked: bool
    locked: bool
    still: bool


@dataclass(frozen=True)
class Store:
    made: list[Member]
    policy: DecisionPolicy
    ratios: list[float | None]
    columns: Columns = field(repr=False)
    state: DemandState = field(repr=False)
    groups: Groups = field(repr=False)

    def decided(self) -> Decisions:
        return decide(self.columns, self.state, self.policy, groups=self.groups)

    def real(self) -> Iterator[np.ndarray]:  # type: ignore[type-arg]
        """Rows of each group that has at least two members."""
        for code in range(int(self.groups.code.max()) + 1):
            rows = np.flatnonzero(self.groups.code == code)
            if len(rows) > 1:
                yield rows

    def forced(self) -> np.ndarray:  # type: ignore[type-arg]
        """Products below their floors that nobody locked."""
        return (self.columns.price < self.columns.floor) & ~self.columns.locked


@cache
def learned(count: int) -> DemandState:
    return fit(panel(count, weeks=30, rate=3.0))


seldom = st.sampled_from([False] * 7 + [True])
members = st.builds(
    Member,
    group=st.integers(-1, 3),
    price=st.sampled_from([10_000] * 4 + [9_995, 4_000, 1_250, 40_000, 123_457]),
    cost_bp=st.one_of(*[st.integers(3_000, 7_000)] * 5, st.none(), st.integers(7_000, 9_500)),
    median_bp=st.sampled_from([10_000] * 5 + [9_500, 11_000, 7_600, 7_000, 14_000]),
    days=st.sampled_from([30.0] * 8 + [3.0]),
    stock=st.sampled_from([None, 12.0, 12.0, 0.0]),
    braked=seldom,
    locked=seldom,
    still=seldom,
)
policies = st.builds(
    DecisionPolicy,
    tolerance=st.sampled_from(list(TOLERANCES.values())),
    mode=st.sampled_from(AutomationMode),
    ending=st.sampled_from([ending_named(name) for name in (None, "exact", ".95", "9")]),
    max_step_bp=st.sampled_from([None, 150, 2_000]),
    min_margin_bp=st.sampled_from([0, 1_000, 2_500]),
)


@st.composite
def stores(draw: st.DrawFn) -> Store:
    made = draw(st.lists(members, min_size=4, max_size=16))
    policy = draw(policies)
    # A group follows demand, or is asked for one ratio.
    ratios = draw(st.lists(st.sampled_from([None] * 3 + [0.9, 0.97, 1.0, 1.02, 1.3]), min_size=4, max_size=4))
    return store(made, policy, ratios)


def store(made: list[Member], policy: DecisionPolicy, ratios: list[float | None]) -> Store:
    count = len(made)
    now = np.array([one.price for one in made], dtype=np.int64)
    cost = np.array([np.nan if one.cost_bp is None else one.price * one.cost_bp // 10_000 for one in made])
    known = ~np.isnan(cost)
    still = np.array([one.still or one.locked for one in made])
    asked = np.array([np.nan if one.group < 0 else (ratios[one.group] or np.nan) for one in made])
    given_columns = replace(
        morning(panel(count, weeks=30, rate=3.0), policy),
        price=now,
        cost=impute_costs(cost, now, np.zeros(count, dtype=np.int64), policy.vat_bp),
        cost_known=known,
        floor=floor_prices(np.where(known, cost, 0).astype(np.int64), known, policy),
        stock=np.array([np.nan if one.stock is None else one.stock for one in made]),
        weeks_left=np.full(count, np.nan),
        days_since_change=np.array([one.days for one in made]),
        own_median=np.array([one.price * one.median_bp // 10_000 for one in made], dtype=np.int64),
        reference=np.full(count, np.nan),
        reference_weight=np.zeros(count),
        braked=np.array([one.braked for one in made]),
        locked=np.array([one.locked for one in made]),
        target=np.where(still, now, np.rint(now * asked)),
    )
    state = replace(learned(count), own_mean=now.astype(np.float64))
    groups = Groups(np.array([one.group for one in made]), still)
    return Store(made, policy, ratios, given_columns, state, groups)


def in_relation(old: np.ndarray, new: np.ndarray, unit: int) -> bool:  # type: ignore[type-arg]
    """Whether one ratio explains all prices, up to an ending and a rounding."""
    return bool(((new - unit - 1) / old).max() <= ((new + unit + 1) / old).min())


def stays_together(given_store: Store, decided: Decisions, rows: np.ndarray) -> None:  # type: ignore[type-arg]
    """All of these rows move, by one ratio."""
    old, new = given_store.columns.price[rows], decided.price[rows]
    assert decided.propose[rows].all()
    assert in_relation(old, new, given_store.policy.ending.unit)
    assert len({*zip(old.tolist(), new.tolist(), strict=True)}) == len(set(old.tolist())), "equal prices stay equal"
    assert len(set(np.sign(new - old).tolist())) == 1
    assert len(set(decided.risk[rows].tolist())) == 1
    assert len(set(decided.disposition[rows].tolist())) == 1


# Promises about every member


@settings(deadline=None, max_examples=120)
@given(stores())
def test_no_member_passes_its_own_limits(made: Store) -> None:
    given_columns, policy, decided = made.columns, made.policy, made.decided()
    own, old, new = bounds_of(given_columns, policy), given_columns.price, decided.price
    forced = made.forced()
    assert (new[decided.propose] >= given_columns.floor[decided.propose]).all()
    assert (new >= own.low[:, 0]).all(), "step down, corridor, brake and unknown cost"
    assert (new <= np.maximum(own.high[:, 0], np.where(forced, given_columns.floor, 0))).all(), "step up, corridor"
    assert not decided.propose[given_columns.locked].any()
    assert not decided.propose[(given_columns.days_since_change < policy.dwell_days) & ~forced].any()
    assert not decided.propose[made.groups.still & ~forced].any()
    assert decided.propose[forced].all(), "a price below its floor is always brought back"
    assert (new[~decided.propose] == old[~decided.propose]).all()
    assert (decided.risk[decided.propose & forced] == Risk.HIGH).all()
    written = decided.disposition == Disposition.WRITE
    assert (decided.risk[written] != Risk.HIGH).all()


@settings(deadline=None, max_examples=120)
@given(stores())
def test_all_move_by_one_ratio_or_none_moves(made: Store) -> None:
    """Where nobody has to be lifted; what happens then has a test of its own."""
    decided, forced = made.decided(), made.forced()
    for rows in made.real():
        if not forced[rows].any() and decided.propose[rows].any():
            stays_together(made, decided, rows)
            assert (decided.guards[rows] & Guard.GROUP > 0).all()


def stuck(made: Store) -> np.ndarray:  # type: ignore[type-arg]
    """Who may not move, sold out or not."""
    rests = (made.columns.days_since_change < made.policy.dwell_days) & ~made.forced()
    return made.columns.locked | rests | (made.groups.still & ~made.forced())


@settings(deadline=None, max_examples=120)
@given(stores())
def test_one_that_may_not_move_keeps_the_others_and_they_say_so(made: Store) -> None:
    decided, forced, blocked = made.decided(), made.forced(), stuck(made)
    for rows in made.real():
        if blocked[rows].any() and not forced[rows].any():
            assert not decided.propose[rows].any()
            if not (made.columns.stock[rows] <= 0).all():
                assert (decided.guards[rows] & Guard.GROUP > 0).tolist() == (~blocked[rows]).tolist()


@settings(deadline=None, max_examples=100)
@given(stores())
def test_who_is_out_of_stock_follows_those_that_are_not(made: Store) -> None:
    stock = made.columns.stock.copy()
    for rows in made.real():
        if not (stock[rows] <= 0).all():
            stock[rows] = 12.0
    full = replace(made, columns=replace(made.columns, stock=stock))
    decided, wanted = made.decided(), full.decided()
    assert np.array_equal(decided.price, wanted.price)
    assert np.array_equal(decided.risk, wanted.risk)
    for rows in made.real():
        if (made.columns.stock[rows] <= 0).all() and not made.forced()[rows].any():
            assert not decided.propose[rows].any()
            sound = rows[made.columns.price[rows] >= made.columns.floor[rows]]
            assert (decided.guards[sound] & Guard.OUT_OF_STOCK > 0).all()


# Promises about floors


def lifted_together(made: Store, rows: list[int]) -> list[list[int]]:
    """Who is lifted with whom, worked out slowly and in fractions from the words of the rule."""
    now, floor, forced, blocked = made.columns.price, made.columns.floor, made.forced(), stuck(made)
    reach = np.maximum(bounds_of(made.columns, made.policy).high[:, 0], floor)
    alone = [[row] for row in rows if made.groups.still[row] and forced[row]]
    left = [row for row in rows if not blocked[row] and not made.groups.still[row]]
    teams = []
    while any(forced[row] for row in left):
        most = max(Fraction(int(floor[row]), int(now[row])) for row in left if forced[row])
        team = [row for row in left if -(-most * int(now[row]) // 1) <= reach[row]]
        teams.append(team)
        left = [row for row in left if row not in team]
    return teams + alone


@settings(deadline=None, max_examples=150)
@given(stores())
def test_who_is_lifted_to_its_floor_takes_along_who_can_follow(made: Store) -> None:
    decided, forced = made.decided(), made.forced()
    for rows in made.real():
        if not forced[rows].any():
            continue
        teams = lifted_together(made, rows.tolist())
        moved = sorted(row for team in teams for row in team)
        assert np.flatnonzero(decided.propose & np.isin(np.arange(len(forced)), rows)).tolist() == moved
        for team in teams:
            stays_together(made, decided, np.array(team))
        assert (decided.risk[moved] == Risk.HIGH).all()
        kept = np.array([row for row in rows if row not in moved and not stuck(made)[row]], dtype=np.int64)
        assert (decided.guards[kept] & Guard.GROUP > 0).all(), "the rest says that the group is torn"


def member(**changes: Any) -> Member:
    plain = Member(0, 10_000, 5_000, 10_000, 30.0, None, False, False, False)
    return replace(plain, **changes)


def test_siblings_follow_a_lift_within_their_own_step_only() -> None:
    policy = DecisionPolicy(tolerance=TOLERANCES["low"], vat_bp=0, min_margin_bp=0, ending=ending_named("exact"))
    near = store([member(cost_bp=10_300), member(), member(price=20_000)], policy, [None] * 4).decided()
    assert near.propose.all()
    assert near.price[0] == near.price[1] >= 10_300
    assert near.price[2] >= 20_600
    far = store([member(cost_bp=10_700), member(), member(cost_bp=10_200)], policy, [None] * 4).decided()
    assert far.price[0] == 10_700
    assert not (far.guards[0] & Guard.GROUP)
    assert far.price[1] == far.price[2] >= 10_200, "who cannot follow the first lift follows the next"
    alone = store([member(cost_bp=10_700), member()], policy, [None] * 4).decided()
    assert alone.price.tolist() == [10_700, 10_000]
    assert alone.guards[1] & Guard.GROUP
    rests = store([member(cost_bp=10_300), member(days=2.0), member()], policy, [None] * 4).decided()
    assert rests.propose.tolist() == [True, False, True]
    assert rests.guards[1] & Guard.DWELL


def test_a_lift_alone_is_the_lift_of_a_product_without_a_group() -> None:
    random = np.random.default_rng(6)
    for _ in range(40):
        cost = random.integers(10_900, 20_000, 2).tolist()
        made = [member(cost_bp=int(one), price=int(random.integers(500, 90_000))) for one in cost]
        policy = DecisionPolicy(vat_bp=0, mode=AutomationMode.MANUAL, min_margin_bp=0)
        whole = store(made, policy, [None] * 4)
        decided, single = whole.decided(), decide(whole.columns, whole.state, policy)
        if decided.price[0] * made[1].price != decided.price[1] * made[0].price:
            assert np.array_equal(decided.price, single.price)


def test_a_group_that_no_price_moves_whole_holds_and_says_so() -> None:
    """Five riyals have no half within five per cent."""
    policy = DecisionPolicy(tolerance=TOLERANCES["low"])
    made = store([member(), member(price=500)], policy, [1.04, None, None, None])
    decided = made.decided()
    assert not decided.propose.any()
    assert (decided.guards & Guard.GROUP > 0).all()
    assert not (decided.guards & Guard.ALREADY_RIGHT).any()
