"""The search: everything worth comparing is found, nothing depends on luck."""

import numpy as np
from tests.benchmarks.match.titles import catalogues
from tests.support.title_pairs import FRESH, PAIRS

from thaman_optimizer.domain.matching import Corpus, Listing, OwnProduct, candidates
from thaman_optimizer.domain.matching.grams import Rarity, bags, cosines, triples


def test_nearly_every_true_listing_is_among_the_candidates() -> None:
    given = catalogues(1_500, seed=3)
    first, second = candidates(Corpus.of(given.own, given.listings))
    pairs = set(zip(first.tolist(), second.tolist(), strict=True))
    offered = [(row, place) for row, place in enumerate(given.truth) if place >= 0]
    assert sum(one in pairs for one in offered) / len(offered) >= 0.98
    assert len(pairs) <= 1_500 * 10


def test_true_pairs_across_languages_are_found() -> None:
    true = [one for one in PAIRS + FRESH if one.same]
    own, listings = ([OwnProduct(one.own) for one in true], [Listing(one.listing) for one in true])
    first, second = candidates(Corpus.of(own, listings))
    pairs = set(zip(first.tolist(), second.tolist(), strict=True))
    assert sum((row, row) in pairs for row in range(len(true))) / len(true) >= 0.9


def test_equal_numbers_are_candidates_whatever_the_titles() -> None:
    own = [OwnProduct("سماعة", gtin="4006381333931"), OwnProduct("راديو", model="RX-100")]
    listings = [Listing("zzz", gtin="04006381333931"), Listing("yyy rx100")]
    first, second = candidates(Corpus.of(own, listings))
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == [(0, 0), (1, 1)]


def test_no_titles_no_candidates() -> None:
    for own, listings in (([], []), ([OwnProduct("a")], []), ([], [Listing("a")]), ([OwnProduct("")], [Listing("")])):
        assert len(candidates(Corpus.of(own, listings))[0]) == 0


def test_the_order_of_listings_changes_no_answer_where_scores_differ() -> None:
    given = catalogues(200, seed=5)
    straight = Corpus.of(given.own, given.listings)
    turned = Corpus.of(given.own, given.listings[::-1])
    first, second = candidates(straight, most=1)
    other_first, other_second = candidates(turned, most=1)
    best = dict(zip(first.tolist(), cosines(straight.own.titles, straight.listings.titles, first, second), strict=True))
    turned_score = cosines(turned.own.titles, turned.listings.titles, other_first, other_second)
    assert best.keys() == dict.fromkeys(other_first.tolist()).keys()
    for row, score in zip(other_first.tolist(), turned_score.tolist(), strict=True):
        assert score <= best[row] + 1e-9 or row in first


def test_cosines_are_those_of_the_vectors() -> None:
    texts = ["abcd abc", "abc", "", "xyz abcd"]
    terms = [triples(text.split()) for text in texts]
    rarity = Rarity.of(terms)
    numbering: dict[str, int] = {}
    made = bags(terms, rarity, numbering)
    dense = np.zeros((len(texts), len(numbering)))
    for row in range(len(texts)):
        term, weight = made.row(row)
        dense[row, term] = weight
    first, second = (np.repeat(np.arange(4), 4), np.tile(np.arange(4), 4))
    assert np.allclose(cosines(made, made, first, second), (dense[first] * dense[second]).sum(axis=1))
    assert rarity("never seen") > max(rarity.weights.values())
