"""Every guard: what it passes, moves, notes and holds."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.support.priced_cases import judged

from thaman_contracts.events.onboarding import ItemStatus
from thaman_contracts.events.optimizer import Risk
from thaman_contracts.events.policies import DateRest, PolicyStage, PricePolicy
from thaman_optimizer.domain.engine import Move, Stay
from thaman_optimizer.domain.facts import PolicyFacts
from thaman_optimizer.domain.guards import GUARDS

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CAMPAIGN = PolicyFacts(
    1,
    PolicyStage.LIVE,
    None,
    PricePolicy(
        title="t",
        date_rests=(DateRest(name="campaign", starts_at=NOW - timedelta(hours=1), ends_at=NOW + timedelta(hours=1)),),
    ),
)
MARKET = (9_600, 9_700, 9_800)


@pytest.mark.parametrize(
    ("store", "item", "reason"),
    [
        ({"stopped": True}, {}, "stop_fence/system_stopped"),
        ({"paused": True}, {}, "stop_fence/store_paused"),
        ({"entitled": False}, {}, "entitlement/not_entitled"),
        ({}, {"locked": True}, "lock/item_locked"),
        ({}, {"edited_at": NOW - timedelta(hours=71)}, "lock/hand_edit"),
        ({}, {"in_flight": True}, "lock/write_in_flight"),
        ({"connected": False}, {}, "data_fitness/not_connected"),
        ({"catalogue_at": None}, {}, "data_fitness/catalogue_stale"),
        ({"catalogue_at": NOW - timedelta(hours=27)}, {}, "data_fitness/catalogue_stale"),
        ({}, {"status": ItemStatus.HIDDEN}, "data_fitness/off_shelf"),
        ({}, {"status": ItemStatus.OUT}, "data_fitness/off_shelf"),
        ({}, {"sale_running": True}, "data_fitness/sale_running"),
        ({}, {"base_price": 0, "shelf_price": 0}, "data_fitness/price_unusable"),
        ({}, {"currency": "USD"}, "data_fitness/foreign_currency"),
        ({}, {"shelf_price": 11_500}, "data_fitness/tax_unclear"),
        ({}, {"cost": None}, "data_fitness/cost_unknown"),
        ({}, {"cost": None, "min_price": 9_000}, "data_fitness/cost_unknown"),
        ({}, {"cost": 0}, "data_fitness/cost_zero"),
        ({"settings": {"min_margin_bp": 9_000, "fee_bp": 1_000}}, {}, "data_fitness/margin_impossible"),
        ({}, {"baseline": None}, "data_fitness/baseline_unknown"),
        ({}, {"offers": ()}, "data_fitness/no_reference"),
        ({"settings": {"min_offers": 4}}, {}, "data_fitness/offers_few"),
        ({"settings": {"strategy": "hold"}}, {}, "result/already_right"),
        ({"settings": {"max_step_bp": 1, "ending": "whole"}}, {}, "largest_step/no_room"),
        ({"settings": {"week_move_bp": 100}}, {"week_anchor": 12_000}, "week_move/no_room"),
        ({}, {"changes_today": 1}, "day_budget/day_budget"),
        ({}, {"last_change_at": NOW - timedelta(hours=5)}, "cooldown/cooldown"),
        (
            {"policy": CAMPAIGN},
            {},
            "season_window/quiet_window",
        ),
        ({}, {"sale_price": 8_000, "sale_ends_on": date(2026, 4, 1)}, "discount_licence/sale_scheduled"),
        ({}, {"sale_price": 8_000}, "discount_licence/sale_scheduled"),
    ],
)
def test_a_guard_holds(
    store: dict[str, Any],
    item: dict[str, Any],
    reason: str,
    store_facts: Callable[..., Any],
    item_facts: Callable[..., Any],
) -> None:
    found = judged(store_facts(**store), item_facts(*MARKET, **item), NOW)
    assert isinstance(found, Stay), found
    assert found.reason == reason
    assert found.trail[-1].outcome == "hold"
    assert found.trail[-1].after is None


@pytest.mark.parametrize(
    "item",
    [
        {"edited_at": NOW - timedelta(hours=72)},
        {"last_change_at": NOW - timedelta(hours=6)},
        {"sale_price": 8_000, "sale_ends_on": date(2026, 3, 1)},
    ],
)
def test_what_is_over_holds_no_more(
    item: dict[str, Any], store_facts: Callable[..., Any], item_facts: Callable[..., Any]
) -> None:
    found = judged(store_facts(), item_facts(*MARKET, **item), NOW)
    assert isinstance(found, Move)
    assert found.base_price == 9_700


@pytest.mark.parametrize(
    ("settings", "item", "price"),
    [
        ({"strategy": "match"}, {}, 9_700),
        ({"strategy": "undercut", "offset_bp": 200}, {}, 9_506),
        ({"strategy": "premium", "offset_bp": 200}, {}, 9_894),
        ({"strategy": "undercut", "offset_bp": 5_000}, {}, 9_000),  # the largest step
        (
            {"strategy": "undercut", "offset_bp": 5_000, "max_step_bp": 5_000, "week_move_bp": 10_000},
            {},
            6_389,
        ),  # floor
        ({"strategy": "undercut", "offset_bp": 5_000, "max_step_bp": 5_000, "week_move_bp": 1_500}, {}, 8_500),
        (
            {"strategy": "premium", "offset_bp": 5_000, "max_step_bp": 5_000, "week_move_bp": 10_000},
            {},
            13_500,
        ),  # ceiling
        ({"strategy": "match"}, {"min_price": 9_900}, 9_900),
        ({"strategy": "premium", "offset_bp": 900}, {"max_price": 10_200}, 10_200),
        ({"strategy": "match", "ending": "whole"}, {"min_price": 9_710}, 9_800),  # rounding repeated upwards
        ({"strategy": "match", "ending": "point_95"}, {}, 9_695),
        (
            {"strategy": "match", "ending": "whole"},
            {"min_price": 9_710, "max_price": 9_750},
            9_710,
        ),  # no whole riyal fits
    ],
)
def test_where_a_price_ends_up(
    settings: dict[str, Any],
    item: dict[str, Any],
    price: int,
    store_facts: Callable[..., Any],
    item_facts: Callable[..., Any],
) -> None:
    found = judged(store_facts(settings=settings), item_facts(*MARKET, **item), NOW)
    assert isinstance(found, Move), found
    assert found.shelf_price == price


def test_every_guard_leaves_one_entry_in_order(store_facts: Callable[..., Any], item_facts: Callable[..., Any]) -> None:
    found = judged(store_facts(), item_facts(*MARKET), NOW)
    assert [step.guard for step in found.trail] == [guard.__name__ for guard in GUARDS]
    assert [guard.__name__ for guard in GUARDS] == [
        "stop_fence",
        "entitlement",
        "lock",
        "data_fitness",
        "strategy",
        "outliers",
        "rounding",
        "ceiling",
        "floor",
        "largest_step",
        "week_move",
        "day_budget",
        "cooldown",
        "season_window",
        "discount_licence",
    ]


def test_a_floor_above_the_ceiling_wins(store_facts: Callable[..., Any], item_facts: Callable[..., Any]) -> None:
    found = judged(store_facts(), item_facts(*MARKET, min_price=9_900, max_price=9_800), NOW)
    assert isinstance(found, Move)
    assert found.shelf_price == 9_900
    assert found.limits.floor_won
    assert found.limits.ceiling == 9_900


def test_below_the_floor_and_within_a_step_the_floor_is_proposed_as_high_risk(
    store_facts: Callable[..., Any], item_facts: Callable[..., Any]
) -> None:
    found = judged(store_facts(), item_facts(min_price=10_500, offers=()), NOW)
    assert isinstance(found, Move)
    assert found.shelf_price == 10_500
    assert found.assessment.risk is Risk.HIGH
    assert found.breaks == ()
    assert found.course.disposition.value == "ask"


def test_a_floor_beyond_one_step_is_asked_and_never_written_alone(
    store_facts: Callable[..., Any], item_facts: Callable[..., Any]
) -> None:
    found = judged(store_facts(), item_facts(*MARKET, min_price=15_000), NOW)
    assert isinstance(found, Move)
    assert found.shelf_price == 15_000
    assert found.breaks == ("limit=step bp=1000", "limit=week bp=2000")
    assert found.assessment.risk is Risk.HIGH
    assert found.course.disposition.value == "ask"


def test_a_merchants_ceiling_below_the_price_is_asked_for(
    store_facts: Callable[..., Any], item_facts: Callable[..., Any]
) -> None:
    found = judged(store_facts(), item_facts(max_price=7_000, offers=()), NOW)
    assert isinstance(found, Move)
    assert found.shelf_price == 7_000
    assert found.course.disposition.value == "ask"


def test_a_price_above_our_own_ceiling_is_held_while_the_market_is_higher(
    store_facts: Callable[..., Any], item_facts: Callable[..., Any]
) -> None:
    found = judged(store_facts(), item_facts(10_400, 10_500, 10_600, baseline=7_000), NOW)
    assert isinstance(found, Stay)
    assert found.reason == "ceiling/above_ceiling"


def test_a_floor_a_hundred_times_away_is_left_to_a_person(
    store_facts: Callable[..., Any], item_facts: Callable[..., Any]
) -> None:
    found = judged(store_facts(), item_facts(base_price=1, shelf_price=1, min_price=9_000, offers=()), NOW)
    assert isinstance(found, Stay)
    assert found.reason == "result/change_inexpressible"


def test_disagreeing_rivals_hold_the_price(store_facts: Callable[..., Any], item_facts: Callable[..., Any]) -> None:
    found = judged(store_facts(), item_facts(6_000, 11_000), NOW)
    assert isinstance(found, Stay)
    assert found.reason == "outliers/offers_disagree"


def test_a_vat_exclusive_store_writes_the_base_price(
    store_facts: Callable[..., Any], item_facts: Callable[..., Any]
) -> None:
    store = store_facts(prices_include_vat=False, settings={"ending": "whole"})
    found = judged(store, item_facts(*MARKET, base_price=8_696), NOW)
    assert isinstance(found, Move)
    assert (found.base_price, found.shelf_price) == (8_435, 9_700)
