"""What pages say, and that nothing else is believed."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thaman_contracts.events.optimizer import OfferFitness
from thaman_contracts.money import MoneyError
from thaman_optimizer.domain.reading import Reading, read_page, read_price

OFFER = {
    "@type": "Offer",
    "price": "129.95",
    "priceCurrency": "SAR",
    "availability": "https://schema.org/InStock",
}


def page(*blocks: Any) -> str:
    scripts = "".join(
        f'<script type="application/ld+json">{block if isinstance(block, str) else json.dumps(block)}</script>'
        for block in blocks
    )
    return f"<!doctype html><html><head>{scripts}</head><body>كان 350 الآن 299 — شحن مجاني فوق 50</body></html>"


def product(**changes: Any) -> dict[str, Any]:
    return {"@context": "https://schema.org", "@type": "Product", "name": "عود", "offers": OFFER | changes}


@pytest.mark.parametrize(
    "block",
    [
        product(),
        product(price=129.95),
        product(price="١٢٩٫٩٥"),
        product(price=" 129.950 "),
        {"@context": "https://schema.org", "@graph": [{"@type": "WebPage"}, product()]},
        [{"@type": "BreadcrumbList"}, product()],
        {"@type": "ItemPage", "mainEntity": product()},
        product() | {"@type": ["Product", "Thing"]},
        product() | {"@type": "https://schema.org/Product"},
        product() | {"offers": [OFFER]},
        product() | {"offers": {"@type": "AggregateOffer", "priceCurrency": "SAR", "offers": [OFFER]}},
        product(price=None, priceSpecification={"price": "129.95", "priceCurrency": "SAR"}),
        product(
            price=None,
            priceSpecification=[
                {"priceType": "https://schema.org/ListPrice", "price": "200"},
                {"price": "129.95", "priceCurrency": "SAR"},
            ],
        ),
        product() | {"isRelatedTo": [product(price="1.00")]},
    ],
)
def test_a_plain_offer_is_read_exactly(block: Any) -> None:
    reading = read_page(page(block))
    assert reading.fitness is OfferFitness.USABLE, reading
    assert (reading.price, reading.currency, reading.in_stock, reading.confidence_bp) == (12_995, "SAR", True, 10_000)
    assert Reading.of(json.loads(json.dumps(reading.document()))) == reading


@pytest.mark.parametrize(
    ("block", "fitness"),
    [
        (product(price="12,12"), OfferFitness.UNREADABLE),
        (product(price="1.299,00"), OfferFitness.UNREADABLE),
        (product(price="129 SAR"), OfferFitness.UNREADABLE),
        (product(price="-5"), OfferFitness.UNREADABLE),
        (product(price="1e3"), OfferFitness.UNREADABLE),
        (product(price="NaN"), OfferFitness.UNREADABLE),
        (product(price=-5), OfferFitness.UNREADABLE),
        (product(price=True), OfferFitness.UNREADABLE),
        (product(price={"value": 5}), OfferFitness.UNREADABLE),
        (product(price=10**15), OfferFitness.UNREADABLE),
        (product(price="0"), OfferFitness.NO_PRICE),
        (product(price=0.001), OfferFitness.NO_PRICE),
        (product(price=None), OfferFitness.NO_PRICE),
        (product(priceCurrency=None), OfferFitness.UNREADABLE),
        (product(priceCurrency="ر.س"), OfferFitness.UNREADABLE),
        (product(itemCondition="https://schema.org/UsedCondition"), OfferFitness.UNREADABLE),
        (product(availability="https://schema.org/OutOfStock"), OfferFitness.OUT_OF_STOCK),
        (product(availability="SoldOut"), OfferFitness.OUT_OF_STOCK),
        (product() | {"offers": []}, OfferFitness.NO_PRICE),
        (product() | {"offers": [OFFER, OFFER | {"price": "500"}]}, OfferFitness.UNREADABLE),
        (product() | {"offers": [OFFER, OFFER | {"priceCurrency": "USD"}]}, OfferFitness.UNREADABLE),
        ([product() | {"sku": "1"}, product(price="130") | {"sku": "2"}], OfferFitness.UNREADABLE),
        ('{"@type": "Product", "offers": {"price": 1e309, "priceCurrency": "SAR"}}', OfferFitness.UNREADABLE),
        ('{"@type": "Product", "offers": {"price": Infinity, "priceCurrency": "SAR"}}', OfferFitness.UNREADABLE),
        ("{not json", OfferFitness.UNREADABLE),
        ("[" * 100_000, OfferFitness.UNREADABLE),
        ('{"@graph":' * 2_000 + "1" + "}" * 2_000, OfferFitness.UNREADABLE),
        ({"@graph": [{}] * 6_000}, OfferFitness.UNREADABLE),
        ('{"@type": "Product", "offers": ' + "9" * 5_000 + "}", OfferFitness.UNREADABLE),
    ],
)
def test_what_is_odd_is_not_a_price(block: Any, fitness: OfferFitness) -> None:
    assert read_page(page(block)).fitness is fitness


def test_text_outside_structured_data_is_never_read() -> None:
    assert read_page(page()).fitness is OfferFitness.UNREADABLE
    assert read_page("").fitness is OfferFitness.UNREADABLE


def test_a_broken_block_does_not_hide_a_good_one() -> None:
    assert read_page(page("{broken", product())).price == 12_995


def test_the_same_product_twice_is_one_product() -> None:
    assert read_page(page(product() | {"sku": "1"}, product() | {"sku": "1"})).price == 12_995


def test_unsaid_stock_and_price_ranges_lower_the_confidence() -> None:
    assert read_page(page(product(availability=None))).confidence_bp == 8_000
    aggregate = {"@type": "AggregateOffer", "lowPrice": 100, "highPrice": 130, "priceCurrency": "SAR"}
    ranged = read_page(page(product() | {"offers": aggregate | {"availability": "InStock"}}))
    assert (ranged.price, ranged.confidence_bp) == (10_000, 7_000)
    several = read_page(page(product() | {"offers": [OFFER, OFFER | {"price": "135"}]}))
    assert (several.price, several.confidence_bp) == (12_995, 7_000)


def test_a_price_without_vat_says_so() -> None:
    specification = {"price": "100", "priceCurrency": "SAR", "valueAddedTaxIncluded": False}
    assert read_page(page(product(price=None, priceSpecification=specification))).with_vat is False


@given(st.integers(1, 10**11))
def test_prices_are_exact_in_every_accepted_spelling(halalas: int) -> None:
    riyals = Decimal(halalas).scaleb(-2)
    arabic = str(riyals).translate(str.maketrans("0123456789.", "٠١٢٣٤٥٦٧٨٩٫"))
    for text in (str(riyals), f"{riyals:,}", arabic, f"{riyals:,}".translate(str.maketrans(",", "٬"))):
        assert read_price(text) == halalas


@given(st.text())
def test_any_text_is_a_price_or_refused(text: str) -> None:
    try:
        price = read_price(text)
    except MoneyError:
        return
    assert 0 <= price < 10**14


@given(
    st.text()
    | st.recursive(
        st.none() | st.text(max_size=5) | st.integers() | st.booleans(),
        lambda children: (
            st.lists(children, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    ["@type", "@graph", "offers", "price", "priceCurrency", "mainEntity", "priceSpecification"]
                ),
                children,
                max_size=5,
            )
        ),
        max_leaves=20,
    )
)
def test_any_page_gets_an_answer(block: Any) -> None:
    reading = read_page(page(block))
    assert reading.fitness in OfferFitness
    assert (reading.fitness is OfferFitness.USABLE) <= (reading.price is not None and reading.price > 0)
