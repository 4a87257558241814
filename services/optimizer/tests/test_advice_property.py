"""Whatever a crew answers: prices stay within all limits, no risk is lower, no course more automatic."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.crew import answers
from tests.support.facts import NO_PAST, NOW, make_item, make_store
from tests.support.priced_cases import all_cases, check_found, plausible_cases

from thaman_contracts.events.advice import AssessmentOutcome, ItemAdvice, MarketAssessed, OfferAdvice, OfferVerdict
from thaman_contracts.events.optimizer import Disposition, Risk
from thaman_contracts.events.settings import Strategy
from thaman_optimizer.domain import analyst
from thaman_optimizer.domain.analyst import Verdict, judge
from thaman_optimizer.domain.assessment import Assessment
from thaman_optimizer.domain.brief import brief_of
from thaman_optimizer.domain.clamping import clamp
from thaman_optimizer.domain.engine import Move, Stay
from thaman_optimizer.domain.explain import words
from thaman_optimizer.domain.facts import ItemFacts, StoreFacts
from thaman_optimizer.domain.past import ItemPast
from thaman_optimizer.domain.pricing import Week
from thaman_optimizer.domain.together import FORCED, STRICTNESS

AUTOMATIC = (Disposition.HOLD, Disposition.ASK, Disposition.WRITE)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[StoreFacts, list[ItemFacts]]:
    """A store with a few items, sane and not; by demand or by another strategy, with variants or without."""
    store, first = draw(plausible_cases())
    if draw(st.booleans()):
        store = replace(store, settings=store.settings.model_copy(update={"strategy": Strategy.DEMAND}))
    others = [draw(all_cases)[1] for _ in range(draw(st.integers(0, 2)))]
    variants = draw(st.booleans())
    items = []
    for number, item in enumerate((first, *others), 1):
        named = {"product_id": "1", "variant_id": str(number)} if variants else {"product_id": str(number)}
        items.append(replace(item, **named, past=draw(pasts(item.shelf_price))))
    return store, items


@st.composite
def pasts(draw: st.DrawFn, price: int) -> ItemPast:
    """Some weeks of sales at about the price."""
    usual = min(max(price, 1), 8 * 10**9)
    weeks = draw(st.integers(0, 8))
    return replace(
        NO_PAST,
        stock=draw(st.none() | st.floats(0, 50)),
        history=tuple(
            Week((NOW - timedelta(weeks=weeks - number)).date(), float(draw(st.integers(0, 9))), usual, 1.0)
            for number in range(weeks)
        ),
    )


def check_tempered(plain: Verdict, advised: Verdict) -> None:
    """Whether advice did no more than it may."""
    assert AUTOMATIC.index(advised.disposition) <= AUTOMATIC.index(plain.disposition)
    if not isinstance(advised.finding, Move):
        assert not (isinstance(plain.finding, Move) and FORCED in plain.finding.assessment.reasons)
        return
    assert isinstance(plain.finding, Move)
    before, after = plain.finding.assessment, advised.finding.assessment
    assert STRICTNESS.index(after.risk) >= STRICTNESS.index(before.risk)
    if advised.finding.base_price != plain.finding.base_price:
        assert after.risk is not Risk.LOW
    if FORCED in before.reasons:
        assert advised.finding.base_price == plain.finding.base_price


@settings(max_examples=100, deadline=None)
@given(worlds(), answers())
def test_whatever_is_answered_does_no_harm(world: tuple[StoreFacts, list[ItemFacts]], raw: object) -> None:
    store, items = world
    assessment = clamp(raw, brief_of(store, items, {}, NOW)).assessment
    plain, advised = judge(store, items, NOW), judge(store, items, NOW, assessment)
    for item, before, after in zip(items, plain, advised, strict=True):
        check_found(store, item, after.finding)
        check_tempered(before, after)
        assert after.inputs.item == before.inputs.item, "facts are recorded as they were"
        assert (after.inputs.digest == before.inputs.digest) is (assessment.digest is None)
    if assessment.digest is None:
        assert [one.finding for one in advised] == [one.finding for one in plain]
    assert judge(store, items, NOW, assessment) == advised, "the same advice decides the same"


def advice(**said: object) -> Assessment:
    """Advice on item 10."""
    return Assessment((ItemAdvice.model_validate({"product_id": "10"} | said),))


def assessment_of(outcome: AssessmentOutcome, *told: ItemAdvice) -> MarketAssessed:
    """What became of asking."""
    return MarketAssessed(
        store_id="1", occurred_at=NOW, run_id=UUID(int=1), model="", prompt_digest="", input_tokens=0, output_tokens=0,
        cost_micro_usd=0, latency_ms=0, summary_ar="", summary_en="", outcome=outcome, advice=told,
    )  # fmt: skip


def judged(item: ItemFacts, assessment: Assessment, **changes: object) -> Verdict:
    """The verdict on one item."""
    (verdict,) = judge(make_store(**changes), [replace(item, past=NO_PAST)], NOW, assessment)
    return verdict


@pytest.mark.parametrize(
    ("assessed", "times"),
    [
        (None, 1),
        (assessment_of(AssessmentOutcome.SKIPPED), 1),
        (assessment_of(AssessmentOutcome.FAILED), 1),
        (assessment_of(AssessmentOutcome.OK), 1),
        (assessment_of(AssessmentOutcome.OK, ItemAdvice(product_id="10", hold=True)), 2),
    ],
)
def test_judging_takes_twice_as_long_only_where_there_is_advice(
    monkeypatch: pytest.MonkeyPatch, assessed: MarketAssessed | None, times: int
) -> None:
    asked: list[int] = []
    real = analyst.advise

    def counting(*args: Any, **kwargs: Any) -> Any:
        asked.append(1)
        return real(*args, **kwargs)

    monkeypatch.setattr(analyst, "advise", counting)
    judged(make_item(9_700, 9_750, 9_800), Assessment.of(assessed))
    assert len(asked) == times


def test_a_misread_offer_that_is_left_out_moves_the_price_but_never_unseen() -> None:
    item = make_item(9_000, 9_100, 9_700, 9_750, 9_760)
    dropped = tuple(OfferAdvice(url=f"https://rival{number}.example/p", verdict=OfferVerdict.DROP) for number in (0, 1))
    plain, told = judged(item, Assessment()).finding, judged(item, advice(offers=dropped, why="misread")).finding
    assert isinstance(plain, Move) and isinstance(told, Move)
    assert (plain.shelf_price, told.shelf_price) == (9_700, 9_750)
    assert told.assessment.risk is Risk.MEDIUM
    assert told.assessment.reasons[0] == "advice_price"
    assert told.trail[0].guard == "advice"
    said = words(told.trail[0].detail)
    assert "2 offers left out" in said.en and "a misread price" in said.en
    assert "استُبعد 2" in said.ar and "?" not in said.ar + said.en


def test_a_hold_is_heard_and_says_so() -> None:
    verdict = judged(make_item(9_600, 9_700, 9_800), advice(hold=True, why="event"))
    assert isinstance(verdict.finding, Stay)
    assert verdict.finding.reason == "advice/advice_hold"
    assert words(verdict.finding.trail[-1].detail).en == "the agents advised to keep the price (an event)"


def test_a_raised_risk_asks_instead_of_writing() -> None:
    item = make_item(9_700, 9_750, 9_800)
    assert judged(item, Assessment()).disposition is Disposition.WRITE
    assert judged(item, advice(least_risk="high")).disposition is Disposition.ASK
    assert judged(item, advice(least_risk="medium"), settings={"mode": "semi_auto"}).disposition is Disposition.ASK


def test_a_price_below_its_floor_is_brought_back_whatever_is_advised() -> None:
    item = make_item(9_600, 9_700, 9_800, cost=9_500)
    plain, told = judged(item, Assessment()).finding, judged(item, advice(hold=True, least_risk="high")).finding
    assert isinstance(plain, Move) and isinstance(told, Move)
    assert FORCED in plain.assessment.reasons
    assert told.base_price == plain.base_price > item.base_price
    assert told.course.disposition is Disposition.ASK


def test_what_was_held_stays_held() -> None:
    item = make_item(9_700, 10_000, 10_000, 10_000)
    dropped = tuple(OfferAdvice(url=f"https://rival{number}.example/p", verdict=OfferVerdict.DROP) for number in (1, 2))
    told = advice(offers=dropped)
    assert judged(item, Assessment()).finding.trail[-1].detail == "already_right"
    assert judged(told.heard(item), Assessment()).disposition is Disposition.WRITE, "what is left would move the price"
    verdict = judged(item, told)
    assert isinstance(verdict.finding, Stay)
    assert verdict.finding.trail[0].guard == "advice"
    assert verdict.finding.trail[-1].detail == "already_right"


def demanding(stock: float) -> tuple[StoreFacts, ItemFacts]:
    """A store by demand and an item that sells well, whose season ends with little left."""
    store = make_store(settings={"strategy": "demand"})
    past = ItemPast(
        brand=None,
        category=None,
        stock=stock,
        changed_at=None,
        history=tuple(
            Week((NOW - timedelta(weeks=week)).date(), 6.0, price, 1.0)
            for week, price in zip(range(12, 0, -1), (9_500, 10_000, 10_500) * 4, strict=True)
        ),
    )
    season = (NOW + timedelta(days=20)).date()
    return store, make_item(9_900, 10_000, 10_100, past=past, season_ends_on=season, salvage=1_000)


def test_a_factor_scales_what_is_expected_and_ends_with_the_proposal() -> None:
    store, item = demanding(stock=14.0)
    until = NOW + timedelta(days=2)
    (plain,) = judge(store, [item], NOW)
    (more,) = judge(store, [item], NOW, advice(demand_factor_bp=12_500, demand_until=until))
    assert isinstance(plain.finding, Move) and isinstance(more.finding, Move)
    assert more.finding.shelf_price > plain.finding.shelf_price, "little is left and more will ask for it"
    assert more.finding.until == until
    assert isinstance(more.finding.until, datetime)
    assert plain.finding.until is None
