"""Price semantics of salla.md 3.4, as properties over anything Salla might send."""

import json
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thaman_contracts.money import riyals
from thaman_onboarding.adapters.salla_api import readable
from thaman_onboarding.adapters.salla_shapes import Product
from thaman_onboarding.domain.vat import VatBasis
from thaman_onboarding.errors import SallaMalformed
from thaman_onboarding.observation.mapping import seen_items

BASES = st.builds(VatBasis, prices_include_vat=st.booleans(), vat_bp=st.sampled_from([0, 500, 1500]))
PRICE = st.integers(1, 10**7)


def number(halalas):
    """Halalas as Salla would write them: with as many decimals as needed, as a number or as text."""
    text = f"{riyals(halalas):f}"
    return text.rstrip("0").rstrip(".")


def amount(halalas):
    return {"amount": Decimal(number(halalas)), "currency": "SAR"}


def wire(body):
    """The body as it arrives: through JSON, decimals kept exact."""
    text = json.dumps(body, default=lambda value: f"\ue000{value}\ue000")
    return json.loads(text.replace('"\\ue000', "").replace('\\ue000"', ""), parse_float=Decimal)


def read(body, basis):
    return {one.key: one for one in seen_items(Product.model_validate(wire(body)), basis, "SAR")}


@given(basis=BASES, base=PRICE, sale=st.none() | PRICE, running=st.booleans(), taxable=st.booleans())
def test_base_sale_and_shelf_price_of_a_product(basis, base, sale, running, taxable):
    running = running and sale is not None and sale != base
    now = sale if running else base
    body = {
        "id": 7,
        "name": "x",
        "status": "sale",
        "price": amount(now),
        "regular_price": amount(base),
        "sale_price": amount(sale or 0),
        "taxed_price": amount(basis.shelf(now, taxable=taxable)),
        "with_tax": taxable,
    }
    item = read(body, basis)["7"].item
    assert item.base_price == base
    assert item.shelf_price == basis.shelf(now, taxable=taxable)
    assert item.sale_price == sale
    assert item.sale_running == (running or (sale == now and sale != base and sale is not None))


@given(basis=BASES, base=PRICE, regular=st.sampled_from([0, None]))
def test_a_regular_price_of_zero_is_not_set_and_never_free(basis, base, regular):
    sku = {"id": 9, "price": amount(base), "regular_price": amount(0) if regular == 0 else {}, "sale_price": {}}
    body = {"id": 7, "name": "x", "price": amount(base), "regular_price": amount(0), "skus": [sku]}
    items = read(body, basis)
    assert items["7"].item.base_price == items["7/9"].item.base_price == base
    assert items["7/9"].item.shelf_price == basis.shelf(base)
    assert items["7"].item.has_variants and not items["7/9"].item.has_variants


@pytest.mark.parametrize(
    ("cost", "known"),
    [
        ("35", 3500),
        (35, 3500),
        ("35.5", 3550),
        (None, None),
        ("", None),
        ("0", None),
        (0, None),
        ({}, None),
    ],
)
def test_an_absent_or_zero_cost_is_unknown(cost, known):
    body = {"id": 7, "name": "x", "price": amount(100), "cost_price": cost}
    assert read(body, VatBasis(True, 1500))["7"].item.cost == known


@pytest.mark.parametrize(
    ("text", "day"), [("2025-06-23", "2025-06-23"), ("25-05-2025", "2025-05-25"), (None, None), ({}, None), ("", None)]
)
def test_days_in_all_their_forms(text, day):
    body = {"id": 7, "price": amount(100), "sale_price": amount(50), "sale_end": text}
    ends = read(body, VatBasis(True, 1500))["7"].item.sale_ends_on
    assert (ends and ends.isoformat()) == day


@given(
    quantity=st.sampled_from([None, "", "12", 12, "-3", -3, {}]),
    brand=st.sampled_from([None, {}, [], {"name": "B"}, "B"]),
    tags=st.sampled_from([[], [1], [{"id": 1}], None]),
    status=st.sampled_from(["sale", "out", "hidden", "new one", None]),
)
def test_varied_types_are_read(quantity, brand, tags, status):
    body = {"id": "7", "price": amount(100), "quantity": quantity, "brand": brand, "tags": tags, "status": status}
    item = read(body, VatBasis(True, 1500))["7"].item
    assert item.stock in (None, 0, 12)
    assert item.brand in (None, "B")
    assert item.status.value == (status if status in ("sale", "out", "hidden") else "hidden")


def test_a_product_without_any_price_is_not_free():
    with pytest.raises(SallaMalformed):
        read({"id": 7, "name": "x", "price": {}}, VatBasis(True, 1500))


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # of a busy machine it says nothing of the rule
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "id",
                "price",
                "regular_price",
                "sale_price",
                "sale_end",
                "cost_price",
                "quantity",
                "skus",
                "brand",
                "categories",
            ]
        ),
        json_values,
    )
)
def test_whatever_comes_is_read_or_named_unreadable(body):
    good = {"id": 1, "price": amount(100)}
    rows, bad = readable([good, body], Product)
    assert rows[0].id == "1"
    assert len(rows) + len(bad) == 2
    for row in rows:
        try:
            items = list(seen_items(row, VatBasis(False, 1500), "SAR"))
        except SallaMalformed:
            continue
        assert all(isinstance(one.item.base_price, int) for one in items)
