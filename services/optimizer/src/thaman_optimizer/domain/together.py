"""Variants of one product move together or not at all, where demand decides about them.

The engine chooses for them together already; here it is seen to that the guards, who judge each item by itself, do not
pull them apart. What brings a price back inside its own limits is never held up by a sibling.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce

from thaman_contracts.events.optimizer import GuardStep, Risk
from thaman_contracts.events.settings import AutomationMode, Strategy
from thaman_contracts.ids import item_key
from thaman_optimizer.domain.advice import group_of
from thaman_optimizer.domain.disposition import course_of
from thaman_optimizer.domain.engine import Finding, Move, Stay
from thaman_optimizer.domain.facts import ItemFacts, StoreFacts
from thaman_optimizer.domain.risk import RiskAssessment

_NO_OBSTACLE = frozenset(("result/already_right", "data_fitness/off_shelf", "strategy/out_of_stock"))
"""Holds that do not stop a sibling: the joint choice left this one where it is, or nobody can buy it now."""

FORCED = "outside_limits_now"
STRICTNESS = (Risk.LOW, Risk.MEDIUM, Risk.HIGH)


def keep_together(
    store: StoreFacts, items: Sequence[ItemFacts], findings: Mapping[str, Finding], now: datetime
) -> dict[str, Finding]:
    """The findings by item key, with those of groups made to agree."""
    groups: dict[str, list[ItemFacts]] = defaultdict(list)
    for item in items:
        group = group_of(store, item)
        if group is not None and findings[_key(item)].strategy is Strategy.DEMAND:
            groups[group].append(item)
    agreed = dict(findings)
    for members in groups.values():
        if len(members) > 1:
            agreed |= _agree(store, {_key(item): (item, findings[_key(item)]) for item in members}, now)
    return agreed


def _agree(store: StoreFacts, members: Mapping[str, tuple[ItemFacts, Finding]], now: datetime) -> dict[str, Finding]:
    moves = {key: found for key, (_, found) in members.items() if isinstance(found, Move)}
    free = {key: move for key, move in moves.items() if FORCED not in move.assessment.reasons}
    problem = _obstacle(members, free)
    if problem is not None:
        return {key: _held(move, problem) for key, move in free.items()}
    strictest = max((move.assessment.risk for move in free.values()), key=STRICTNESS.index, default=Risk.LOW)
    # One that is asked while its sibling is written would part them, so the most careful mode holds for all.
    mode = reduce(AutomationMode.narrowed, (members[key][0].mode for key in free), store.settings.mode)
    return {key: _made_strict(store, move, strictest, mode, now) for key, move in free.items()}


def _obstacle(members: Mapping[str, tuple[ItemFacts, Finding]], free: Mapping[str, Move]) -> str | None:
    """What keeps the group where it is, as a code: a member that may not move, or limits that part equal prices."""
    for key in sorted(members):
        found = members[key][1]
        if isinstance(found, Stay) and found.reason not in _NO_OBSTACLE:
            return f"sibling_held item={key} by={found.reason}"
    ends: dict[int, int] = {}
    for key, move in sorted(free.items()):
        if ends.setdefault(members[key][0].base_price, move.base_price) != move.base_price:
            return f"siblings_part item={key}"
    return None


def _held(move: Move, problem: str) -> Stay:
    step = GuardStep(guard="group", outcome="hold", before=move.shelf_price, after=None, detail=problem)
    code = problem.partition(" ")[0]
    return Stay(f"group/{code}", move.strategy, move.reference, (*move.trail, step))


def _made_strict(store: StoreFacts, move: Move, risk: Risk, mode: AutomationMode, now: datetime) -> Move:
    course = course_of(store.settings, risk, now, mode)
    if move.assessment.risk is risk:
        return replace(move, course=course)
    assessment = RiskAssessment(risk, (f"sibling_{risk.value}", *move.assessment.reasons))
    return replace(move, assessment=assessment, course=course)


def _key(item: ItemFacts) -> str:
    return item_key(item.product_id, item.variant_id)
