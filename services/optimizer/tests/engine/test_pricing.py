"""Records in, records out: what a product's answer says, and what strategies make of it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.pricing import NOW, POLICY, monday, products

from thaman_contracts.events.policies import Against, ScopedStrategy, Season, StrategyScope
from thaman_contracts.events.settings import Strategy as Kind
from thaman_contracts.money import ceil_div
from thaman_optimizer.domain.pricing import (
    Batch,
    PolicyInvalid,
    Priced,
    ProductInvalid,
    Strategy,
    policy_from,
    price,
    product_from,
)

NATIONAL_DAY = datetime(2026, 9, 23, 9, tzinfo=UTC)


def answer(product: dict[str, Any], *, others: int = 40, now: datetime = NOW, **changes: Any) -> Priced:
    """The answer for one product among others."""
    batch = [product_from(product), *(product_from(one) for one in products(others))]
    return price(Batch.of(batch), policy_from(POLICY | changes), now)[0]


def product(**changes: Any) -> dict[str, Any]:
    """A product that sells two a week at 100.00 and costs 50.00, with three rivals around 100.00."""
    made: dict[str, Any] = {
        "product_id": "one",
        "category": "category 1",
        "brand": "ours",
        "price": 10_000,
        "cost": 5_000,
        "stock": 20,
        "season_end": None,
        "salvage": None,
        "last_change_at": (NOW - timedelta(days=15)).isoformat(),
        "history": [
            {
                "week_start": monday(ago).isoformat(),
                "units": 2,
                "price": 10_000,
                "in_stock_share": 1.0,
                "reference": 10_000,
            }
            for ago in range(1, 20)
        ],
        "offers": [offer("a", 9_800), offer("b", 10_000), offer("c", 10_400)],
    }
    return made | changes


def offer(competitor: str, amount: int, **changes: Any) -> dict[str, Any]:
    made = {
        "competitor": competitor,
        "price": amount,
        "observed_at": NOW.isoformat(),
        "in_stock": True,
        "match_confidence": 0.98,
    }
    return made | changes


def scoped(**strategy: Any) -> list[dict[str, Any]]:
    return [{"scope": {"products": ["one"]}, **strategy}]


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


RESTS: list[tuple[dict[str, Any], str]] = [
    ({"season_rests": [{"season": "white_friday", "days_before": 25}]}, "white_friday"),
    (
        {"date_rests": [{"name": "big  sale", "starts_at": NOW.isoformat(), "ends_at": "2026-11-05T00:00:00+03:00"}]},
        "big_sale",
    ),
    ({"sleep": {"from_time": "23:00", "until_time": "06:00"}}, "sleep"),
]


@pytest.mark.parametrize(("rest", "name"), RESTS)
def test_in_a_rest_nothing_moves_but_what_is_below_its_floor(rest: dict[str, Any], name: str) -> None:
    for strategy in ({"kind": "undercut", "by_bp": 300}, {"kind": "fixed", "price": 10_300}, {"kind": "premium"}):
        answered = answer(product(), strategies=scoped(**strategy, by=200), **rest)
        assert (answered.action, answered.price, answered.disposition) == ("hold", 10_000, "hold")
        assert f"rest name={name}" in answered.guards
    lifted = answer(product(cost=9_900), **rest)
    assert lifted.action == "propose"
    assert lifted.price >= lifted.reasons["floor"] > 10_000
    assert (lifted.risk, lifted.disposition) == ("high", "ask")
    assert "rest" not in lifted.reasons["codes"]
    assert answer(product(cost=9_900), strategies=scoped(kind="lock"), **rest).action == "hold"
    batch = Batch.of([product_from(one) for one in products(150)])
    strict = policy_from(POLICY | rest | {"min_margin_bp": 3_000})
    moved = [one for one in price(batch, strict, NOW) if one.action == "propose"]
    assert 0 < len(moved) < 150
    assert all("below_floor" in one.reasons["codes"] for one in moved)


def test_a_rest_is_told_by_its_name() -> None:
    told = answer(product(), **RESTS[0][0]).reasons
    assert "prices rest now: White Friday" in told["en"]
    assert "الجمعة البيضاء" in told["ar"]
    own = answer(product(), **RESTS[1][0]).reasons
    assert "big  sale" in own["en"]
    assert "big  sale" in own["ar"]


def test_when_the_rest_is_over_prices_move() -> None:
    rest = {"season_rests": [{"season": "white_friday", "days_before": 24}], "date_rests": None, "sleep": None}
    answered = answer(product(), strategies=scoped(kind="premium", by=200), **rest)
    assert answered.price == 10_200
    assert "rest" not in answered.reasons["codes"]


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


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"season_rests": {}}, "season_rests must be a list"),
        ({"season_rests": ["ramadan"]}, "season_rests[0] must be an object"),
        ({"season_rests": [{"days_before": 1}]}, "season_rests[0].season is missing"),
        ({"season_rests": [{"season": "ramadan"}, {"season": "xmas"}]}, "season_rests[1].season must be 'ramadan',"),
        ({"season_rests": [{"season": "ramadan", "days_after": 61}]}, "season_rests[0].days_after must be less than"),
        ({"season_rests": [{"season": "ramadan", "days": 1}]}, "season_rests[0]: 'days' is not one of season,"),
        ({"date_rests": [{"name": "x", "starts_at": "soon"}]}, "date_rests[0].starts_at must be a valid datetime"),
        (
            {"date_rests": [{"name": "x", "starts_at": "2026-01-01T00:00", "ends_at": "2026-01-02T00:00"}]},
            "date_rests[0].starts_at must have timezone info, not '2026-01-01T00:00'",
        ),
        (
            {"date_rests": [{"name": "x", "starts_at": "2026-01-02T00:00Z", "ends_at": "2026-01-01T00:00Z"}]},
            "date_rests[0]: ends_at has to be after starts_at",
        ),
        (
            {"date_rests": [{"name": "x", "starts_at": "0001-01-01T00:00+03:00", "ends_at": "2026-01-01T00:00Z"}]},
            "date_rests[0] has a time that lies beyond",
        ),
        ({"sleep": "23:00"}, "sleep must be an object"),
        ({"sleep": {"from_time": "23:00", "until_time": "24:00"}}, "sleep.until_time must match pattern"),
        ({"sleep": {"from_time": "23:00", "until_time": "23:00"}}, "sleep: sleep has to end at another time"),
    ],
)
def test_bad_rests_are_refused_in_one_sentence(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        policy_from(POLICY | change)
    said = str(refused.value)
    assert said.startswith(complaint)
    assert "\n" not in said
