"""Pages that nobody wrote: the reader answers every one of them, in time that grows with the page and no faster."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.pages import check_answer, corpus_pages, steps_of

from thaman_optimizer.domain.reading import read_page

PAGES = corpus_pages()
FRAGMENTS = (
    *("<", ">", "/>", '"', "'", "=", "&", ";", "<!--", "-->", "<![CDATA[", "]]>", "\x00", "\u202e", "\u200b", "\ufffd"),
    *("<h1>", "</h1>", "<h2>", "<p>", "</p>", "<del>", "</del>", "<template>", "<textarea>", "</textarea>", "<style>"),
    *('<script type="application/ld+json">', "</script>", '{"@type":"Product","offers":', "{", "}", "[", "]", ",", ":"),
    *(
        '"price"',
        '"priceCurrency":"SAR"',
        '"@graph":',
        '"offers"',
        '"lowPrice":',
        "1e309",
        "NaN",
        "-1",
        "0",
        "299",
        "1.299",
    ),
    *('<div itemscope itemtype="https://schema.org/Product">', '<div itemprop="offers" itemscope>', "</div>"),
    *('<meta itemprop="price" content="', '<meta property="product:price:amount" content="', '">', "itemref=", "id="),
    *("ر.س", "SAR", "\u20c1", "$", "٢٩٩", "٫", "٬", "1,299.00", " - ", "كان ", "الآن ", "من ", "شهريا", "كوبون", "%"),
)


def _mutated(page: str, changes: list[tuple[float, float, str]]) -> str:
    """The page with parts of it replaced: each change is where, how much of the rest, and by what."""
    for where, share, fragment in changes:
        start = int(where * len(page))
        end = start + int(share * share * (len(page) - start))
        page = page[:start] + fragment + page[end:]
    return page


SHARES = st.floats(0, 1, exclude_max=True)
CHANGES = st.lists(
    st.tuples(SHARES, SHARES | st.just(0.0), st.sampled_from(FRAGMENTS) | st.text(max_size=5)), max_size=6
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(PAGES), CHANGES)
def test_changed_pages_of_the_corpus_get_an_answer(page: str, changes: list[tuple[float, float, str]]) -> None:
    check_answer(read_page(_mutated(page, changes)))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=8), max_size=60))
def test_heaps_of_markup_get_an_answer(parts: list[str]) -> None:
    check_answer(read_page("".join(parts)))


@settings(deadline=None)
@given(st.sampled_from(PAGES), st.sampled_from(PAGES))
def test_two_pages_in_one_get_an_answer(first: str, second: str) -> None:
    check_answer(read_page(first + second))


GROWING: dict[str, Callable[[int], str]] = {
    "lines": lambda size: "<h1>A</h1>" + "<p>299 ر.س</p>" * size,
    "amounts in a line": lambda size: "<h1>A</h1><p>" + "299 ر.س " * size + "</p>",
    "elements in a line": lambda size: "<h1>A</h1><p>" + "<b>2</b>" * size + "</p>",
    "items": lambda size: (
        '<div itemscope itemtype="https://schema.org/Product"><meta itemprop="price" content="1"></div>' * size
    ),
    "properties": lambda size: (
        '<div itemscope itemtype="https://schema.org/Product">'
        + '<meta itemprop="price" content="1">' * size
        + "</div>"
    ),
    "nodes": lambda size: (
        '<script type="application/ld+json">[' + '{"@type":"Product","name":"A"},' * size + "{}]</script>"
    ),
    "scripts": lambda size: '<script type="application/ld+json">{"@type":"Product"}</script>' * size,
    "offers": lambda size: (
        '<script type="application/ld+json">{"@type":"Product","offers":['
        + '{"price":"1","priceCurrency":"SAR"},' * size
        + "{}]}</script>"
    ),
    "metas": lambda size: "<head>" + '<meta property="product:price:amount" content="1">' * size + "</head><p>",
    "styles": lambda size: "<style>" + ".a,.b{display:none}" * size + "</style><h1>A</h1><p>",
    "quotes": lambda size: "<p a='" * size + "<b>",
    "tags": lambda size: "<a b=<" * size + "<b>",
}


@pytest.mark.parametrize("name", GROWING)
def test_twice_the_page_takes_twice_the_steps_at_most(name: str) -> None:
    """Counted in calls, so that a busy machine changes nothing; what a bound cuts off takes fewer."""
    page = GROWING[name]
    read_page(page(1))
    once, twice = steps_of(lambda: read_page(page(250))), steps_of(lambda: read_page(page(500)))
    assert twice <= 2.4 * once + 2_000, (once, twice)
