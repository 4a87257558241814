"""The least number of Salla calls, counted by hand for some outcomes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thaman_cli.demo.minimum import Outcome, least_calls

NOTHING = Outcome(
    newly_connected=False, by_webhook=False, products=18, orders=0, written_products=0, written_variants=0
)


@pytest.mark.parametrize(
    ("changes", "calls"),
    [
        ({}, 0),  # webhooks keep what is known
        ({"newly_connected": True}, 1 + 3 + 1 + 1),  # the code, the store's facts, a page of products, one of orders
        ({"newly_connected": True, "by_webhook": True}, 3 + 1 + 1),
        ({"newly_connected": True, "orders": 40}, 1 + 3 + 1 + 1 + 40),
        ({"newly_connected": True, "products": 61}, 1 + 3 + 2 + 1),
        ({"written_products": 1}, 1 + 1),  # look, write; the answer shows the new price
        ({"written_products": 9}, 1 + 2),  # look, bulk, look
        ({"written_products": 9, "products": 61}, 2 + 3),
        ({"written_variants": 3}, 1 + 3),
    ],
)
def test_by_hand(changes: dict[str, int], calls: int) -> None:
    assert least_calls(replace(NOTHING, **changes)) == calls


@given(products=st.integers(0, 500), orders=st.integers(0, 200), simple=st.integers(0, 50), variants=st.integers(0, 50))
def test_more_never_needs_less(products: int, orders: int, simple: int, variants: int) -> None:
    fewer = replace(NOTHING, products=products, orders=orders, written_products=simple, written_variants=variants)
    more = replace(fewer, newly_connected=True, written_products=simple + 1, written_variants=variants + 1)
    assert least_calls(more) > least_calls(fewer)
