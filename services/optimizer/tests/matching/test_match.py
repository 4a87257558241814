"""The rules: what is exact, what is automatic, what is never."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.title_pairs import FRESH, PAIRS, TitlePair

from thaman_optimizer.adapters.matching_model import load_matcher, matcher_of, model_document
from thaman_optimizer.domain.matching import (
    Corpus,
    Kind,
    Listing,
    Match,
    ModelInvalid,
    OwnProduct,
    StoreShift,
    words,
)
from thaman_optimizer.domain.matching.match import GTIN_BP, MODEL_BP, SIMILAR_MOST_BP, TITLE_MOST_BP
from thaman_optimizer.domain.matching.traits import traits_of
from thaman_optimizer.domain.matching.words import CODES
from thaman_optimizer.domain.offers.rules import OFFER_RULES

MATCHER = load_matcher()
EAN, OTHER = "4006381333931", "5012345678900"

texts = st.one_of(
    st.sampled_from([text for one in PAIRS for text in (one.own, one.listing)]),
    st.text(alphabet=st.characters(codec="utf-8"), max_size=80),
    st.sampled_from(["", " ", "\x00", "٫٬" * 500, "x1" * 3_000, "(" * 999, "1" * 5_000, "\u202e\u200f", "ﷺ" * 999]),
)
shares = st.floats(0, 1)


def judged(own: OwnProduct, listing: Listing, likely: float = 0.9) -> Match:
    return MATCHER.judge(traits_of(own), traits_of(listing), likely)


def test_an_equal_gtin_is_exact_even_where_titles_are_not_alike() -> None:
    found = judged(OwnProduct("سماعة", gtin=EAN), Listing("headset deluxe", gtin=f"0{EAN}"), 0.0)
    assert found == Match(Kind.EXACT, GTIN_BP, ("gtin_agrees",), automatic=True)


def test_an_equal_gtin_in_a_pack_of_three_is_similar_only() -> None:
    found = judged(OwnProduct("soap", gtin=EAN), Listing("soap pack of 3", gtin=EAN))
    assert (found.kind, found.automatic) == (Kind.SIMILAR, False)
    assert found.why == ("gtin_agrees", "count_differs")


@settings(deadline=None)
@given(shares)
def test_different_gtins_are_another_thing_whatever_the_titles(likely: float) -> None:
    found = judged(OwnProduct("soap", gtin=EAN), Listing("soap", gtin=OTHER), likely)
    assert found == Match(Kind.CONFLICT, 0, ("gtin_differs",))


def test_maker_and_model_are_exact_and_automatic_only_where_titles_agree() -> None:
    own, listing = OwnProduct("sony camera dsc-w170"), Listing("كاميرا سوني DSCW170")
    assert judged(own, listing) == Match(Kind.EXACT, MODEL_BP, ("brand_and_model", "titles_alike"), automatic=True)
    assert not judged(own, listing, 0.0).automatic
    case = judged(own, Listing("جراب كاميرا سوني DSCW170"))
    assert (case.kind, case.automatic) == (Kind.SIMILAR, False)


@settings(deadline=None)
@given(texts, texts, shares)
def test_titles_alone_are_never_automatic_nor_sure(first: str, second: str, likely: float) -> None:
    own, listing = traits_of(OwnProduct(first)), traits_of(Listing(second))
    found = MATCHER.judge(own, listing, likely)
    if "brand_and_model" not in found.why:
        assert not found.automatic
        assert found.confidence_bp <= TITLE_MOST_BP
    if found.kind is not Kind.EXACT:
        assert not found.automatic
        assert found.confidence_bp <= SIMILAR_MOST_BP < OFFER_RULES.min_confidence_bp
    assert set(found.why) <= CODES
    assert found == MATCHER.judge(listing, own, likely)


@settings(deadline=None)
@given(texts, texts)
def test_matching_is_symmetric_and_never_fails(first: str, second: str) -> None:
    there = MATCHER.match(OwnProduct(first, brand=second), Listing(second, model=first, description=first))
    back = MATCHER.match(OwnProduct(second, model=first, description=first), Listing(first, brand=second))
    assert there == back


@settings(deadline=None)
@given(texts)
def test_a_thing_matches_itself(title: str) -> None:
    found = MATCHER.match(OwnProduct(title, gtin=EAN), Listing(title, gtin=EAN))
    assert (found.kind, found.automatic) == (Kind.EXACT, True)


@settings(deadline=None)
@given(shares, st.sampled_from(PAIRS))
def test_a_likelier_title_is_never_less_of_a_match(likely: float, pair: TitlePair) -> None:
    own, listing = OwnProduct(pair.own), Listing(pair.listing)
    order = [Kind.NONE, Kind.SIMILAR, Kind.EXACT]
    low, high = judged(own, listing, likely / 2), judged(own, listing, likely)
    assert order.index(low.kind) <= order.index(high.kind)


def test_a_store_that_rejects_is_shown_less() -> None:
    own, listing = OwnProduct("عطر مسك الطهارة 50 مل"), Listing("عطر مسك الطهاره ٥٠مل")
    plain, shy = MATCHER.match(own, listing), MATCHER.match(own, listing, StoreShift(-3.0))
    assert shy.confidence_bp < plain.confidence_bp


@pytest.mark.parametrize("pairs", [PAIRS, FRESH], ids=["pairs", "fresh"])
def test_nothing_wrong_is_automatic(pairs: tuple[TitlePair, ...]) -> None:
    taken = [one for one in pairs if MATCHER.match(OwnProduct(one.own), Listing(one.listing)).automatic]
    assert [one for one in taken if not one.same] == []


def test_model_numbers_are_found_across_languages_and_a_person_is_asked() -> None:
    found = [MATCHER.match(OwnProduct(one.own), Listing(one.listing)) for one in PAIRS]
    taken = [one for one in found if "brand_and_model" in one.why]
    assert len(taken) >= 5
    assert all(one.kind is Kind.EXACT and not one.automatic for one in taken)


def test_model_numbers_with_titles_that_surely_agree_need_no_word_and_answers_never_make_it_so() -> None:
    title = "Sony BDPS350 Blu-ray disc player BDPS350 black"
    own, listings = OwnProduct(title, brand="Sony"), [Listing(title, brand="Sony")]
    others = [OwnProduct(name) for name in ("Bose L1 stand", "Canon PIXMA ink", "LG 42LG60 television", "Nikon strap")]
    corpus = Corpus.of([own, *others], listings)
    pair = np.zeros(1, np.int64), np.zeros(1, np.int64)
    assert MATCHER.match_pairs(corpus, *pair)[0].automatic
    unlike = Corpus.of([own, *others], [Listing("مشغل اقراص بلوراي سوني BDPS350", brand="Sony")])
    plain, taught = (MATCHER.match_pairs(unlike, *pair, StoreShift(shift))[0] for shift in (0.0, 3.0))
    assert plain.why[0] == taught.why[0] == "brand_and_model"
    assert (plain.automatic, taught.automatic) == (False, False)
    assert not MATCHER.match_pairs(corpus, *pair, StoreShift(-3.0))[0].automatic


def test_every_code_has_words() -> None:
    for code in sorted(CODES):
        arabic, english = words([code])
        assert any("\u0621" <= letter <= "\u064a" for letter in arabic)
        assert english.isascii()
    assert words(["of_tomorrow"]) == ("of_tomorrow.", "of_tomorrow.")


def test_a_model_of_other_features_is_refused() -> None:
    document = model_document()
    with pytest.raises(ModelInvalid, match="features"):
        matcher_of({**document, "features": [*document["features"], "price"]})
