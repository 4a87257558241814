"""What the market says of an item, as a run sees it: which offers count, how much, and when it says nothing."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.facts import NO_PAST, NOW, make_item, make_offer, make_store

from thaman_contracts.events.optimizer import OfferFitness, OfferSource
from thaman_optimizer.domain.advice import advise
from thaman_optimizer.domain.facts import OfferFacts
from thaman_optimizer.domain.policy import LEAST_OFFER_CONFIDENCE_BP
from thaman_optimizer.domain.reading.trust import ALONE_BP
from thaman_optimizer.domain.reference import Reference

DAY = timedelta(days=1)


def offers(*prices: int, **changes: Any) -> list[OfferFacts]:
    return [make_offer(price, f"c{number}", **{"observed_at": NOW} | changes) for number, price in enumerate(prices)]


def seen(given_offers: Sequence[OfferFacts], max_age: timedelta = DAY) -> Reference:
    """The reference of an item that costs 100 riyals."""
    store = make_store(settings={"offer_max_age_minutes": max_age // timedelta(minutes=1)})
    return advise(store, [make_item(offers=tuple(given_offers), past=NO_PAST)], NOW).by_item["10"].reference


def test_the_median_is_robust() -> None:
    assert seen(offers(9_000, 9_900, 10_000, 10_100, 18_000)).price == 9_900
    found = seen(offers(9_900, 10_000, 10_100, 18_000))
    assert (found.price, found.used, found.cut) == (10_000, 3, 1)
    assert seen(offers(9_000, 11_000)).price == 9_000


@pytest.mark.parametrize(
    "changes",
    [
        {"fitness": OfferFitness.STALE},
        {"in_stock": False},
        {"confidence_bp": 5_999},
        {"observed_at": NOW - DAY - timedelta(minutes=1)},
    ],
)
def test_unfit_offers_do_not_count(changes: dict[str, Any]) -> None:
    found = seen(offers(9_000, 9_100, **changes))
    assert (found.price, found.fit) == (None, 0)


def test_what_only_text_says_moves_no_price_however_many_say_it() -> None:
    for many in (1, 5, 40):
        found = seen(offers(*[9_000] * many, confidence_bp=ALONE_BP[OfferSource.TEXT]))
        assert (found.price, found.fit) == (None, 0)
    assert seen(offers(9_000, 9_000, confidence_bp=LEAST_OFFER_CONFIDENCE_BP)).price == 9_000


def test_far_offers_are_other_things() -> None:
    assert seen(offers(1, 100, 5_263, 19_001, 10**12)).fit == 0
    assert seen(offers(5_264, 19_000)).fit == 2


def test_two_pages_of_one_rival_are_one_rival_and_the_newer_counts() -> None:
    old = make_offer(9_000, "same", url="u1", observed_at=NOW - timedelta(hours=2))
    new = make_offer(9_500, "same", url="u2", observed_at=NOW)
    for order in ([old, new], [new, old]):
        found = seen(order)
        assert (found.price, found.used) == (9_500, 1)


def test_old_and_uncertain_offers_weigh_less_and_too_little_is_nothing() -> None:
    fortnight = timedelta(days=14)
    assert seen(offers(9_000), fortnight).weight_bp == 10_000
    assert seen(offers(9_000, observed_at=NOW - timedelta(days=4)), fortnight).weight_bp == 5_000
    assert seen(offers(9_000, confidence_bp=7_000), fortnight).price is None
    assert seen(offers(9_000, observed_at=NOW + timedelta(hours=1)), timedelta(minutes=5)).weight_bp == 10_000


@settings(max_examples=40)
@given(st.lists(st.integers(5_300, 18_900), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_order_does_not_matter_and_the_answer_is_an_offer(prices: list[int], random: Random) -> None:
    given_offers = offers(*prices)
    found = seen(given_offers)
    random.shuffle(given_offers)
    assert seen(given_offers) == found
    assert found.price in prices
    assert found.used + found.cut == found.fit == len(prices)
