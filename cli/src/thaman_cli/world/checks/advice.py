"""Invariant 2, for advice of a crew: what docs/adr/0011 promises, held against the record of each run that had some.

What advice may do to a price is worked out anew: the run's items are judged without it, from the facts on record, and
what the run said of each is held against that. That needs the engine that decided, so runs of other versions are left
out, as are those whose facts on record are not the ones their digests are of. A factor of demand outside its range
cannot be read at all, which invariant 8 reports.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from thaman_cli.world.checks.decisions import SKEW
from thaman_cli.world.facts import Facts
from thaman_cli.world.report import Violation
from thaman_cli.world.salla import SallaView
from thaman_contracts.events import onboarding
from thaman_contracts.events.advice import LONGEST_ADVICE, AssessmentOutcome, ItemAdvice
from thaman_contracts.events.optimizer import Disposition, OfferFitness, Risk
from thaman_contracts.events.settings import AdviceMode
from thaman_contracts.ids import item_key
from thaman_contracts.money import BP_ONE
from thaman_optimizer.domain.advice import ENGINE_VERSION
from thaman_optimizer.domain.analyst import Verdict, judge
from thaman_optimizer.domain.assessment import Assessment
from thaman_optimizer.domain.engine import Move
from thaman_optimizer.domain.events import (
    MarketAssessed,
    MarketScouted,
    OptimizationCompleted,
    OptimizationStarted,
    PriceHeld,
    PriceProposed,
)
from thaman_optimizer.domain.facts import ItemFacts, StoreFacts
from thaman_optimizer.domain.replay import item_from, store_from
from thaman_optimizer.domain.together import FORCED, STRICTNESS

Said = PriceProposed | PriceHeld
AUTOMATIC = (Disposition.HOLD, Disposition.ASK, Disposition.WRITE)


@dataclass(slots=True)
class _Run:
    """What is on record of a run."""

    started: OptimizationStarted | None = None
    scouted: MarketScouted | None = None
    assessed: list[MarketAssessed] = field(default_factory=list)
    said: dict[str, Said] = field(default_factory=dict)
    is_complete: bool = False


@dataclass(frozen=True, slots=True)
class _Advised:
    """A run that was to have advice; ``name`` says which, ``at`` is the instant of its decisions."""

    name: str
    at: datetime
    started: OptimizationStarted
    assessed: MarketAssessed
    said: dict[str, Said]
    is_complete: bool


def check(facts: Facts, salla: SallaView | None) -> Iterator[Violation]:
    """Whether advice was wanted, within its budget and ranges, and did no more than it may."""
    wanted = _wanted(facts)
    for run_id, run in _runs(facts).items():
        if len(run.assessed) > 1:
            yield Violation(2, "assessed_twice", f"run {run_id}, store {run.assessed[0].store_id}")
        if not run.assessed or run.started is None or run.scouted is None:
            continue
        assessed = run.assessed[0]
        name = f"run {run_id}, store {assessed.store_id}"
        advised = _Advised(name, run.scouted.occurred_at, run.started, assessed, run.said, run.is_complete)
        if not _is_wanted(advised, wanted[assessed.store_id]):
            yield Violation(2, "advice_not_wanted", f"{name}: its settings had advice off")
        yield from _budget(advised)
        if assessed.outcome is not AssessmentOutcome.OK and assessed.advice:
            yield Violation(2, "advice_without_answer", f"{name}: {assessed.outcome.value}, and advice all the same")
        elif assessed.advice:
            yield from _ranges(advised)
            yield from _effects(advised)


def _runs(facts: Facts) -> dict[UUID, _Run]:
    runs: dict[UUID, _Run] = defaultdict(_Run)
    for row in facts.logs["optimizer"]:
        match row.event:
            case OptimizationStarted():
                runs[row.event.run_id].started = row.event
            case MarketScouted():
                runs[row.event.run_id].scouted = row.event
            case MarketAssessed():
                runs[row.event.run_id].assessed.append(row.event)
            case PriceProposed() | PriceHeld():
                runs[row.event.run_id].said[item_key(row.event.product_id, row.event.variant_id)] = row.event
            case OptimizationCompleted():
                runs[row.event.run_id].is_complete = True
            case _:
                pass
    return runs


def _wanted(facts: Facts) -> dict[str, list[tuple[int, datetime]]]:
    """By store the versions of its settings that had advice on, and when they were made."""
    wanted: dict[str, list[tuple[int, datetime]]] = defaultdict(list)
    for row in facts.logs["onboarding"]:
        match row.event:
            case onboarding.StoreAuthorized() | onboarding.StoreSettingsChanged() as event:
                if event.settings.advice is AdviceMode.CREW:
                    wanted[event.store_id].append((event.settings_version, event.occurred_at))
            case _:
                pass
    return wanted


def _is_wanted(run: _Advised, wanted: list[tuple[int, datetime]]) -> bool:
    """Whether the settings that the run began with had advice on, or later ones that it may have heard of: a run whose
    worker died looks at them again."""
    began, asked = run.started.settings_version, run.assessed.occurred_at
    return any(version == began or (version > began and at <= asked + SKEW) for version, at in wanted)


def _budget(run: _Advised) -> Iterator[Violation]:
    told = run.assessed
    tokens, cost = told.input_tokens + told.output_tokens, told.cost_micro_usd
    if told.outcome is AssessmentOutcome.SKIPPED and (tokens or cost):
        yield Violation(2, "advice_over_budget", f"{run.name}: {tokens} tokens used though nobody was asked")
    if told.allowed_tokens is not None and tokens > told.allowed_tokens:
        yield Violation(2, "advice_over_budget", f"{run.name}: {tokens} tokens used, {told.allowed_tokens} allowed")
    if told.allowed_micro_usd is not None and cost > told.allowed_micro_usd:
        yield Violation(
            2, "advice_over_budget", f"{run.name}: {cost} micro-dollars spent, {told.allowed_micro_usd} allowed"
        )


def _ranges(run: _Advised) -> Iterator[Violation]:
    for advice in run.assessed.advice:
        name = f"{run.name}, item {advice.key}"
        if not _ends_in_time(advice, run.at):
            what = f"{name}: a factor of {advice.demand_factor_bp} bp until {advice.demand_until}"
            yield Violation(2, "advice_out_of_range", what)
        said = run.said.get(advice.key)
        if said is None:
            if run.is_complete:
                yield Violation(2, "advice_on_unknown_item", f"{name}: the run has no such item")
        elif said.inputs and run.started.store_inputs:
            yield from _offers(name, advice, said, run.at - _max_age(run))


def _ends_in_time(advice: ItemAdvice, at: datetime) -> bool:
    if advice.demand_until is None:
        return advice.demand_factor_bp == BP_ONE
    return at < advice.demand_until <= at + LONGEST_ADVICE


def _max_age(run: _Advised) -> timedelta:
    return timedelta(minutes=run.started.store_inputs["settings"]["offer_max_age_minutes"])


def _offers(name: str, advice: ItemAdvice, said: Said, oldest: datetime) -> Iterator[Violation]:
    """The majority has the word: of the offers that agents could be shown, half at most may be talked away."""
    shown = [
        offer.url
        for offer in item_from(said.inputs).offers
        if offer.fitness is OfferFitness.USABLE and offer.price and offer.observed_at >= oldest
    ]
    named = {one.url for one in advice.offers}
    unknown = named.difference(shown)
    if unknown:
        yield Violation(2, "advice_on_unknown_offer", f"{name}: {len(unknown)} offers that the item has not")
    elif 2 * len(named) > len(shown):
        yield Violation(2, "advice_against_majority", f"{name}: {len(named)} of {len(shown)} offers")


def _effects(run: _Advised) -> Iterator[Violation]:
    """What the run said of its items beside what it would have said without advice."""
    told = run.said.values()
    if not run.is_complete or not run.started.store_inputs:
        return
    if any(not one.inputs or one.engine_version != ENGINE_VERSION for one in told):
        return
    store, keys = store_from(run.started.store_inputs), sorted(run.said)
    items = [item_from(run.said[key].inputs) for key in keys]
    if not _is_record_whole(run, store, items):
        return
    advice = Assessment.of(run.assessed).by_item
    for verdict in judge(store, items, run.at):
        yield from _effect(f"{run.name}, item {verdict.key}", verdict, run.said[verdict.key], advice.get(verdict.key))


def _is_record_whole(run: _Advised, store: StoreFacts, items: list[ItemFacts]) -> bool:
    """Whether the facts on record are those that the digests are of; a run that was begun twice, with settings that
    changed meanwhile, has the first ones on record."""
    told = judge(store, items, run.at, Assessment.of(run.assessed))
    return all(verdict.inputs.digest == run.said[verdict.key].input_digest for verdict in told)


def _effect(name: str, plain: Verdict, said: Said, advice: ItemAdvice | None) -> Iterator[Violation]:
    found = plain.finding
    is_forced = isinstance(found, Move) and FORCED in found.assessment.reasons
    if not isinstance(said, PriceProposed):
        if is_forced:
            yield Violation(2, "advice_stopped_a_rescue", f"{name}: held, though its price is outside its own limits")
        return
    if not isinstance(found, Move):
        yield Violation(2, "advice_moved_a_price", f"{name}: {said.new_shelf_price}, held without advice")
        return
    yield from _judged(name, found, said, advice, is_forced=is_forced)


def _judged(
    name: str, plain: Move, said: PriceProposed, advice: ItemAdvice | None, *, is_forced: bool
) -> Iterator[Violation]:
    """A proposal beside the one without advice: never of less risk, more automatic, or another price unseen."""
    is_same = said.new_base_price == plain.base_price
    least = [plain.assessment.risk, *([] if is_same else [Risk.MEDIUM])]
    if advice is not None and advice.least_risk is not None:
        least.append(advice.least_risk)
    strictest = max(least, key=STRICTNESS.index)
    if STRICTNESS.index(said.risk) < STRICTNESS.index(strictest):
        what = f"{name}: {said.risk.value} risk, {strictest.value} at least with this advice"
        yield Violation(2, "advice_lowered_risk", what)
    if AUTOMATIC.index(said.disposition) > AUTOMATIC.index(plain.course.disposition):
        what = f"{name}: {said.disposition.value}, {plain.course.disposition.value} without advice"
        yield Violation(2, "advice_made_automatic", what)
    if is_forced and not is_same:
        what = f"{name}: {said.new_base_price}, {plain.base_price} brings it back inside its limits"
        yield Violation(2, "advice_stopped_a_rescue", what)
    if advice is not None and advice.hold and not is_forced:
        yield Violation(2, "advice_hold_unheard", f"{name}: {said.new_shelf_price}, though a hold was advised")
