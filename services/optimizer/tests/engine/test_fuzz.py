"""No decision breaks a guard, however absurd the posterior, the market or the policy.

``THAMAN_FUZZ=1000000`` sets how many decisions are made; the ordinary suite makes 100,000.
"""

import os
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from tests.support.pricing import NOW, POLICY, products

from thaman_contracts.events.policies import Against, Season
from thaman_contracts.events.settings import AutomationMode, Strategy
from thaman_optimizer.domain.decision import (
    TOLERANCES,
    Columns,
    DecisionPolicy,
    Decisions,
    Disposition,
    Groups,
    Risk,
    decide,
    ending_named,
    floor_prices,
    impute_costs,
)
from thaman_optimizer.domain.decision.columns import Flags
from thaman_optimizer.domain.demand import DemandState
from thaman_optimizer.domain.localtime import RIYADH
from thaman_optimizer.domain.pricing import Batch, Priced, PricingPolicy, ProductInput, policy_from, price, product_from
from thaman_optimizer.domain.rests import resting

DECISIONS = int(os.environ.get("THAMAN_FUZZ", "100000"))
ROUND = 2_000
ENDINGS = (None, "exact", ".95", "9", "0.5")


@pytest.mark.timeout(3600)
def test_no_decision_breaks_a_guard() -> None:
    made = 0
    for seed in range(-(-DECISIONS // ROUND)):
        random = np.random.default_rng([17, seed])
        policy = _policy(random)
        columns = _columns(random, policy)
        groups = _groups(random) if seed % 2 else None
        if groups is not None:
            columns = _alike(random, columns, policy, groups)
        with np.errstate(all="raise", under="ignore"):
            decisions = decide(columns, _state(random, columns), policy, groups=groups)
        _check(columns, decisions, policy, groups)
        made += len(columns.price)
    assert made >= DECISIONS


@pytest.mark.timeout(3600)
def test_no_policy_with_seasons_and_rests_breaks_a_guard() -> None:
    """The same of whole policies, at times near and far, also where no season can be computed."""
    rested, moved = 0, 0
    for seed in range(max(DECISIONS // 2_000, 1)):
        random = np.random.default_rng([23, seed])
        away = random.uniform(0, 730) if random.random() < 0.8 else random.uniform(-40_000, 40_000)
        now, policy = NOW + timedelta(days=away), policy_from(_told(random))
        given = [product_from(one) for one in products(40, weeks=8, seed=seed)]
        with np.errstate(all="raise", under="ignore"):
            answers = price(Batch.of(given), policy, now)
        rest = resting(policy.season_rests, policy.date_rests, policy.sleep, now, RIYADH)
        for product, answered in zip(given, answers, strict=True):
            _check_answer(product, answered, policy, rest, now)
        rested += rest is not None
        moved += sum(answered.action == "propose" for answered in answers)
    assert rested
    assert moved


def _check_answer(
    product: ProductInput, answered: Priced, policy: PricingPolicy, rest: str | None, now: datetime
) -> None:
    floor, codes, moves = answered.reasons["floor"] or 0, answered.reasons["codes"], answered.action == "propose"
    running = {one.kind for one in policy.strategies if one.runs(now, RIYADH)} | {Strategy.DEMAND}
    assert answered.reasons["strategy"] in running
    assert not moves or answered.price >= floor
    if product.price < floor:
        assert moves != ("locked" in codes), "a price below its floor is always brought back, but for a lock"
        return
    assert ("rest" in codes) == (rest is not None)
    assert rest is None or (not moves and answered.price == product.price)


def _told(random: np.random.Generator) -> dict[str, Any]:
    """A policy as the black box takes it, with strategies of every kind in and out of season."""

    def season() -> str | None:
        return str(random.choice(list(Season))) if random.random() < 0.5 else None

    strategies = [
        {
            "kind": str(random.choice(list(Strategy))),
            "scope": {"brands": [f"brand {random.integers(3)}"]} if random.random() < 0.5 else None,
            "priority": int(random.integers(-2, 3)),
            "against": str(random.choice(list(Against))),
            "rank": int(random.integers(1, 5)),
            "by_bp": int(random.integers(-2_000, 2_000)),
            "markup_bp": int(random.integers(0, 20_000)),
            "price": int(random.integers(1, 10**5)),
            "season": season(),
        }
        for _ in range(int(random.integers(0, 6)))
    ]
    rests = [
        {"season": str(random.choice(list(Season))), "days_before": int(random.integers(61)), "days_after": 3}
        for _ in range(int(random.integers(0, 3)))
    ]
    begins = NOW + timedelta(days=random.uniform(-30, 700))
    dates = {"name": "dates", "starts_at": begins.isoformat(), "ends_at": (begins + timedelta(days=90)).isoformat()}
    sleep = {"from_time": f"{random.integers(24):02}:30", "until_time": f"{random.integers(24):02}:00"}
    return POLICY | {
        "min_margin_bp": int(random.integers(0, 4_000)),
        "strategies": strategies,
        "season_rests": rests,
        "date_rests": [dates] if random.random() < 0.3 else None,
        "sleep": sleep if random.random() < 0.3 else None,
    }


def _check(columns: Columns, decisions: Decisions, policy: DecisionPolicy, groups: Groups | None = None) -> None:
    old, new, floor = columns.price, decisions.price, columns.floor
    propose, known = decisions.propose, columns.cost_known
    reach = 10_000 + policy.step_bp
    below = known & (old < floor)
    assert (new[propose & known] >= floor[propose & known]).all(), "floor"
    free = propose & ~(below & (floor * 10_000 > old * reach))
    assert (new[free] * 10_000 <= old[free] * reach).all(), "step up"
    assert (new[free] * reach >= old[free] * 10_000).all(), "step down"
    assert (new[propose & ~free] == floor[propose & ~free]).all(), "further than a step only for the floor"
    assert (new[~known] >= old[~known]).all(), "unknown cost"
    assert (new[columns.braked] >= old[columns.braked]).all(), "brake"
    assert (propose[columns.locked] == 0).all(), "lock"
    soon = (columns.days_since_change < policy.dwell_days) & ~below & ~columns.fixed
    assert not propose[soon].any(), "dwell"
    assert not propose[columns.resting & ~below].any(), "rest"
    single = np.ones(len(old), dtype=bool) if groups is None else groups.code < 0
    assert not propose[(columns.stock <= 0) & ~below & single].any(), "out of stock"
    assert propose[below & ~columns.locked].all(), "a price below its floor is always brought back"
    ceiling = np.maximum(np.maximum(columns.own_median * policy.corridor_high_bp // 10_000, old), floor)
    assert (new <= ceiling).all(), "corridor above"
    base = -(-columns.own_median * policy.corridor_low_bp // 10_000)
    assert (new >= np.minimum(base, old)).all(), "corridor below"
    assert (new[~propose] == old[~propose]).all(), "a hold keeps the price"
    assert (new[propose] != old[propose]).all(), "a proposal moves"
    assert (decisions.disposition[~propose] == Disposition.HOLD).all()
    written = decisions.disposition == Disposition.WRITE
    assert (decisions.risk[written] != Risk.HIGH).all(), "high risk is never written"
    assert policy.mode is not AutomationMode.MANUAL or not written.any()
    assert policy.mode is not AutomationMode.SEMI_AUTO or (decisions.risk[written] == Risk.LOW).all()
    assert (decisions.risk[propose & ~known] == Risk.HIGH).all()
    for numbers in (decisions.expected, decisions.low, decisions.high, decisions.probability, decisions.sales):
        assert np.isfinite(numbers).all()
    assert ((decisions.probability >= 0) & (decisions.probability <= 1)).all()
    assert (decisions.low <= decisions.high).all()
    if groups is not None:
        _check_groups(columns, decisions, groups, below & ~columns.locked)


def _check_groups(columns: Columns, decisions: Decisions, groups: Groups, forced: Flags) -> None:
    """Groups in which nobody has to be lifted move together; of the others, all that moves is high risk."""
    for code in np.unique(groups.code[groups.code >= 0]):
        rows = np.flatnonzero(groups.code == code)
        moved = rows[decisions.propose[rows]]
        if len(rows) == 1 or not len(moved):
            continue
        assert len({*decisions.disposition[moved].tolist()}) == 1, "half a group is never written"
        assert len({*decisions.risk[moved].tolist()}) == 1
        if forced[rows].any():
            assert (decisions.risk[moved] == Risk.HIGH).all()
            continue
        assert len(moved) == len(rows), "all move or none"
        assert not (columns.stock[rows] <= 0).all(), "all out of stock"
        assert len({*zip(columns.price[rows].tolist(), decisions.price[rows].tolist(), strict=True)}) == len(
            {*columns.price[rows].tolist()}
        ), "equal prices stay equal"


def _policy(random: np.random.Generator) -> DecisionPolicy:
    markup = bool(random.random() < 0.5)
    return DecisionPolicy(
        tolerance=TOLERANCES[str(random.choice(["low", "medium", "high"]))],
        mode=AutomationMode(str(random.choice(list(AutomationMode)))),
        vat_bp=int(random.choice([0, 500, 1_500])),
        fee_bp=int(random.integers(0, 800)),
        min_margin_bp=int(random.integers(0, 9_000)) if random.random() < 0.2 else int(random.integers(0, 2_500)),
        markup=markup,
        ending=ending_named(ENDINGS[int(random.integers(len(ENDINGS)))]),
        max_step_bp=None if random.random() < 0.6 else int(random.integers(1, 5_000)),
    )


def _columns(random: np.random.Generator, policy: DecisionPolicy) -> Columns:
    n = ROUND
    price = np.maximum(np.exp(random.uniform(0, 18, n)).astype(np.int64), 1)
    cost = np.where(
        random.random(n) < 0.15, np.nan, np.maximum(np.rint(price * np.exp(random.normal(-0.7, 0.6, n))), 1)
    )
    known = ~np.isnan(cost)
    floor = floor_prices(np.where(known, cost, 0).astype(np.int64), known, policy)
    nan = np.full(n, np.nan)

    def some(share: float, values: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        return np.where(random.random(n) < share, values, nan)

    return Columns(
        price=price,
        cost=impute_costs(cost, price, np.zeros(n, dtype=np.int64), policy.vat_bp),
        cost_known=known,
        floor=floor,
        stock=some(0.7, random.integers(-2, 100, n)),
        weeks_left=some(0.3, random.uniform(0, 30, n)),
        salvage=some(0.2, price * random.uniform(0, 2, n)),
        days_since_change=np.where(random.random(n) < 0.2, np.inf, random.uniform(0, 40, n)),
        own_median=np.maximum((price * np.exp(random.normal(0, 0.4, n))).astype(np.int64), 1),
        reference=some(0.8, price * np.exp(random.normal(0, 0.8, n))),
        reference_weight=random.uniform(0, 5, n),
        braked=random.random(n) < 0.1,
        locked=random.random(n) < 0.1,
        resting=np.full(n, random.random() < 0.1),
        target=some(0.3, price * np.exp(random.normal(0, 1.0, n))),
        fixed=random.random(n) < 0.1,
        draw=random.integers(0, 2**63, n).astype(np.uint64),
        weeks_ahead=random.uniform(0, 60, n),
    )


def _groups(random: np.random.Generator) -> Groups:
    code = np.where(random.random(ROUND) < 0.6, random.integers(0, ROUND // 4, ROUND), -1)
    return Groups(code, random.random(ROUND) < 0.03)


def _alike(random: np.random.Generator, columns: Columns, policy: DecisionPolicy, groups: Groups) -> Columns:
    """Most members of a group cost what its first costs, and all are asked for one ratio, or none is."""
    price, target = columns.price.copy(), columns.target / columns.price
    for code in np.unique(groups.code[groups.code >= 0]):
        rows = np.flatnonzero(groups.code == code)
        price[rows[random.random(len(rows)) < 0.7]] = price[rows[0]]
        target[rows] = target[rows[0]]
    asked = np.where(groups.still & (groups.code >= 0), price, np.rint(price * target))
    scale = price / columns.price
    cost = np.maximum(np.rint(columns.cost * scale), 1.0)
    return replace(
        columns,
        price=price,
        cost=cost,
        floor=floor_prices(np.where(columns.cost_known, cost, 0).astype(np.int64), columns.cost_known, policy),
        own_median=np.maximum((columns.own_median * scale).astype(np.int64), 1),
        target=asked,
    )


def _state(random: np.random.Generator, columns: Columns) -> DemandState:
    n = len(columns.price)
    root = random.normal(0, 1, (3, 3, n)) * np.exp(random.uniform(-4, 1.5, n))
    full = np.einsum("ijn,kjn->ikn", root, root)
    covariance = np.stack([full[0, 0], full[0, 1], full[0, 2], full[1, 1], full[1, 2], full[2, 2]])
    return DemandState(
        product_ids=tuple(str(index) for index in range(n)),
        category=random.integers(0, 3, n),
        theta=np.stack([random.uniform(-12, 12, n), random.uniform(0.2, 7, n), random.uniform(-0.2, 4, n)]),
        covariance=covariance,
        own_mean=np.where(random.random(n) < 0.1, np.nan, columns.price * np.exp(random.normal(0, 0.5, n))),
        reference_mean=np.where(random.random(n) < 0.2, np.nan, columns.price * np.exp(random.normal(0, 0.5, n))),
        sales=random.integers(0, 100, n).astype(np.float64),
        seen=random.integers(0, 50, n).astype(np.float64),
        dispersion=random.uniform(0.7, 6, 3),
        clustering=np.full(3, 0.03),
        means=np.zeros((2, 3)),
        deviations=np.zeros((2, 3)),
        covariates=np.zeros((2, 2)),
        store_effect=np.array(random.normal(0, 1)),
        category_effect=random.normal(0, 1, 3),
        lasting_effect=random.normal(0, 1, 3),
    )


def test_the_check_can_fail() -> None:
    """A decision below the floor, or further than a step, does not slip through the check above."""
    random = np.random.default_rng(3)
    policy = replace(_policy(random), max_step_bp=500)
    columns = replace(_columns(random, policy), resting=np.zeros(ROUND, dtype=np.bool_))
    good = decide(columns, _state(random, columns), policy)
    moved = np.flatnonzero(good.propose & columns.cost_known & (columns.price >= columns.floor))
    for wrong in (columns.floor - 1, columns.price * 2):
        prices = good.price.copy()
        prices[moved[0]] = wrong[moved[0]]
        with pytest.raises(AssertionError):
            _check(columns, replace(good, price=prices), policy)
    with pytest.raises(AssertionError, match="rest"):
        _check(replace(columns, resting=~columns.resting), good, policy)


def test_the_check_of_groups_can_fail() -> None:
    """A member left behind, or written while the others are asked, does not slip through either."""
    random = np.random.default_rng(5)
    policy, groups = _policy(random), _groups(random)
    columns = _alike(random, _columns(random, policy), policy, groups)
    good = decide(columns, _state(random, columns), policy, groups=groups)
    forced = columns.price < columns.floor
    calm = [np.flatnonzero(groups.code == code) for code in np.unique(groups.code[(groups.code >= 0) & good.propose])]
    row = next(rows for rows in calm if len(rows) > 1 and not forced[rows].any())[0]
    price, propose, disposition = good.price.copy(), good.propose.copy(), good.disposition.copy()
    price[row], propose[row], disposition[row] = columns.price[row], False, Disposition.HOLD
    left = replace(good, price=price, propose=propose, disposition=disposition)
    other = Disposition.ASK if good.disposition[row] == Disposition.WRITE else Disposition.WRITE
    disposition = good.disposition.copy()
    disposition[row] = other
    for wrong in (left, replace(good, disposition=disposition)):
        with pytest.raises(AssertionError):
            _check_groups(columns, wrong, groups, forced & ~columns.locked)
