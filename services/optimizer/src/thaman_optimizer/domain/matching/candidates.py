"""Which listings are worth comparing with an own product at all: thousands of titles against thousands, in seconds.

An index from letter triples to listings; for each own title the weights of shared triples are added up (the cosine,
but for triples so common that they tell nothing), and the best few are kept. Equal trade item numbers and makers'
numbers are always kept, whatever the titles.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from thaman_optimizer.domain.demand.detmath import Floats
from thaman_optimizer.domain.demand.panel import Ints
from thaman_optimizer.domain.matching.corpus import Corpus
from thaman_optimizer.domain.matching.grams import Bags
from thaman_optimizer.domain.matching.identity import all_models
from thaman_optimizer.domain.matching.traits import Traits

MOST = 8
"""Listings kept for each own product by title."""
LEAST_COSINE = 0.15
_COMMON = 400, 6
"""A triple in more listings than the greater of 400 and a sixth of them tells nothing."""
_MOST_OF_ONE_NUMBER = 50
"""A number that more listings carry is a shop's template, not a product's number."""


@dataclass(frozen=True, slots=True)
class _Index:
    """Listings by term: those of term ``t`` are ``row[starts[t]:starts[t + 1]]``."""

    starts: Ints
    row: Ints
    weight: Floats
    rows: int

    @classmethod
    def of(cls, texts: Bags, terms: int) -> "_Index":
        order = np.argsort(texts.term, kind="stable")
        rows = np.repeat(np.arange(len(texts)), np.diff(texts.starts))
        counts = np.bincount(texts.term, minlength=terms)
        common = max(_COMMON[0], len(texts) // _COMMON[1])
        kept = counts[texts.term[order]] <= common
        counts[counts > common] = 0
        starts = np.concatenate(([0], np.cumsum(counts)))
        return cls(starts, rows[order][kept], texts.weight[order][kept], len(texts))

    def scores(self, term: Ints, weight: Floats) -> Floats:
        """Of every listing with one own title."""
        parts = [(slice(*self.starts[one : one + 2].tolist()), mass) for one, mass in zip(term, weight, strict=True)]
        if not parts:
            return np.zeros(self.rows)
        found = np.concatenate([self.row[part] for part, _ in parts])
        added = np.concatenate([self.weight[part] * mass for part, mass in parts])
        return np.bincount(found, weights=added, minlength=self.rows).astype(np.float64)


def candidates(corpus: Corpus, most: int = MOST) -> tuple[Ints, Ints]:
    """Pairs worth comparing: own products and listings by index, by own product and then by listing."""
    own, listings = corpus.own.titles, corpus.listings.titles
    index = _Index.of(listings, max(own.terms, listings.terms))
    first: list[Ints] = []
    second: list[Ints] = []
    for row in range(len(own)):
        found = _best(index.scores(*own.row(row)), most)
        first.append(np.full(len(found), row))
        second.append(found)
    for row, found in _by_numbers(corpus.own.traits, corpus.listings.traits):
        first.append(np.full(len(found), row))
        second.append(found)
    if not first:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    stride = max(len(listings), 1)
    pairs = np.unique(np.concatenate(first).astype(np.int64) * stride + np.concatenate(second))
    return pairs // stride, pairs % stride


def _best(scores: Floats, most: int) -> Ints:
    """The highest scores; of equal ones the first listings, so that the answer does not depend on luck."""
    found = np.flatnonzero(scores >= LEAST_COSINE)
    if len(found) > most:
        border = np.partition(scores[found], len(found) - most)[len(found) - most]
        above, level = found[scores[found] > border], found[scores[found] == border]
        found = np.concatenate((above, level[: most - len(above)]))
    return found


def _by_numbers(own: tuple[Traits, ...], listings: tuple[Traits, ...]) -> Iterator[tuple[int, Ints]]:
    places: dict[str, list[int]] = {}
    for place, listing in enumerate(listings):
        for number in _numbers(listing):
            places.setdefault(number, []).append(place)
    for row, thing in enumerate(own):
        known = [places[number] for number in _numbers(thing) if number in places]
        found = {place for one in known if len(one) <= _MOST_OF_ONE_NUMBER for place in one}
        yield row, np.array(sorted(found), dtype=np.int64)


def _numbers(thing: Traits) -> set[str]:
    return {f"model {one}" for one in all_models(thing)} | ({f"gtin {thing.gtin}"} if thing.gtin else set())
