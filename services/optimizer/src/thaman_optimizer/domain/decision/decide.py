"""Decide about many products at once. Every product, or group of them, for itself: blocks and order change nothing."""

import numpy as np

from thaman_optimizer.domain.decision.candidates import Bounds, bounds_of, candidates, grid
from thaman_optimizer.domain.decision.choice import Choice, at, choose
from thaman_optimizer.domain.decision.columns import Columns, Decisions, Guard
from thaman_optimizer.domain.decision.gain import Evaluation
from thaman_optimizer.domain.decision.groups import Groups, teams_of
from thaman_optimizer.domain.decision.risk import assess, disposition_of
from thaman_optimizer.domain.decision.rules import DecisionPolicy
from thaman_optimizer.domain.decision.teams import Teams
from thaman_optimizer.domain.decision.together import choose_together
from thaman_optimizer.domain.demand.detmath import Floats
from thaman_optimizer.domain.demand.panel import Ints
from thaman_optimizer.domain.demand.priors import PRIORS, Priors
from thaman_optimizer.domain.demand.state import DemandState

_BLOCK = 2_048
"""Products at a time: few enough that a block's candidates stay in the processor's cache, and enough that a block's
time goes into them and not into calling numpy."""


def decide(
    columns: Columns,
    state: DemandState,
    policy: DecisionPolicy,
    priors: Priors = PRIORS,
    *,
    groups: Groups | None = None,
) -> Decisions:
    """A decision for every product of ``columns``, which are in the state's order; those of ``groups`` move together.

    Raises:
        ValueError: columns and state are of different products.
    """
    count = len(columns.price)
    if count != len(state.product_ids):
        raise ValueError(f"{count} products to decide about, {len(state.product_ids)} in the state")
    ratios = grid(policy.step_bp)
    teams = None if groups is None else teams_of(columns, policy, groups)
    if teams is None:
        blocks = [slice(start, min(start + _BLOCK, count)) for start in range(0, max(count, 1), _BLOCK)]
        parts = [_decide(columns.take(block), state.take(block), policy, ratios, priors) for block in blocks]
        return Decisions.joined(parts)
    loose = np.delete(np.arange(count), teams.rows)
    some = [loose[start : start + _BLOCK] for start in range(0, len(loose), _BLOCK)]
    parts = [_decide(columns.take(rows), state.take(rows), policy, ratios, priors) for rows in some]
    for portion in teams.portions(_BLOCK):
        rows = portion.rows
        parts.append(_decide(columns.take(rows), state.take(rows), policy, ratios, priors, portion))
    return Decisions.joined(parts).take(np.argsort(np.concatenate([loose, teams.rows])))


def _decide(
    columns: Columns,
    state: DemandState,
    policy: DecisionPolicy,
    ratios: Floats,
    priors: Priors,
    teams: Teams | None = None,
) -> Decisions:
    bounds = bounds_of(columns, policy)
    prices = candidates(columns, bounds if teams is None else teams.bounds, ratios, policy.ending)
    evaluation = Evaluation(columns, state, prices, policy, priors)
    outcomes = evaluation.outcomes()
    if teams is None:
        choice = choose(columns, prices, outcomes, evaluation, policy)
    else:
        choice = choose_together(columns, prices, outcomes, evaluation, policy, teams)
    mean = np.where(choice.propose, at(outcomes.mean, choice.column), 0.0)
    deviation = np.where(choice.propose, at(outcomes.deviation, choice.column), 0.0)
    probability = evaluation.probability(choice.column, choice.propose)
    risk = assess(columns, choice, probability, state.sales, policy)
    if teams is not None:
        risk = np.where(choice.propose, teams.largest(risk), risk)
    low, high = evaluation.interval(mean, deviation)
    return Decisions(
        price=choice.price,
        propose=choice.propose,
        disposition=disposition_of(choice.propose, risk, policy),
        risk=risk,
        expected=mean,
        low=low,
        high=high,
        probability=probability,
        guards=choice.guards | _trail(columns, choice, bounds, policy, state),
        sales=evaluation.sales(choice.column),
    )


def _trail(columns: Columns, choice: Choice, bounds: Bounds, policy: DecisionPolicy, state: DemandState) -> Ints:
    """Guard bits of what shaped the decision without forbidding it."""
    price, moved = choice.price, choice.propose
    ending = policy.ending
    top, bottom = ending.down(bounds.high[:, 0]), ending.up(bounds.low[:, 0])
    edge = moved & (((price > columns.price) & (price >= top)) | ((price < columns.price) & (price <= bottom)))
    corridor = (price > columns.price) & (price * 10_000 >= columns.own_median * (policy.corridor_high_bp - 100))
    corridor |= (price < columns.price) & (price * 10_000 <= columns.own_median * (policy.corridor_low_bp + 100))
    found = {
        Guard.BELOW_FLOOR: columns.price < columns.floor,
        Guard.FLOOR: moved & columns.cost_known & (price <= ending.up(columns.floor)),
        Guard.STEP: edge & ~corridor,
        Guard.CORRIDOR: moved & corridor,
        Guard.BRAKE: columns.braked,
        Guard.RAISE_ONLY: ~columns.cost_known,
        Guard.NO_REFERENCE: np.isnan(columns.reference),
        Guard.STOCK_LIMITED: ~np.isnan(columns.weeks_left) & ~np.isnan(columns.stock),
        Guard.STRATEGY: ~np.isnan(columns.target) & ~columns.fixed,
        Guard.FIXED_PRICE: columns.fixed,
        Guard.NO_DATA: state.seen <= 0.0,
    }
    bits = np.zeros(len(price), dtype=np.int64)
    for guard, holds in found.items():
        bits |= np.where(holds, int(guard), 0)
    return bits
