"""The three incidents of product.md B3, replayed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.priced_cases import judged

from thaman_optimizer.domain.basis import Basis
from thaman_optimizer.domain.engine import Move, Stay
from thaman_optimizer.domain.facts import ItemFacts, StoreFacts
from thaman_optimizer.domain.floor import Limits, limits_of

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_repricer_express_2014_everything_for_one_penny(
    store_facts: Callable[..., Any], item_facts: Callable[..., Any]
) -> None:
    """Rivals at 1 halala, or what looks like them, never pull a price to it, alone or together."""
    for prices in ((1,), (1, 1, 1), (1, 1, 9_700), (1, 9_600, 9_700), (1,) * 20):
        item = item_facts(*prices)
        store = store_facts(settings={"min_offers": 1, "strategy": "undercut", "offset_bp": 5_000})
        found = judged(store, item, NOW)
        assert isinstance(found, Stay) or found.shelf_price >= 9_000

    # Even day after day, with the rivals following just inside the neighbourhood, the floor is the end.
    store = store_facts(settings={"min_offers": 1, "strategy": "undercut", "offset_bp": 4_000})
    item, now = item_facts(), NOW
    for _ in range(60):
        now += timedelta(days=8)
        rival = [replace(offer, observed_at=now) for offer in item_facts(max(1, item.shelf_price * 6 // 10)).offers]
        found = judged(replace(store, catalogue_at=now), replace(item, offers=tuple(rival)), now)
        if isinstance(found, Move):
            item = _after(item, found, store)
    assert item.shelf_price == 6_389


def test_appeagle_2012_a_blank_minimum_is_not_a_cent(
    store_facts: Callable[..., Any], item_facts: Callable[..., Any]
) -> None:
    """No cost and no rule: nothing is written, whatever the market says; a zero is no rule either."""
    for blank in ({"cost": None}, {"cost": None, "min_price": None}, {"cost": 0}, {"cost": 0, "min_price": 0}):
        found = judged(store_facts(settings={"min_offers": 1}), item_facts(1, 9_000, 9_100, **blank), NOW)
        assert isinstance(found, Stay)
        assert found.reason in ("data_fitness/cost_unknown", "data_fitness/cost_zero")


def test_the_making_of_a_fly_2011_two_stores_that_watch_each_other(
    store_facts: Callable[..., Any], item_facts: Callable[..., Any]
) -> None:
    """One undercuts by a hair, the other stands 27 % above: after 100 rounds both are where their ceilings are."""
    low = store_facts(settings={"min_offers": 1, "strategy": "undercut", "offset_bp": 17})
    high = store_facts(settings={"min_offers": 1, "strategy": "premium", "offset_bp": 2_706})
    first, second, now = item_facts(), item_facts(), NOW
    highest = 0
    for _ in range(100):
        now += timedelta(days=1)
        first = _round(low, first, second, now, item_facts)
        second = _round(high, second, first, now, item_facts)
        highest = max(highest, first.shelf_price, second.shelf_price)
    limits = limits_of(low, first)
    assert isinstance(limits, Limits)
    assert limits.ceiling == 13_500
    assert highest <= limits.ceiling
    assert min(first.shelf_price, second.shelf_price) >= limits.floor
    # Unguarded, x 0.9983 x 1.2706 a round would be 10^10 times the price by now.
    assert highest > 12_000


def _round(
    store: StoreFacts, own: ItemFacts, rival: ItemFacts, now: datetime, item_facts: Callable[..., Any]
) -> ItemFacts:
    offer = replace(item_facts(rival.shelf_price).offers[0], observed_at=now)
    found = judged(replace(store, catalogue_at=now), replace(own, offers=(offer,)), now)
    return _after(own, found, store) if isinstance(found, Move) else own


def _after(item: ItemFacts, move: Move, store: StoreFacts) -> ItemFacts:
    basis = Basis(store.prices_include_vat, store.vat_bp)
    return replace(item, base_price=move.base_price, shelf_price=basis.shelf(move.base_price))
