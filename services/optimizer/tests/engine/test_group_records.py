"""Groups from a line to an answer: names, strategies, what the trail says, order."""

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.pricing import NOW, POLICY, products

from thaman_optimizer.domain.pricing import Batch, Priced, ProductInvalid, policy_from, price, product_from
from thaman_optimizer.domain.pricing.engine import input_digest, output_digest


def line(name: str, **changes: Any) -> dict[str, Any]:
    made = {
        "product_id": name,
        "category": "shirts",
        "brand": "ours",
        "group": "shirt",
        "price": 10_000,
        "cost": 5_000,
        "stock": 20,
        "last_change_at": (NOW - timedelta(days=30)).isoformat(),
        "offers": [
            {
                "competitor": rival,
                "price": 10_000,
                "observed_at": NOW.isoformat(),
                "in_stock": True,
                "match_confidence": 0.98,
            }
            for rival in "abc"
        ],
    }
    return made | changes


def offers(amount: int) -> list[dict[str, Any]]:
    return [one | {"price": amount} for one in line("")["offers"]]


def answers(*lines: dict[str, Any], **policy: Any) -> dict[str, Priced]:
    batch = [product_from(one) for one in (*lines, *products(30))]
    return {one.product_id: one for one in price(Batch.of(batch), policy_from(POLICY | policy), NOW)[: len(lines)]}


def prices(*lines: dict[str, Any], **policy: Any) -> list[int]:
    return [one.price for one in answers(*lines, **policy).values()]


MATCH = [{"kind": "match", "scope": {"products": ["shirt"]}}]


def test_a_scope_may_name_a_group() -> None:
    fixed = {"kind": "fixed", "price": 10_300, "scope": {"products": ["shirt"]}}
    assert prices(line("red"), line("blue"), line("hat", group=None), strategies=[fixed])[:2] == [10_300, 10_300]
    assert answers(line("hat", group=None), strategies=[fixed])["hat"].reasons["strategy"] == "demand"
    assert answers(line("red"), strategies=[fixed])["red"].price == 10_300, "by name, even for a group of one"


def test_members_are_asked_for_the_middle_of_what_rivals_say() -> None:
    red, blue = line("red", offers=offers(10_400)), line("blue", offers=offers(9_900))
    assert prices(red, blue, line("green", offers=offers(10_200)), strategies=MATCH) == [10_200] * 3
    assert prices(red, line("blue", offers=offers(10_000)), strategies=MATCH) == [10_200] * 2
    large = line("large", price=20_000, offers=offers(20_400))
    assert prices(red, large, strategies=MATCH) == [10_300, 20_600]
    blind = answers(red, line("blue", offers=[]), strategies=MATCH)
    assert [one.price for one in blind.values()] == [10_400] * 2
    assert "strategy_unfit" not in blind["blue"].reasons["codes"]
    nothing = answers(line("red", offers=[]), line("blue", offers=[]), strategies=MATCH)
    assert all(one.action == "hold" and "strategy_unfit" in one.reasons["codes"] for one in nothing.values())


def test_a_mark_up_is_kept_by_every_member() -> None:
    plus = [{"kind": "cost_plus", "markup_bp": 7_300}]
    assert prices(line("red"), line("blue", cost=5_180), strategies=plus) == [10_400] * 2


def test_a_fixed_price_is_everybodys_own() -> None:
    fixed = [{"kind": "fixed", "price": 10_500}]
    assert prices(line("red"), line("blue", price=10_500), line("green"), strategies=fixed) == [10_500] * 3
    torn = [line("red"), line("blue", last_change_at=NOW.isoformat())]
    assert prices(*torn, strategies=fixed) == [10_500] * 2, "needs no week since the last change"


