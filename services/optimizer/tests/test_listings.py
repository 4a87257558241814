"""Which listings are own products: rules of the domain, on the shipped matcher."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thaman_contracts.events.listings import MatchKind
from thaman_optimizer.adapters.matching_model import load_matcher
from thaman_optimizer.domain.listings import (
    MOST_OF_ONE_RIVAL,
    KnownMatch,
    Listing,
    OwnItem,
    is_own,
    match_listings,
    own_address,
)
from thaman_optimizer.domain.matching import OwnProduct

GTIN, OTHER_GTIN = "6281000000014", "4006381333931"


def own(key: str, title: str, **known: Any) -> OwnItem:
    return OwnItem(key, key, None, OwnProduct(title, **known))


def listing(title: str, url: str = "https://rival.example/p/1", competitor: str = "rival", **known: Any) -> Listing:
    return Listing(competitor, url, title, **known)


def test_equal_trade_item_numbers_are_automatic_and_titles_alone_never() -> None:
    mine = [own("1", "Oud Wood perfume 100 ml", gtin=GTIN), own("2", "Sony WH-1000XM5 headphones black")]
    found = match_listings(
        "7",
        mine,
        [
            listing("عطر عود وود ١٠٠ مل", gtin=GTIN),
            listing("Sony WH-1000XM5 wireless headphones, black", "https://rival.example/p/2"),
        ],
        [],
        load_matcher(),
    )
    by_item = {one.product_id: one for one in found}
    assert (by_item["1"].kind, by_item["1"].automatic, by_item["1"].why) == (MatchKind.EXACT, True, ("gtin_agrees",))
    assert by_item["2"].kind is MatchKind.EXACT
    titles_only = match_listings(
        "7", [own("3", "Oud Wood perfume 100 ml")], [listing("Oud Wood perfume 100 ml")], [], load_matcher()
    )
    assert [(one.kind, one.automatic) for one in titles_only] == [(MatchKind.EXACT, False)]


def test_a_listing_that_is_several_own_products_is_automatic_for_none() -> None:
    twins = [own("1", "Oud Wood 100 ml", gtin=GTIN), own("2", "Oud Wood 100 ml gift", gtin=GTIN)]
    found = match_listings("7", twins, [listing("Oud Wood 100 ml", gtin=GTIN)], [], load_matcher())
    assert len(found) == 2
    assert not any(one.automatic for one in found)
    assert all(one.why[-1] == "several_own_products" for one in found)


def test_of_one_competitor_a_few_are_kept_and_similar_ones_only_where_there_is_no_exact_one() -> None:
    others = [own(str(n), name) for n, name in enumerate(("Rose musk spray 50 ml", "Garden hose 20 m", "Toaster"), 2)]
    mine = [own("1", "Oud Wood perfume 100 ml", gtin=GTIN), *others]
    many = [listing("Oud Wood perfume 100 ml", f"https://rival.example/{n}", gtin=GTIN) for n in range(5)]
    half = [listing("Oud Wood perfume 50 ml", f"https://other.example/{n}", "other") for n in range(2)]
    found = match_listings("7", mine, [*many, *half], [], load_matcher())
    assert sum(one.competitor == "rival" for one in found) == MOST_OF_ONE_RIVAL
    rest = [one for one in found if one.competitor == "other"]
    assert [(one.kind, one.automatic) for one in rest] == [(MatchKind.SIMILAR, False)]


def test_only_news_is_told_and_a_page_that_now_sells_something_else_is_news() -> None:
    mine = [own("1", "Oud Wood perfume 100 ml", gtin=GTIN)]
    first = match_listings("7", mine, [listing("Oud Wood 100 ml", gtin=GTIN)], [], load_matcher())
    known = [KnownMatch(first[0], None, None)]
    assert match_listings("7", mine, [listing("Oud Wood 100 ml", gtin=GTIN)], known, load_matcher()) == []
    (changed,) = match_listings("7", mine, [listing("Stapler", gtin=OTHER_GTIN)], known, load_matcher())
    assert (changed.kind, changed.automatic, changed.match_id) == (MatchKind.CONFLICT, False, first[0].match_id)


def test_answers_about_titles_teach_and_those_of_another_item_list_do_not_break_it() -> None:
    mine = [own(str(n), f"Rose musk body mist {n}0 ml") for n in range(1, 9)]
    offered = [listing(f"Rose musk body mist {n}0 ml", f"https://rival.example/{n}") for n in range(1, 9)]
    plain = match_listings("7", mine, offered, [], load_matcher())
    refused = [KnownMatch(one, False, one.title) for one in plain]
    gone = KnownMatch(plain[0].model_copy(update={"product_id": "gone"}), True, "x")
    again = match_listings("7", mine, offered, [*refused, gone], load_matcher())
    before = {one.match_id: one.confidence_bp for one in plain}
    lower = [one.confidence_bp < before[one.match_id] for one in again if one.match_id in before]
    assert lower
    assert all(lower)


@pytest.mark.parametrize(
    ("url", "domain", "mine"),
    [
        ("https://salla.sa/oud/p1", "https://salla.sa/oud", True),
        ("https://salla.sa/oud", "salla.sa/oud/", True),
        ("https://salla.sa/oud-house/p1", "https://salla.sa/oud", False),
        ("https://www.oud.example/x", "https://oud.example", True),
        ("https://oud.example/x", None, False),
        ("https://rival.example/x", "https://oud.example", False),
    ],
)
def test_own_pages_are_known_by_host_and_first_part_of_the_path(url: str, domain: str | None, mine: bool) -> None:
    assert is_own(url, own_address(domain)) is mine


TITLES = st.lists(
    st.text(max_size=40) | st.sampled_from(["عطر عود ١٠٠ مل", "Oud 100ml", "iPhone 15 Pro 256GB", "\u202ex"]),
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(ours=TITLES, theirs=TITLES, gtins=st.lists(st.sampled_from([None, GTIN, OTHER_GTIN, "x"]), min_size=12))
def test_any_titles_give_an_answer_and_no_automatic_match_without_a_number(
    ours: list[str], theirs: list[str], gtins: list[str | None]
) -> None:
    mine = [own(str(n), title, gtin=gtins[n]) for n, title in enumerate(ours)]
    offered = [listing(title, f"https://r.example/{n}", gtin=gtins[-1 - n]) for n, title in enumerate(theirs)]
    for one in match_listings("7", mine, offered, [], load_matcher()):
        assert not one.automatic or {"gtin_agrees", "brand_and_model"} & set(one.why)
        assert one.kind in (MatchKind.EXACT, MatchKind.SIMILAR)
