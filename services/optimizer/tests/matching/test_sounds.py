"""Names in two scripts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thaman_optimizer.domain.matching import Corpus, Listing, OwnProduct
from thaman_optimizer.domain.matching.sounds import heard


@pytest.mark.parametrize(
    ("arabic", "latin"),
    [("شولدرز", "shoulders"), ("نيفيا", "nivea"), ("بامبرز", "pampers"), ("كريستال", "crystal"), ("سوفاج", "sauvage")],
)
def test_names_that_sound_alike(arabic: str, latin: str) -> None:
    assert heard([arabic, latin, "qwerty"]) == {arabic: latin}


def test_of_several_the_nearest_is_meant() -> None:
    assert heard(["نوفا", "neva", "nova", "navy"]) == {"نوفا": "nova"}


@pytest.mark.parametrize("words", [["مخمليه", "velvet"], ["هيد", "head"], ["nova", "neva"], ["نوفا"], []])
def test_what_is_left_alone(words: list[str]) -> None:
    assert heard(words) == {}


@settings(deadline=None)
@given(st.lists(st.text(alphabet="abcdeghkmnostxyzابتجحدرسشصفقكلمنهوي", max_size=8)))
def test_only_arabic_words_change_and_the_order_does_not_matter(words: list[str]) -> None:
    found = heard(words)
    assert found == heard(words[::-1])
    assert not any(word.isascii() for word in found)
    assert all(word in words for word in found.values())


def test_titles_share_the_name_then() -> None:
    corpus = Corpus.of([OwnProduct("شامبو شولدرز")], [Listing("Shoulders shampoo")])
    assert set(corpus.own.traits[0].words) == set(corpus.listings.traits[0].words)
