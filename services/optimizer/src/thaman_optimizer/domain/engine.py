"""The Analyst and the Executor: from facts to a proposal with its course, or to a hold. Pure and deterministic."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from thaman_contracts.events.onboarding import ItemStatus
from thaman_contracts.events.optimizer import GuardStep
from thaman_contracts.events.settings import Strategy
from thaman_contracts.money import change_bp
from thaman_optimizer.domain.advice import Advice, Outlook
from thaman_optimizer.domain.basis import Basis
from thaman_optimizer.domain.disposition import Course, course_of
from thaman_optimizer.domain.facts import ItemFacts, StoreFacts
from thaman_optimizer.domain.floor import HIGHEST_AMOUNT, Limits, limits_of
from thaman_optimizer.domain.guards import BREAKS, GUARDS, Case, Guard, Outcome, Verdict
from thaman_optimizer.domain.guards.base import held
from thaman_optimizer.domain.guards.calendar import discount_licence, season_window
from thaman_optimizer.domain.guards.movement import cooldown, day_budget, step_window, week_window
from thaman_optimizer.domain.overlay import in_control
from thaman_optimizer.domain.reference import Reference
from thaman_optimizer.domain.risk import RiskAssessment, assess

LARGEST_CHANGE_BP = 1_000_000
"""The largest change the contracts can express; a person has to correct what lies beyond it."""


_ONLY_HOLD = (day_budget, cooldown, season_window, discount_licence)
"""Guards that look at whether the price moves at all, and so have to see the last one."""


@dataclass(frozen=True, slots=True)
class Move:
    """A new price: what it is, how risky, and what becomes of it.

    ``outlook`` is what the engine expects of it, ``None`` where it was not asked or knows nothing of the item;
    ``until`` is when advice about demand ends that the price rests on.
    """

    base_price: int
    shelf_price: int
    limits: Limits
    strategy: Strategy
    reference: Reference
    assessment: RiskAssessment
    course: Course
    trail: tuple[GuardStep, ...]
    breaks: tuple[str, ...]
    outlook: Outlook | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stay:
    """The price stays. ``reason`` is ``"<guard>/<code>"``."""

    reason: str
    strategy: Strategy
    reference: Reference
    trail: tuple[GuardStep, ...]


Finding = Move | Stay


def is_priced(status: ItemStatus, has_variants: bool) -> bool:
    """Whether a catalogue entry has a price of its own to look at; the others are skipped, not held."""
    return status is not ItemStatus.DELETED and not has_variants


def case_of(store: StoreFacts, item: ItemFacts, now: datetime, advice: Advice | None = None) -> Case:
    """The case that the guards judge."""
    return Case(
        store=store,
        item=item,
        now=now,
        basis=Basis(store.prices_include_vat, store.vat_bp),
        limits=limits_of(store, item),
        advice=advice,
    )


def analyse(
    store: StoreFacts,
    item: ItemFacts,
    now: datetime,
    guards: Sequence[Guard] = GUARDS,
    *,
    advice: Advice | None = None,
) -> Finding:
    """What is to become of one item's price; ``advice`` is what the engine says of it, where it was asked.

    ``guards`` is a parameter so that tests can show: in whatever order they run, the answer lies within all limits or
    is a hold with a reason.
    """
    case = case_of(store, item, now, advice)
    if in_control(store, item):
        # Before all guards, and in no trail but its own: without a control share, runs are what they were.
        left = held(item.base_price, f"control_share share_bp={store.settings.control_share_bp}")
        return _stay(case, "control", left.detail, [_step(case, "control", item.base_price, left)])
    trail: list[GuardStep] = []
    breaks: list[str] = []
    base = item.base_price
    for guard in guards:
        verdict = guard(case, base)
        trail.append(_step(case, guard.__name__, base, verdict))
        if verdict.outcome is Outcome.HOLD:
            return _stay(case, guard.__name__, verdict.detail, trail)
        if verdict.detail.startswith(BREAKS):
            breaks.append(verdict.detail.partition(" ")[2])
        base = verdict.base
    problem = "already_right" if base == item.base_price else _broken_limit(case, base, breaks)
    if problem is not None:
        trail.append(_step(case, "result", base, held(base, problem)))
        return _stay(case, "result", problem, trail)
    return _move(case, base, tuple(trail), tuple(breaks))


def code_of(detail: str) -> str:
    """The code at the head of a trail entry's detail."""
    return detail.partition(" ")[0]


def _stay(case: Case, guard: str, detail: str, trail: Sequence[GuardStep]) -> Stay:
    return Stay(f"{guard}/{code_of(detail)}", case.strategy, case.reference, tuple(trail))


def _move(case: Case, base: int, trail: tuple[GuardStep, ...], breaks: tuple[str, ...]) -> Move:
    assessment = assess(case, base, breaks)
    return Move(
        base_price=base,
        shelf_price=case.basis.shelf(base),
        limits=case.bounds,
        strategy=case.strategy,
        reference=case.reference,
        assessment=assessment,
        course=course_of(case.store.settings, assessment.risk, case.now, case.item.mode),
        trail=trail,
        breaks=breaks,
    )


def _broken_limit(case: Case, base: int, breaks: Sequence[str]) -> str | None:
    """The last word: whether a price lies outside what the guards permit together. In their own order it never does."""
    bounds, current = case.bounds, case.item.base_price
    if not bounds.base_floor <= base <= bounds.base_ceiling:
        return "outside_limits"
    if abs(change_bp(current, base)) > LARGEST_CHANGE_BP:
        return "change_inexpressible"
    for guard in _ONLY_HOLD:
        verdict = guard(case, base)
        if verdict.outcome is Outcome.HOLD:
            return verdict.detail
    if breaks:
        return None
    for low, high in (step_window(case), week_window(case)):
        if base > max(high, current) or base < min(low, current):
            return "outside_movement"
    return None


def _step(case: Case, guard: str, before: int, verdict: Verdict) -> GuardStep:
    return GuardStep(
        guard=guard,
        outcome=verdict.outcome.value,
        before=_shown(case, before),
        after=_shown(case, verdict.base) if verdict.outcome is not Outcome.HOLD else None,
        detail=verdict.detail,
    )


def _shown(case: Case, base: int) -> int | None:
    shelf = case.basis.shelf(base)
    return shelf if 0 <= shelf <= HIGHEST_AMOUNT else None
