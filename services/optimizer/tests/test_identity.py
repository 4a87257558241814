"""What a page's one product is, and that there is no answer where there is not one."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.pages import corpus_pages, steps_of

from thaman_optimizer.domain.reading import Identity, read_identity, read_page

from .test_reading_fuzz import CHANGES, FRAGMENTS, GROWING, PAGES, _mutated

OWN = (
    *('"brand":', '"name":"A"', '"mpn":"X-1"', '"gtin13":', '"gtin":6281007034913', '"\\ud800"', '"@id":"#b"'),
    *('<meta property="og:title" content="', '<meta property="og:type" content="product">', "&amp;", "&#x202e;"),
    *('<b itemprop="brand" itemscope><i itemprop="name">', '<meta itemprop="gtin13" content="', "\u034f", "\u2066"),
)


def script(*documents: Any) -> str:
    return "".join(f'<script type="application/ld+json">{json.dumps(one)}</script>' for one in documents)


def product(**said: Any) -> dict[str, Any]:
    return {"@type": "Product", "name": "Galaxy S24", **said}


def marked(inner: str, kind: str = "Product") -> str:
    return f'<div itemscope itemtype="https://schema.org/{kind}">{inner}</div>'


OPEN_GRAPH = '<meta property="og:type" content="product"><meta property="og:title" content="عود &amp; ملكي | متجر">'


@pytest.mark.parametrize(
    ("page", "known"),
    [
        (
            script(product(brand={"@type": "Brand", "name": "Samsung"}, gtin13="8806095300528", mpn="SM-S921B")),
            Identity("Galaxy S24", "Samsung", "8806095300528", "SM-S921B"),
        ),
        (script(product(brand="Samsung", gtin=8806095300528)), Identity("Galaxy S24", "Samsung", "8806095300528")),
        (script(product(model={"@type": "ProductModel", "name": "S921"})), Identity("Galaxy S24", model="S921")),
        (script({"@type": "ProductGroup", "name": "Oud", "brand": ["Lattafa"]}), Identity("Oud", "Lattafa")),
        (
            script({"@graph": [product(brand={"@id": "#b"}), {"@id": "#b", "@type": "Brand", "name": "Samsung"}]}),
            Identity("Galaxy S24", "Samsung"),
        ),
        (script({"@type": "WebPage", "mainEntity": product(mpn="X-1")}), Identity("Galaxy S24", model="X-1")),
        (script(product(name="A &amp; B")), Identity("A & B")),
        (script(product(name=[{"@value": "عود", "@language": "ar"}, "Oud"])), Identity("عود")),
        # Two nodes about one product complete each other; what they say differently is not known.
        (
            script(product(sku="1", brand="Samsung"), product(sku="1", mpn="X-1")),
            Identity("Galaxy S24", "Samsung", None, "X-1"),
        ),
        (script(product(sku="1", brand="Samsung"), product(sku="1", brand="LG")), Identity("Galaxy S24")),
        (script(product(gtin13="0012345678905", gtin12="012345678905")), Identity("Galaxy S24", gtin="012345678905")),
        (
            marked(
                '<h1 itemprop="name">Galaxy S24</h1><span itemprop="brand">Samsung</span>'
                '<meta itemprop="gtin13" content="8806095300528"><meta itemprop="mpn" content="SM-S921B">'
            ),
            Identity("Galaxy S24", "Samsung", "8806095300528", "SM-S921B"),
        ),
        (
            marked(
                '<h1 itemprop="name">Galaxy S24</h1><div itemprop="brand" itemscope itemtype="https://schema.org/Brand">'
                '<i itemprop="name">Samsung</i></div>'
            ),
            Identity("Galaxy S24", "Samsung"),
        ),
        # Attributes add to scripts where both are about the same, and only there.
        (
            script(product()) + marked('<b itemprop="name">galaxy S24</b><i itemprop="mpn">SM-S921B</i>'),
            Identity("Galaxy S24", model="SM-S921B"),
        ),
        (script(product()) + marked('<b itemprop="name">Case</b><i itemprop="mpn">C-1</i>'), Identity("Galaxy S24")),
        (
            script(product(mpn="A")) + marked('<b itemprop="name">Galaxy S24</b><i itemprop="mpn">B</i>'),
            Identity("Galaxy S24"),
        ),
        (OPEN_GRAPH, Identity("عود & ملكي | متجر")),
        (script({"@type": "Product", "sku": "1"}) + '<meta property="og:title" content="Oud">', Identity("Oud")),
        # Nobody's text controls anything.
        (script(product(name="a\u202eb\u0000c\u200bd\ud800")), Identity("ab cd")),
        (script(product(name="x" * 500)), Identity("x" * 200)),
    ],
)
def test_what_a_page_says_its_product_is(page: str, known: Identity) -> None:
    assert read_identity(page) == known


@pytest.mark.parametrize(
    "page",
    [
        "",
        "<h1>Galaxy S24</h1><p>99 ر.س</p>",
        '<meta property="og:type" content="website"><meta property="og:title" content="Shop">',
        '<meta property="og:title" content="Shop">',
        OPEN_GRAPH + '<meta property="og:title" content="another">',
        f"<template>{OPEN_GRAPH}</template><p>x",
        script(product(), product(name="Galaxy S25")),
        script(product(), product(name="Galaxy S25")) + OPEN_GRAPH,
        script({"@type": "Article", "name": "Galaxy S24"}),
        script({"@type": "ItemList", "itemListElement": [product()]}),
        script(product(name="\u200b")),
        script(product(name=None)),
        script(product(name={"name": {"name": "A"}})),
        script(product(name=True)),
        marked('<b itemprop="name">One</b>') + marked('<b itemprop="name">Two</b>'),
        "<p>" * 300,
        script({"@graph": [product()] * 6_000}),
    ],
)
def test_no_one_product_is_no_answer(page: str) -> None:
    assert read_identity(page) is None


def test_looking_for_a_brand_changes_nothing_of_how_prices_are_read() -> None:
    for page in corpus_pages():
        before = read_page(page)
        read_identity(page)
        assert read_page(page) == before


def check(known: Identity | None) -> None:
    """What holds for every answer."""
    if known is None:
        return
    assert known.title
    for text in (known.title, known.brand, known.gtin, known.model):
        assert text is None or (0 < len(text) <= 200 and text.replace("\u20c1", "").isprintable())
        assert text is None or not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200f")


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(PAGES), CHANGES)
def test_changed_pages_of_the_corpus_get_an_answer(page: str, changes: list[tuple[float, float, str]]) -> None:
    check(read_identity(_mutated(page, changes)))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS + OWN) | st.text(max_size=8), max_size=60))
def test_heaps_of_markup_get_an_answer(parts: list[str]) -> None:
    check(read_identity("".join(parts)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "@value", "@id", "brand", "gtin", "mpn", "model"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["name", "brand", "gtin13", "gtin", "mpn", "model", "offers"]), JSON))
def test_products_of_any_shape_get_an_answer(said: dict[str, Any]) -> None:
    check(read_identity(script({"@type": "Product", **said})))


@pytest.mark.parametrize("name", GROWING)
def test_twice_the_page_takes_twice_the_steps_at_most(name: str) -> None:
    page = GROWING[name]
    read_identity(page(1))
    once, twice = steps_of(lambda: read_identity(page(250))), steps_of(lambda: read_identity(page(500)))
    assert twice <= 2.4 * once + 2_000, (once, twice)
