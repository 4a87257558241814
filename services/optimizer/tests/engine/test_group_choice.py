"""Which price a group takes, and that blocks, names and neighbours do not matter."""

import hashlib
from dataclasses import fields, replace

import numpy as np
from tests.support.columns import columns as morning
from tests.support.columns import panel
from tests.support.pricing import POLICY

from thaman_contracts.events.settings import AutomationMode
from thaman_optimizer.domain.decision import (
    TOLERANCES,
    DecisionPolicy,
    Decisions,
    Groups,
    Guard,
    decide,
    ending_named,
)
from thaman_optimizer.domain.demand import fit
from thaman_optimizer.domain.pricing import policy_from

UNGROUPED = "694a48b90a20308e97a971db035345e2339e71b5a1a4264a5c7bc74a94a586a7"
"""Decisions about 700 products without groups, first recorded without the code of groups (decision-1.1).

Recorded anew for demand-1.1 and decision-1.2: with effects and variances
as they were counted before, the bits were the first ones. And for decision-1.3, whose intervals alone are narrower.
"""


def digest(decisions: Decisions) -> str:
    made = hashlib.sha256()
    for one in fields(Decisions):
        made.update(np.ascontiguousarray(getattr(decisions, one.name)).tobytes())
    return made.hexdigest()


def same(one: Decisions, other: Decisions) -> bool:
    return digest(one) == digest(other)


def test_equal_products_are_priced_as_one_of_them_would_be() -> None:
    weeks = panel(400, rate=2.0)
    policy, state = DecisionPolicy(mode=AutomationMode.MANUAL), fit(weeks)
    given_columns = morning(weeks, policy)
    single = decide(given_columns, state, policy)
    twice = np.repeat(np.arange(400), 2)
    groups = Groups(twice.copy(), np.zeros(800, dtype=bool))
    double = decide(given_columns.take(twice), state.take(twice), policy, groups=groups)
    moved = single.propose[twice]
    assert moved.any()
    assert not moved.all()
    for name in ("price", "propose", "risk", "disposition", "expected", "low", "high", "probability"):
        assert np.array_equal(getattr(double, name), getattr(single, name)[twice]), name
    assert np.array_equal(
        double.guards & ~int(Guard.GROUP), np.where(moved, single.guards[twice], double.guards) & ~int(Guard.GROUP)
    )


def test_the_group_goes_where_its_members_gain_most_in_sum() -> None:
    """One that sells much and wants up carries one that sells little and wants down; each keeps its own numbers."""
    weeks = panel(300, rate=2.0)
    policy, state = DecisionPolicy(mode=AutomationMode.MANUAL, ending=ending_named("exact")), fit(weeks)
    free = replace(morning(weeks, policy), locked=np.zeros(300, dtype=bool), days_since_change=np.full(300, 60.0))
    free = replace(free, stock=np.full(300, np.nan), weeks_left=np.full(300, np.nan))
    alone = decide(free, state, policy)
    up = np.flatnonzero(alone.price > free.price * 1.05)
    down = np.flatnonzero((alone.price < free.price * 0.97) & alone.propose)
    pairs = [(a, b) for a in up[:12] for b in down[:12]]
    agreed = 0
    for pair in pairs:
        rows = np.array(sorted(pair))
        made = decide(
            free.take(rows), state.take(rows), policy, groups=Groups(np.zeros(2, np.int64), np.zeros(2, bool))
        )
        if made.propose.all():
            agreed += 1
            assert made.expected.sum() > 0
            assert made.expected.min() < made.expected.max()
            assert made.expected.sum() <= alone.expected[rows].sum() + 1e-6, "togetherness costs, it does not earn"
    assert agreed > len(pairs) / 4


