"""Records in, records out: what a product's answer says, what holds it, and what is refused."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.pricing import NOW, POLICY, answer, monday, offer, product, products, scoped

from thaman_contracts.money import ceil_div
from thaman_optimizer.domain.pricing import (
    Batch,
    PolicyInvalid,
    ProductInvalid,
    policy_from,
    price,
    product_from,
)


def test_the_answer_is_json_and_says_what_it_was_made_from() -> None:
    answered = answer(product())
    read = json.loads(json.dumps(answered.as_dict(), ensure_ascii=False))
    assert read["reference"] == 10_000
    assert [name for name, _ in read["reasons"]["offers_used"]] == ["a", "b", "c"]
    assert read["reasons"]["en"]
    assert any("\u0600" <= letter <= "\u06ff" for letter in read["reasons"]["ar"])
    assert read["reasons"]["floor"] == ceil_div(5_000 * 11_500, 10_000 - 1_000 - 100)
    assert read["interval80"][0] <= read["expected_weekly_profit_change"] <= read["interval80"][1]
    assert (read["action"] == "hold") == (read["disposition"] == "hold") == (read["price"] == 10_000)


def test_the_floor_is_whole_number_arithmetic_and_wins() -> None:
    for basis, kept in (("margin", 10_000 - 1_000 - 100), ("markup", 10_000 - 100)):
        answered = answer(product(cost=9_900), margin_basis=basis)
        top = 9_900 * 11_500 * (11_000 if basis == "markup" else 10_000)
        floor = ceil_div(top, kept * 10_000)
        assert answered.price >= floor > 10_000
        assert answered.action == "propose"
        assert (answered.risk, answered.disposition) == ("high", "ask")
        assert answered.reasons["codes"][0] == "below_floor"


def test_a_lock_is_stronger_than_a_broken_floor() -> None:
    answered = answer(product(cost=9_900), strategies=scoped(kind="lock"))
    assert answered.action == "hold"
    assert "locked" in answered.reasons["codes"]


def test_an_unknown_cost_never_cuts_and_is_always_high_risk() -> None:
    for one in (product(cost=None), product(cost=0)):
        answered = answer(one, strategies=scoped(kind="undercut", by_bp=300))
        assert answered.price == 10_000
        assert "raise_only" in answered.reasons["codes"]
        raised = answer(one, strategies=scoped(kind="premium", by_bp=500))
        assert raised.price == 10_500
        assert (raised.risk, raised.disposition) == ("high", "ask")


def test_dwell_and_stock_hold() -> None:
    assert "dwell" in answer(product(last_change_at=(NOW - timedelta(days=6)).isoformat())).reasons["codes"]
    assert answer(product(last_change_at=(NOW - timedelta(days=6)).isoformat())).action == "hold"
    assert answer(product(stock=0)).reasons["codes"][0] == "out_of_stock"


def test_a_price_war_is_not_fed() -> None:
    prices = [10_000] * 4 + [9_700] * 2 + [9_400] * 2 + [9_100] * 4
    weeks = [
        {
            "week_start": monday(len(prices) - place).isoformat(),
            "units": 2,
            "price": own,
            "in_stock_share": 1.0,
            "reference": own - 300,
        }
        for place, own in enumerate(prices)
    ]
    at_war = product(price=9_100, history=weeks, offers=[offer("a", 8_500), offer("b", 8_500)])
    answered = answer(at_war, strategies=scoped(kind="match"))
    assert answered.price == 9_100
    assert "brake" in answered.reasons["codes"]


def test_offers_that_are_no_offers_give_no_reference() -> None:
    unfit = [
        offer("misread", 1_000),
        offer("bait", 4_000),
        offer("sold out", 9_900, in_stock=False),
        offer("old", 9_900, observed_at=(NOW - timedelta(days=15)).isoformat()),
        offer("another product", 9_900, match_confidence=0.5),
        offer("from the future", 9_900, observed_at=(NOW + timedelta(days=3)).isoformat()),
    ]
    answered = answer(product(offers=unfit))
    assert answered.reference is None
    assert "no_reference" in answered.reasons["codes"]


def test_the_newest_offer_of_a_rival_counts() -> None:
    old = offer("a", 9_000, observed_at=(NOW - timedelta(days=2)).isoformat())
    assert answer(product(offers=[old, offer("a", 10_200), old])).reference == 10_200


def test_modes() -> None:
    batch = Batch.of([product_from(one) for one in products(150)])
    for mode, written in (("manual", set()), ("semi-auto", {"low"}), ("full_auto", {"low", "medium"})):
        answers = price(batch, policy_from(POLICY | {"mode": mode}), NOW)
        assert {one.risk for one in answers if one.disposition == "write"} <= written
        assert {one.risk for one in answers if one.disposition == "ask"} & written == set()
        dithered = [one for one in answers if "dither" in one.reasons["codes"]]
        assert bool(dithered) == (mode != "manual")


@settings(max_examples=60, deadline=None)
@given(
    own=st.integers(1, 10**6),
    cost=st.one_of(st.none(), st.integers(1, 10**6)),
    rival=st.integers(1, 10**6),
    margin=st.integers(0, 6_000),
    ending=st.sampled_from([None, "exact", ".95", "9"]),
)
def test_never_below_the_floor(own: int, cost: int | None, rival: int, margin: int, ending: str | None) -> None:
    one = product(price=own, cost=cost, offers=[offer("a", rival)], history=[])
    answered = answer(one, others=0, min_margin_bp=margin, ending=ending)
    if cost is not None:
        assert answered.price >= ceil_div(cost * 11_500, 10_000 - margin - 100)
    else:
        assert answered.price >= own


def test_a_future_week_teaches_nothing_and_an_unfinished_one_counts_in_part() -> None:
    first = product()
    future = {"week_start": monday(-3).isoformat(), "units": 90, "price": 1_000, "in_stock_share": 1.0}
    again = first | {"history": [*first["history"], future]}
    assert replace(answer(first), reasons={}) == replace(answer(again), reasons={})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"price": None}, "price"),
        ({"price": 0}, "price"),
        ({"price": "12"}, "price"),
        ({"price": True}, "price"),
        ({"price": 12.5}, "price"),
        ({"product_id": ""}, "product_id"),
        ({"cost": -1}, "cost"),
        ({"cost": 10**11}, "cost"),
        ({"stock": float("nan")}, "stock"),
        ({"season_end": "soon"}, "season_end"),
        ({"history": {}}, "history"),
        ({"history": [{"week_start": "2026-01-05", "units": -1, "price": 5, "in_stock_share": 1}]}, "units"),
        ({"history": [{"week_start": "2026-01-05", "units": 1, "price": 5, "in_stock_share": 2}]}, "in_stock_share"),
        ({"history": [{"week_start": "2026-01-05", "units": 1, "price": 5, "in_stock_share": 1}] * 2}, "twice"),
        ({"offers": [{"competitor": "a"}]}, "offers[0]"),
        ({"offers": [None]}, "offers[0]"),
    ],
)
def test_bad_products_are_refused_by_name(change: dict[str, Any], named: str) -> None:
    with pytest.raises(ProductInvalid, match=named.replace("[", r"\[").replace("]", r"\]")):
        product_from(product(**change))


@pytest.mark.parametrize(
    "change",
    [
        {"min_margin_bp": None},
        {"min_margin_bp": 9_950},
        {"margin_basis": "gross"},
        {"mode": "auto"},
        {"risk_tolerance": "wild"},
        {"ending": "odd"},
        {"max_step_bp": 0},
        {"strategies": [{"kind": "beat"}]},
        {"strategies": [{"kind": "fixed"}]},
        {"strategies": [{"kind": "match", "scope": {"colours": ["red"]}}]},
        {"strategies": [{"kind": "match", "season": "xmas"}]},
    ],
)
def test_bad_policies_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(PolicyInvalid):
        policy_from(POLICY | change)