def test_different_strategies_are_followed_by_each() -> None:
    strategies = [*MATCH, {"kind": "undercut", "by_bp": 300, "priority": 1, "scope": {"products": ["blue"]}}]
    assert prices(line("red", offers=offers(10_200)), line("blue"), strategies=strategies) == [10_200, 9_700]
    alike = [{"kind": "match", "priority": 1, "scope": {"products": ["blue"]}}, *MATCH]
    assert prices(line("red", offers=offers(10_200)), line("blue"), strategies=alike) == [10_100] * 2


@pytest.mark.parametrize("kind", ["hold", "lock"])
def test_one_that_the_merchant_keeps_keeps_the_others(kind: str) -> None:
    strategies = [*MATCH, {"kind": kind, "priority": 1, "scope": {"products": ["blue"]}}]
    answered = answers(line("red", offers=offers(10_200)), line("blue"), line("hat", group="h"), strategies=strategies)
    assert answered["red"].action == "hold"
    assert "group" in answered["red"].guards
    assert "its group cannot move together" in answered["red"].reasons["en"]
    assert "مجموعته" in answered["red"].reasons["ar"]
    assert "group" not in answered["blue"].guards
    below = answers(line("red"), line("blue", cost=8_000), strategies=strategies)
    assert below["red"].price == 10_000
    assert (below["blue"].action == "propose") == (kind == "hold"), "only a lock is stronger than a floor"


def test_the_story_says_that_it_moves_with_its_group() -> None:
    answered = answers(line("red", offers=offers(10_400)), line("blue", offers=offers(10_000)), strategies=MATCH)
    assert all("it moves together with its group" in one.reasons["en"] for one in answered.values())


def test_unknown_costs_keep_the_whole_group_from_being_cut() -> None:
    low = offers(9_500)
    assert prices(line("red", offers=low), line("blue", offers=low), strategies=MATCH) == [9_500] * 2
    assert prices(line("red", offers=low), line("blue", offers=low, cost=None), strategies=MATCH) == [10_000] * 2
    raised = answers(line("red", offers=offers(10_400)), line("blue", cost=None), strategies=MATCH)
    assert {(one.price, one.risk, one.disposition) for one in raised.values()} == {(10_200, "high", "ask")}


def test_what_a_line_may_say_of_its_group() -> None:
    assert product_from(line("red", group=7)).group == "7"
    assert product_from(line("red", group="")).group is None
    assert product_from(line("red", group=None)).group is None
    with pytest.raises(ProductInvalid, match="group"):
        product_from(line("red", group=["shirt"]))


def test_the_digest_knows_groups_and_only_groups() -> None:
    policy = policy_from(POLICY)
    with_group, other, without = (product_from(line("red", group=name)) for name in ("a", "b", None))
    digests = {input_digest([one], policy, NOW) for one in (with_group, other, without)}
    assert len(digests) == 3


@settings(deadline=None, max_examples=15)
@given(st.randoms(use_true_random=False), st.integers(2, 30))
def test_order_changes_nothing_and_strangers_notice_nothing(random: Random, groups: int) -> None:
    lines = products(120, weeks=12)
    named = [one | {"group": random.choice([None, *map(str, range(groups))])} for one in lines]
    for one in named:
        if one["group"] is not None and random.random() < 0.6:
            one |= {"price": 10_000 + 500 * int(one["group"]), "cost": None if random.random() < 0.1 else 6_000}
    plain = [one | {"group": None} for one in named]
    policy = policy_from(POLICY | {"strategies": [{"kind": "match", "scope": {"brands": ["brand 1"]}}]})
    first = price(Batch.of([product_from(one) for one in named]), policy, NOW)
    order = random.sample(range(len(named)), len(named))
    again = price(Batch.of([product_from(named[place]) for place in order]), policy, NOW)
    assert [first[place] for place in order] == again
    assert output_digest(first) == output_digest(again)
    alone = price(Batch.of([product_from(one) for one in plain]), policy, NOW)
    for told, one, before in zip(named, first, alone, strict=True):
        if told["group"] is None:
            assert replace(one, reasons={}) == replace(before, reasons={})
