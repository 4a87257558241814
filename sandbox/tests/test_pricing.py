"""Effective and regular price, VAT, and money on the wire, as rules."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thaman_sandbox.models import Product, Store
from thaman_sandbox.money import halalas, wire, without_tax
from thaman_sandbox.pricing import product_effective, sale_running, with_taxes
from thaman_sandbox.wire import dumps, loads

PRICES = st.integers(min_value=0, max_value=5_000_000)
DAY = date(2026, 6, 1)
DAYS = st.none() | st.integers(min_value=-20, max_value=20).map(lambda days: DAY + timedelta(days=days))
NOON = datetime(2026, 6, 1, 9, tzinfo=UTC)

STORE = Store(1, "s", "s", "pro", "live", True, 1500, "ar", "coffee", 1, False, NOON, 2)
TEXTS = ("sku", "ا", "a", "ا", "a", "ا", "a", "", "")
PRODUCT = Product(1, 1, *TEXTS, 10_000, None, None, None, None, 1, False, "sale", True, NOON, NOON)


@given(PRICES, st.none() | PRICES, DAYS, DAYS)
def test_the_price_is_the_sale_price_exactly_while_a_sale_runs(
    base: int, sale: int | None, start: date | None, end: date | None
) -> None:
    product = replace(PRODUCT, base=base, sale=sale, sale_start=start, sale_end=end)
    within = (start is None or start <= DAY) and (end is None or end >= DAY)
    assert sale_running(sale, start, end, DAY) == (bool(sale) and within)
    assert product_effective(product, DAY) == (sale if sale and within else base)


@given(PRICES, st.booleans(), st.booleans())
def test_tax_parts_always_add_up(price: int, inclusive: bool, taxable: bool) -> None:
    taxed = with_taxes(replace(STORE, prices_include_vat=inclusive), price, taxable=taxable)
    assert taxed.pre_tax + taxed.tax == taxed.total
    assert taxed.price == price == (taxed.total if inclusive or not taxable else taxed.pre_tax)
    assert abs(taxed.tax - Decimal(taxed.pre_tax) * 15 / 100) <= Decimal("0.58") if taxable else taxed.tax == 0


@given(PRICES)
def test_taking_tax_out_and_putting_it_on_again_is_exact(price: int) -> None:
    net = with_taxes(replace(STORE, prices_include_vat=False), price, taxable=True)
    assert without_tax(net.total, 1500) == price


@given(st.integers(min_value=-9_999_999, max_value=999_999_999))
def test_money_survives_the_wire_exactly(amount: int) -> None:
    text = dumps({"amount": wire(amount)}).decode()
    assert '"' not in text.partition(":")[2], "a bare number"
    value = json.loads(text, parse_float=Decimal, parse_int=Decimal)["amount"]
    assert value * 100 == amount
    assert halalas(value) == amount


@pytest.mark.parametrize("bad", [None, True, "abc", "", [], {"amount": 5}, 10**12, Decimal("Infinity")])
def test_what_is_no_amount_is_refused(bad: object) -> None:
    with pytest.raises(ValueError):
        halalas(bad)


def test_only_json_is_parsed() -> None:
    for bad in (b"{", b'{"a":NaN}', b"\xff"):
        with pytest.raises(ValueError):
            loads(bad)
