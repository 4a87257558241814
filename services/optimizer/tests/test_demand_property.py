"""Whatever the demand model says, the guards judge it: the answer lies within all limits or is a hold with a reason."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.priced_cases import (
    NOW,
    all_cases,
    amounts,
    check_found,
    instants,
    maybe_amounts,
    plausible_cases,
)

from thaman_contracts.events.optimizer import Risk
from thaman_contracts.events.settings import (
    Strategy,
)
from thaman_contracts.money import BP_ONE
from thaman_optimizer.domain.advice import Advice
from thaman_optimizer.domain.analyst import judge
from thaman_optimizer.domain.engine import Move, analyse
from thaman_optimizer.domain.facts import ItemFacts, StoreFacts
from thaman_optimizer.domain.guards import GUARDS, Guard
from thaman_optimizer.domain.past import ItemPast
from thaman_optimizer.domain.pricing import Week
from thaman_optimizer.domain.reference import Reference


def _by_demand(store: StoreFacts) -> StoreFacts:
    return replace(store, settings=store.settings.model_copy(update={"strategy": Strategy.DEMAND}))


@st.composite
def advice(draw: st.DrawFn) -> Advice:
    """Whatever a model might say, also nonsense."""
    return Advice(
        strategy=Strategy.DEMAND,
        proposes=draw(st.sampled_from((True, True, False))),
        price=draw(st.one_of(amounts, st.integers(400, 80_000))),
        codes=tuple(draw(st.lists(st.sampled_from(("dither", "dwell", "small_gain", "no_data")), max_size=2))),
        risk=draw(st.sampled_from(Risk)),
        chance_bp=draw(st.integers(0, BP_ONE)),
        reference=Reference(draw(maybe_amounts), 1, 1, 0, BP_ONE),
    )


RISKS = (Risk.LOW, Risk.MEDIUM, Risk.HIGH)


@settings(max_examples=300, deadline=None)
@given(all_cases, advice(), st.permutations(GUARDS[4:]))
def test_whatever_the_model_says_the_guards_judge_it(
    case: tuple[StoreFacts, ItemFacts], said: Advice, order: Sequence[Guard]
) -> None:
    store, item = _by_demand(case[0]), case[1]
    check_found(store, item, analyse(store, item, NOW, (*GUARDS[:4], *order), advice=said))
    found = analyse(store, item, NOW, advice=said)
    check_found(store, item, found)
    if isinstance(found, Move):
        assert said.proposes or any(step.detail == said.why_held for step in found.trail)
        if "not_the_models_price" not in found.assessment.reasons:
            assert RISKS.index(found.assessment.risk) >= RISKS.index(said.risk)
        else:
            assert found.assessment.risk is not Risk.LOW, "a price that nobody expects anything of"


@settings(max_examples=150, deadline=None)
@given(all_cases)
def test_without_advice_the_strategy_demand_moves_nothing_by_itself(case: tuple[StoreFacts, ItemFacts]) -> None:
    store = _by_demand(case[0])
    found = analyse(store, case[1], NOW)
    check_found(store, case[1], found)
    if isinstance(found, Move):
        assert any(step.detail == "no_advice" and step.outcome == "note" for step in found.trail)


@st.composite
def assortments(draw: st.DrawFn) -> tuple[StoreFacts, list[ItemFacts]]:
    """A store by demand, and a few items with sales, sane and not."""
    store, first = draw(plausible_cases())
    others = [draw(all_cases)[1] for _ in range(draw(st.integers(0, 3)))]
    items = [
        replace(item, product_id=str(number), past=draw(pasts(item.shelf_price)))
        for number, item in enumerate((first, *others))
    ]
    return _by_demand(store), items


@st.composite
def pasts(draw: st.DrawFn, price: int) -> ItemPast:
    """Some weeks of sales."""
    weeks = draw(st.integers(0, 12))
    usual = min(max(price, 1), 8 * 10**9)
    around = st.integers(max(1, usual * 8 // 10), max(1, usual * 12 // 10))
    return ItemPast(
        brand=None,
        category=draw(st.sampled_from((None, "a", "b"))),
        stock=draw(st.none() | st.floats(-1, 50)),
        changed_at=draw(instants),
        history=tuple(
            Week(
                (NOW - timedelta(weeks=weeks - number)).date(),
                float(draw(st.integers(0, 9))),
                draw(st.none() | around),
                draw(st.sampled_from((1.0, 1.0, 0.5, 0.0))),
                draw(st.none() | around),
            )
            for number in range(weeks)
        ),
    )


@settings(max_examples=80, deadline=None)
@given(assortments())
def test_what_the_model_really_says_ends_within_all_limits(case: tuple[StoreFacts, list[ItemFacts]]) -> None:
    store, items = case
    verdicts = judge(store, items, NOW)
    for item, verdict in zip(items, verdicts, strict=True):
        check_found(store, item, verdict.finding)
    backwards = judge(store, items[::-1], NOW)
    assert [(one.finding, one.inputs.digest) for one in backwards[::-1]] == [
        (one.finding, one.inputs.digest) for one in verdicts
    ], "the order of the items says nothing"
