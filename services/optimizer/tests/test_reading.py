"""What pages say to machines, what their text adds or takes away, and that nothing else is believed."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thaman_contracts.events.optimizer import OfferEvidence, OfferFitness, OfferSource
from thaman_contracts.money import MoneyError
from thaman_optimizer.domain.policy import LEAST_OFFER_CONFIDENCE_BP
from thaman_optimizer.domain.reading import Reading, read_page, read_price
from thaman_optimizer.domain.reading.trust import ALONE_BP, RANGE_BP

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
        product(price=" 129.9500 "),
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
        (product(price="129.950"), OfferFitness.UNREADABLE),
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
        (product(price="0.99"), OfferFitness.NO_PRICE),
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


def test_numbers_without_a_currency_and_a_place_are_never_read() -> None:
    assert read_page(page()).fitness is OfferFitness.UNREADABLE
    assert read_page("").fitness is OfferFitness.UNREADABLE


def shown(html: str) -> str:
    return f"<main><h1>عود</h1><p>{html}</p></main>"


def test_text_alone_is_read_and_moves_no_price() -> None:
    reading = read_page(shown("129.95 ر.س متوفر"))
    assert (reading.fitness, reading.price, reading.in_stock) == (OfferFitness.USABLE, 12_995, True)
    assert reading.confidence_bp < LEAST_OFFER_CONFIDENCE_BP
    assert "moves no price" in (reading.detail or "")
    assert ALONE_BP[OfferSource.TEXT] <= 5_500 < LEAST_OFFER_CONFIDENCE_BP <= RANGE_BP


def graph(amount: str, currency: str = "SAR") -> str:
    properties = {"product:price:amount": amount, "product:price:currency": currency}
    return "".join(f'<meta property="{name}" content="{value}">' for name, value in properties.items())


def test_sources_that_agree_are_surer_and_those_that_do_not_are_not_believed() -> None:
    unsaid = page(product(availability=None))
    assert read_page(unsaid).confidence_bp == 8_000
    assert read_page(graph("129.95") + unsaid).confidence_bp == 8_500
    assert read_page(graph("129.95") + unsaid + shown("129.95 SAR")).confidence_bp == 9_000
    assert read_page(graph("129.95")).confidence_bp == 7_500
    for other in (graph("250"), graph("129.95", "USD"), shown("250 ر.س"), shown("$129.95")):
        reading = read_page(other + unsaid)
        assert (reading.fitness, reading.price) == (OfferFitness.UNREADABLE, None), other
        assert reading.evidence is not None and reading.evidence.price == "129.95"


def test_text_that_cannot_be_told_says_nothing_against_structured_data() -> None:
    for text in ("من 99 ر.س", "250 ر.س 300 ر.س", "129.95", "250 ر.س شهريا", "<del>350 ر.س</del>"):
        assert read_page(page(product()) + shown(text)).price == 12_995, text


def test_what_is_kept_as_evidence_are_the_pages_own_words() -> None:
    reading = read_page(
        page(product(priceValidUntil="2027-01-31T23:00:00+03:00")) + shown("<s>٣٥٠ ر.س</s> ١٢٩٫٩٥ ر.س شامل الضريبة")
    )
    assert reading.evidence == OfferEvidence(
        sources=(OfferSource.JSON_LD, OfferSource.TEXT),
        price="129.95",
        currency="SAR",
        availability="https://schema.org/InStock",
        was_price="٣٥٠ ر.س ١٢٩٫٩٥ ر.س شامل الضريبة",
        vat="٣٥٠ ر.س ١٢٩٫٩٥ ر.س شامل الضريبة",
        valid_until="2027-01-31",
    )
    assert Reading.of(json.loads(json.dumps(reading.document()))) == reading


def test_a_price_holds_to_the_end_of_its_last_day() -> None:
    reading = read_page(page(product(priceValidUntil="2026-03-02")))
    assert reading.on(date(2026, 3, 2)) == reading
    assert reading.on(date(2026, 3, 3)).fitness is OfferFitness.STALE
    gone = read_page(page(product(priceValidUntil="2026-03-02", availability="SoldOut")))
    assert gone.on(date(2026, 3, 3)).fitness is OfferFitness.OUT_OF_STOCK


def test_what_was_remembered_by_earlier_and_later_versions_still_reads() -> None:
    before = {"fitness": "usable", "price": 100, "currency": "SAR", "in_stock": True, "with_vat": True}
    old = Reading.of({**before, "confidence_bp": 10_000, "detail": None})
    assert (old.price, old.evidence, old.valid_until) == (100, None, None)
    assert Reading.of({**old.document(), "seen_from_the_moon": True}) == old
    assert Reading.is_current(old.document()) and not Reading.is_current(before)


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
