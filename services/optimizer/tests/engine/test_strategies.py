"""Strategies of the black box: what each asks for, where it holds, and when."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.pricing import POLICY, answer, product, scoped

from thaman_contracts.events.policies import Against, ScopedStrategy, Season, StrategyScope
from thaman_contracts.events.settings import Strategy as Kind
from thaman_optimizer.domain.pricing import Strategy, policy_from

NATIONAL_DAY = datetime(2026, 9, 23, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("strategy", "wanted"),
    [
        ({"kind": "match"}, 10_000),
        ({"kind": "match", "against": "lowest"}, 9_800),
        ({"kind": "match", "against": "rank", "rank": 3}, 10_400),
        ({"kind": "match", "against": "average"}, 10_100),
        ({"kind": "undercut", "by_bp": 300}, 9_700),
        ({"kind": "undercut", "by": 150, "against": "lowest"}, 9_600),
        ({"kind": "premium", "by": 200}, 10_200),
        ({"kind": "position", "against": "highest", "by_bp": 200}, 10_600),
        ({"kind": "cost_plus", "markup_bp": 7_500}, 10_200),
        ({"kind": "fixed", "price": 10_300}, 10_300),
        ({"kind": "hold"}, 10_000),
        ({"kind": "fixed", "price": 50_000}, 10_800),
        ({"kind": "undercut", "by_bp": 5_000}, 9_300),
    ],
)
def test_strategies(strategy: dict[str, Any], wanted: int) -> None:
    assert answer(product(), strategies=scoped(**strategy)).price == wanted


def test_a_strategy_without_a_market_holds() -> None:
    answered = answer(product(offers=[]), strategies=scoped(kind="undercut", by_bp=100))
    assert answered.action == "hold"
    assert "strategy_unfit" in answered.reasons["codes"]


def test_priority_then_narrowness_then_order() -> None:
    brand = {"kind": "fixed", "price": 10_100, "scope": {"brands": ["ours"]}}
    own = {"kind": "fixed", "price": 10_200, "scope": {"products": ["one"]}}
    everything = {"kind": "fixed", "price": 10_300, "priority": 5}
    other = {"kind": "fixed", "price": 10_400, "scope": {"categories": ["elsewhere"]}, "priority": 9}
    assert answer(product(), strategies=[brand, own]).price == 10_200
    assert answer(product(), strategies=[own, brand, everything, other]).price == 10_300
    assert answer(product(), strategies=[brand, brand | {"price": 10_500}]).price == 10_100


def test_dates_of_a_strategy() -> None:
    fixed = {"kind": "fixed", "price": 10_300, "from": "2026-11-02T00:00:00Z", "until": "2026-11-03"}
    assert answer(product(), strategies=scoped(**fixed)).price == 10_300
    over = fixed | {"from": None, "until": "2026-11-02T00:00:00+00:00"}
    assert answer(product(), strategies=scoped(**over)).reasons["strategy"] == "demand"


def test_a_strategy_holds_in_its_season_alone() -> None:
    feast = {"kind": "fixed", "price": 10_300, "season": "national-day", "priority": 1}
    strategies = scoped(**feast) + scoped(kind="hold")
    assert answer(product(), now=NATIONAL_DAY, strategies=strategies).price == 10_300
    for away in (timedelta(days=-1), timedelta(days=1)):
        answered = answer(product(), now=NATIONAL_DAY + away, strategies=strategies)
        assert (answered.price, answered.reasons["strategy"]) == (10_000, "hold")
    over = scoped(**feast, until=(NATIONAL_DAY - timedelta(hours=1)).isoformat()) + scoped(kind="hold")
    assert answer(product(), now=NATIONAL_DAY, strategies=over).reasons["strategy"] == "hold"


def test_a_product_is_named_with_its_variants_and_a_variant_more_narrowly() -> None:
    whole = {"kind": "fixed", "price": 10_100, "scope": {"products": ["7"]}}
    red = {"kind": "fixed", "price": 10_200, "scope": {"products": ["7/1"]}}
    for strategies in ([whole, red], [red, whole]):
        assert answer(product(product_id="7"), strategies=strategies).price == 10_100
        assert answer(product(product_id="7/1"), strategies=strategies).price == 10_200
        assert answer(product(product_id="7/2"), strategies=strategies).price == 10_100
        assert answer(product(product_id="77"), strategies=strategies).reasons["strategy"] == "demand"


names = st.frozensets(st.text("ab/", min_size=1, max_size=3), max_size=3).map(tuple)
instants = st.one_of(st.none(), st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))


@given(
    kind=st.sampled_from(Kind),
    scope=st.builds(StrategyScope, products=names, brands=names, categories=names),
    against=st.sampled_from(Against),
    season=st.one_of(st.none(), st.sampled_from(Season)),
    numbers=st.fixed_dictionaries(
        {
            "priority": st.integers(-10_000, 10_000),
            "rank": st.integers(1, 1_000),
            "by_bp": st.integers(-9_999, 100_000),
            "by": st.integers(-(10**10), 10**10),
            "markup_bp": st.integers(0, 100_000),
            "price": st.integers(1, 10**10),
        }
    ),
    begins=instants,
    ends=instants,
)
def test_the_contracts_strategy_is_the_black_boxs(
    kind: Kind,
    scope: StrategyScope,
    against: Against,
    season: Season | None,
    numbers: dict[str, int],
    begins: datetime | None,
    ends: datetime | None,
) -> None:
    if begins is not None and ends is not None and begins >= ends:
        begins, ends = None, None
    published = ScopedStrategy(
        kind=kind, scope=scope, against=against, season=season, **numbers, starts_at=begins, ends_at=ends
    )
    told = published.model_dump(mode="json") | {"from": begins and begins.isoformat(), "until": ends and str(ends)}
    assert policy_from(POLICY | {"strategies": [told]}).strategies == (Strategy.of(published),)
