"""Variants of one product move together or not at all, whatever the guards make of each."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.facts import NOW, make_item, make_offer, make_store
from tests.support.priced_cases import check_found

from thaman_contracts.events.onboarding import ItemStatus
from thaman_contracts.events.policies import PolicyStage, PricePolicy
from thaman_optimizer.domain.analyst import Verdict, judge
from thaman_optimizer.domain.engine import Move, Stay
from thaman_optimizer.domain.facts import ItemFacts, PolicyFacts, StoreFacts
from thaman_optimizer.domain.past import ItemPast
from thaman_optimizer.domain.pricing import Week

NO_OBSTACLE = ("result/already_right", "data_fitness/off_shelf", "strategy/out_of_stock")


def variant(name: str, price: int = 10_000, units: float = 4.0, **changes: Any) -> ItemFacts:
    """A variant with twelve weeks of sales that rivals sell for a good deal more."""
    weeks = tuple(Week(replace_day(week), units, price, 1.0, price * 12 // 10) for week in range(12, 0, -1))
    facts = {"product_id": "10", "variant_id": name, "base_price": price, "shelf_price": price, "baseline": price}
    past = ItemPast(brand=None, category="a", stock=20.0, changed_at=None, history=weeks)
    offers = tuple(make_offer(price * 12 // 10, f"rival{number}") for number in range(3))
    return make_item(**facts | {"past": past, "offers": offers} | changes)


def replace_day(weeks_ago: int) -> Any:
    day = NOW.date()
    return day.fromordinal(day.toordinal() - day.weekday() - 7 * weeks_ago)


def by_demand(**changes: Any) -> StoreFacts:
    return make_store(settings={"strategy": "demand", "ending": "whole", "max_step_bp": 800} | changes)


def findings(store: StoreFacts, *items: ItemFacts) -> dict[str | None, Any]:
    return {verdict.item.variant_id: verdict.finding for verdict in judge(store, items, NOW)}


def test_variants_of_one_price_end_at_one_price_at_one_risk() -> None:
    found = findings(by_demand(), variant("a", units=9.0), variant("b", units=2.0), variant("c", cost=6_000))
    assert all(isinstance(one, Move) for one in found.values()), found
    assert len({(one.base_price, one.assessment.risk, one.course) for one in found.values()}) == 1
    assert all(one.outlook is not None for one in found.values())


@pytest.mark.parametrize(
    ("changes", "by"),
    [
        ({"locked": True}, "lock/item_locked"),
        ({"in_flight": True}, "lock/write_in_flight"),
        ({"changes_today": 1}, "day_budget/day_budget"),
        ({"sale_running": True}, "data_fitness/sale_running"),
    ],
)
def test_one_that_may_not_move_keeps_the_others(changes: dict[str, Any], by: str) -> None:
    found = findings(by_demand(), variant("a"), variant("b", **changes))
    assert isinstance(found["a"], Stay)
    assert found["b"].reason == by
    assert found["a"].reason == "group/sibling_held"
    assert (found["a"].trail[-1].outcome, found["a"].trail[-1].detail) == ("hold", f"sibling_held item=10/b by={by}")


def test_one_that_nobody_can_buy_keeps_nobody() -> None:
    found = findings(by_demand(), variant("a"), variant("b"), variant("c", status=ItemStatus.HIDDEN))
    assert isinstance(found["a"], Move)
    assert found["a"].base_price == found["b"].base_price


def test_limits_that_would_part_equal_prices_keep_them() -> None:
    found = findings(by_demand(), variant("a"), variant("b", min_price=9_750))
    assert [one.reason for one in found.values()] == ["group/siblings_part"] * 2


def test_what_breaks_its_floor_is_brought_back_whatever_a_sibling_does() -> None:
    found = findings(by_demand(), variant("a", cost=8_000), variant("b", locked=True))
    assert isinstance(found["a"], Move)
    assert "outside_limits_now" in found["a"].assessment.reasons


def test_apart_is_each_for_itself() -> None:
    apart = PricePolicy.model_validate({"title": "t", "variants": "apart"})
    store = replace(by_demand(), policy=PolicyFacts(1, PolicyStage.LIVE, None, apart))
    found = findings(store, variant("a"), variant("b", locked=True))
    assert isinstance(found["a"], Move)


def test_strategies_that_look_at_rivals_look_at_each_variants_own() -> None:
    store = make_store(settings={"min_offers": 1})
    dear = variant("b", offers=(make_offer(10_300),))
    found = findings(store, variant("a", offers=(make_offer(9_800),)), dear, variant("c", offers=()))
    assert (found["a"].base_price, found["b"].base_price) == (9_800, 10_300)
    assert found["c"].reason == "data_fitness/no_reference"


@st.composite
def products(draw: st.DrawFn) -> tuple[StoreFacts, list[ItemFacts]]:
    """A store by demand and some variants, each with its own luck."""
    store = by_demand(
        mode=draw(st.sampled_from(("manual", "semi_auto", "full_auto"))),
        risk_tolerance=draw(st.sampled_from(("low", "medium", "high"))),
        ending=draw(st.sampled_from(("exact", "whole", "point_95"))),
    )
    usual = draw(st.integers(1_000, 40_000))
    items = []
    for number in range(draw(st.integers(2, 4))):
        price = draw(st.sampled_from((usual, usual, usual * 11 // 10)))
        seldom: Any = st.sampled_from((False,) * 6 + (True,))
        changes = {
            "cost": draw(st.sampled_from((price // 2, price * 7 // 10, price, None))),
            "locked": draw(seldom),
            "in_flight": draw(seldom),
            "changes_today": int(draw(seldom)),
            "max_price": price * 102 // 100 if draw(seldom) else None,
            "min_price": price * 103 // 100 if draw(seldom) else None,
            "week_anchor": draw(st.none() | st.integers(price * 8 // 10, price * 12 // 10)),
        }
        items.append(variant(f"v{number}", price, draw(st.sampled_from((0.0, 0.5, 3.0, 20.0))), **changes))
    return store, items


@settings(max_examples=150, deadline=None)
@given(products())
def test_together_within_all_limits_or_not_at_all(case: tuple[StoreFacts, list[ItemFacts]]) -> None:
    store, items = case
    verdicts = judge(store, items, NOW)
    for verdict in verdicts:
        check_found(verdict.store, verdict.item, verdict.finding)
    free = [one for one in verdicts if _moves_freely(one)]
    if free:
        left = [one.finding.reason for one in verdicts if isinstance(one.finding, Stay)]
        assert all(reason in NO_OBSTACLE for reason in left), left
        assert len({one.finding.assessment.risk for one in free if isinstance(one.finding, Move)}) == 1
        assert len({one.disposition for one in free}) == 1
    for price in {one.item.base_price for one in free}:
        ends = {
            one.finding.base_price for one in free if isinstance(one.finding, Move) and one.item.base_price == price
        }
        assert len(ends) == 1
    backwards = judge(store, items[::-1], NOW)[::-1]
    assert [(one.finding, one.inputs.digest) for one in backwards] == [
        (one.finding, one.inputs.digest) for one in verdicts
    ]


def _moves_freely(verdict: Verdict) -> bool:
    found = verdict.finding
    return isinstance(found, Move) and "outside_limits_now" not in found.assessment.reasons
