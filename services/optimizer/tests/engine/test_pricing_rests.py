"""Rests of the black box: what moves all the same, how it is told, and what is refused."""

from typing import Any

import pytest
from tests.support.pricing import NOW, POLICY, answer, product, products, scoped

from thaman_optimizer.domain.pricing import Batch, PolicyInvalid, policy_from, price, product_from

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
