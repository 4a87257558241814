"""What becomes of items once advice was heard, beside what would have become of them without it. Pure.

Whatever was advised: an item that would have been held is held, no risk is lower, no course more automatic, and what
brings a price back inside its own limits is done all the same. The prices themselves went through every guard.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from thaman_contracts.events.advice import ItemAdvice, OfferVerdict
from thaman_contracts.events.optimizer import GuardStep, Risk
from thaman_contracts.events.settings import Strategy
from thaman_contracts.ids import item_key
from thaman_optimizer.domain.advice import group_of
from thaman_optimizer.domain.assessment import Assessment
from thaman_optimizer.domain.disposition import Course, course_of
from thaman_optimizer.domain.engine import Finding, Move, Stay
from thaman_optimizer.domain.facts import ItemFacts, StoreFacts
from thaman_optimizer.domain.risk import RiskAssessment
from thaman_optimizer.domain.together import FORCED, STRICTNESS, keep_together

GUARD = "advice"
"""What entries of the trail are called that advice left."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An item's finding without advice and with it."""

    plain: Finding
    told: Finding


def temper(
    store: StoreFacts,
    items: Sequence[ItemFacts],
    pairs: Mapping[str, Pair],
    assessment: Assessment,
    now: datetime,
) -> dict[str, Finding]:
    """The findings by item key that hold, where ``assessment`` was heard."""
    loosened = _loosened_groups(store, items, pairs)
    mixed: dict[str, Finding] = {}
    for item in items:
        key = item_key(item.product_id, item.variant_id)
        pair = pairs[key]
        told = pair.plain if group_of(store, item) in loosened else pair.told
        course = partial(course_of, store.settings, now=now, own=item.mode)
        mixed[key] = _tempered(Pair(pair.plain, told), assessment.by_item.get(key), course)
    return keep_together(store, items, mixed, now)


def _loosened_groups(store: StoreFacts, items: Sequence[ItemFacts], pairs: Mapping[str, Pair]) -> set[str]:
    """Groups of which advice would move what stays without it: there the others must not move by it either, because
    they were chosen together."""
    groups: dict[str, list[Pair]] = defaultdict(list)
    for item in items:
        group, key = group_of(store, item), item_key(item.product_id, item.variant_id)
        if group is not None and pairs[key].plain.strategy is Strategy.DEMAND:
            groups[group].append(pairs[key])
    return {
        group
        for group, found in groups.items()
        if any(isinstance(pair.plain, Stay) and isinstance(pair.told, Move) for pair in found)
    }


def _tempered(pair: Pair, advice: ItemAdvice | None, course: Callable[[Risk], Course]) -> Finding:
    plain, told = pair.plain, pair.told
    heard = () if advice is None else (_heard(advice),)
    if isinstance(plain, Stay):
        return replace(plain, trail=(*heard, *plain.trail))
    forced = FORCED in plain.assessment.reasons
    if forced or (isinstance(told, Move) and told.base_price == plain.base_price):
        found = plain
    elif isinstance(told, Stay):
        return replace(told, trail=(*heard, *told.trail))
    else:
        found = replace(told, until=None if advice is None else advice.demand_until)
    if advice is not None and advice.hold and not forced:
        return _held(found, advice, heard)
    strict = _strict(pair, found, advice)
    return replace(found, assessment=strict, course=course(strict.risk), trail=(*heard, *found.trail))


def _strict(pair: Pair, found: Move, advice: ItemAdvice | None) -> RiskAssessment:
    """The strictest of all that is known of the risk, with why it is not what the price by itself has."""
    wanted = {found.assessment.risk: ""}
    if isinstance(pair.told, Move):
        wanted.setdefault(pair.told.assessment.risk, "advice_evidence")
    if found is not pair.plain:
        wanted.setdefault(Risk.MEDIUM, "advice_price")
    assert isinstance(pair.plain, Move)
    wanted.setdefault(pair.plain.assessment.risk, "advice_unheard")
    if advice is not None and advice.least_risk is not None:
        wanted.setdefault(advice.least_risk, f"advice_risk why={advice.why.value}")
    risk = max(wanted, key=STRICTNESS.index)
    reasons = found.assessment.reasons
    return RiskAssessment(risk, (wanted[risk], *reasons) if wanted[risk] else reasons)


def _held(found: Move, advice: ItemAdvice, heard: Sequence[GuardStep]) -> Stay:
    detail = f"advice_hold why={advice.why.value}"
    step = GuardStep(guard=GUARD, outcome="hold", before=found.shelf_price, after=None, detail=detail)
    return Stay(f"{GUARD}/advice_hold", found.strategy, found.reference, (*heard, *found.trail, step))


def _heard(advice: ItemAdvice) -> GuardStep:
    """The trail's entry that says what was advised."""
    counts = {verdict: sum(one.verdict is verdict for one in advice.offers) for verdict in OfferVerdict}
    dropped, weakened = counts[OfferVerdict.DROP], counts[OfferVerdict.WEAKEN]
    percent = f"{advice.demand_factor_bp // 100}.{advice.demand_factor_bp % 100:02}"
    detail = f"advice_heard dropped={dropped} weakened={weakened} demand={percent} why={advice.why.value}"
    return GuardStep(guard=GUARD, outcome="note", detail=detail)