def test_a_candidate_that_moves_all_is_sought() -> None:
    """What is best for a large price is too little to move a small one; then the next best that moves both counts."""
    weeks = panel(300, rate=20.0)
    policy = DecisionPolicy(tolerance=TOLERANCES["high"], mode=AutomationMode.MANUAL)
    state = fit(weeks)
    base = replace(morning(weeks, policy), locked=np.zeros(300, dtype=bool), days_since_change=np.full(300, 60.0))
    base = replace(
        base, stock=np.full(300, np.nan), weeks_left=np.full(300, np.nan), floor=np.zeros(300, dtype=np.int64)
    )
    state = replace(state, own_mean=base.price.astype(np.float64))
    alone = decide(base, state, policy)
    change = alone.price / base.price - 1.0
    found = 0
    for row in np.flatnonzero((change > 0.03) & (change < 0.05) & (base.price > 5_000)):
        both = np.array([row, row])
        small = replace(
            base.take(both), price=np.array([base.price[row], 500]), own_median=np.array([base.price[row], 500])
        )
        small = replace(small, cost=base.cost[both] * small.price / base.price[row])
        known = replace(state.take(both), own_mean=small.price.astype(np.float64))
        made = decide(small, known, policy, groups=Groups(np.zeros(2, np.int64), np.zeros(2, bool)))
        if made.propose.any():
            assert made.price.tolist()[1] == 550, "halves below 20 riyals: the nearest way up is a tenth"
            assert made.price[0] > alone.price[row]
            found += 1
    assert found > 0


def test_a_group_is_moved_as_one_to_learn() -> None:
    weeks = panel(600, rate=2.0)
    policy, state = DecisionPolicy(), fit(weeks)
    given_columns = replace(morning(weeks, policy), days_since_change=np.full(600, 40.0))
    groups = Groups(np.arange(600) // 2, np.zeros(600, dtype=bool))
    decided = decide(given_columns, state, policy, groups=groups)
    dithered = (decided.guards & int(Guard.DITHER) > 0).reshape(300, 2)
    assert dithered.any()
    assert (dithered[:, 0] == dithered[:, 1]).all()
    change = (decided.price / given_columns.price - 1).reshape(300, 2)[dithered[:, 0]]
    assert (np.abs(change) >= 0.015).all()
    assert (np.abs(change) <= 0.04).all()
    assert (np.sign(change[:, 0]) == np.sign(change[:, 1])).all()
    assert given_columns.cost_known.reshape(300, 2)[dithered].all()


# Order, blocks, and those without a group


def test_without_groups_every_bit_is_as_it_was() -> None:
    weeks, policy = panel(700), policy_from(POLICY).decision()
    given_columns, state = morning(weeks, policy), fit(weeks)
    assert digest(decide(given_columns, state, policy)) == UNGROUPED
    single = Groups(np.arange(700), np.zeros(700, dtype=bool))
    assert digest(decide(given_columns, state, policy, groups=single)) == UNGROUPED
    nobody = Groups(np.full(700, -1), np.zeros(700, dtype=bool))
    assert digest(decide(given_columns, state, policy, groups=nobody)) == UNGROUPED


def test_blocks_names_and_neighbours_change_nothing() -> None:
    """Groups whose members lie thousands of rows apart are decided as if there were nobody else."""
    count = 2_400
    weeks, policy = panel(count), DecisionPolicy()
    given_columns, state = morning(weeks, policy), fit(weeks)
    random = np.random.default_rng(8)
    code = np.where(random.random(count) < 0.8, random.integers(0, 500, count), -1)
    code[random.random(count) < 0.3] = 500  # one larger than a block
    groups = Groups(code, random.random(count) < 0.03)
    asked = replace(given_columns, target=np.where(groups.still, given_columns.price, np.nan))
    whole = decide(asked, state, policy, groups=groups)
    assert whole.propose[code >= 0].any()
    loose = np.flatnonzero(code < 0)
    assert same(whole.take(loose), decide(asked.take(loose), state.take(loose), policy))
    for one in [*range(0, 500, 7), 500]:
        rows = np.flatnonzero(code == one)
        part = decide(
            asked.take(rows), state.take(rows), policy, groups=Groups(np.zeros_like(rows), groups.still[rows])
        )
        assert same(whole.take(rows), part)
    renamed = Groups(np.where(code < 0, -1, 700 - code), groups.still)
    assert same(whole, decide(asked, state, policy, groups=renamed))


def test_members_that_ask_for_different_things_are_no_group() -> None:
    weeks, policy = panel(60), DecisionPolicy()
    given_columns, state = morning(weeks, policy), fit(weeks)
    target = np.where(np.arange(60) % 2, given_columns.price * 1.02, np.nan)
    asked = replace(given_columns, target=target, locked=np.zeros(60, dtype=bool))
    groups = Groups(np.arange(60) // 2, np.zeros(60, dtype=bool))
    assert same(decide(asked, state, policy, groups=groups), decide(asked, state, policy))
