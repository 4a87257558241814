"""What the model sees of a pair of titles: numbers that do not change when the sides are swapped.

No price is among them: a match that depended on the price would hide exactly the rivals who ask another one.
"""

import numpy as np
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from thaman_optimizer.domain.demand.detmath import Floats
from thaman_optimizer.domain.demand.panel import Ints
from thaman_optimizer.domain.matching.conflicts import conflicts
from thaman_optimizer.domain.matching.corpus import Corpus, Wording
from thaman_optimizer.domain.matching.grams import cosines
from thaman_optimizer.domain.matching.identity import agreed_models, all_models, brands, models, same_head
from thaman_optimizer.domain.matching.traits import Traits

CONFLICTS = (
    "size_differs",
    "count_differs",
    "colour_differs",
    "variant_differs",
    "edition_differs",
    "generation_differs",
    "model_differs",
    "accessory_differs",
)
"""Conflicts that are features; the rest is too rare in the training data."""

FEATURES = (
    "title_cosine",
    "word_cosine",
    "whole_cosine",
    "cross_cosine_least",
    "cross_cosine_most",
    "sorted_ratio",
    "set_ratio",
    "joined_ratio",
    "covered_least",
    "covered_most",
    "nearly_covered_least",
    "nearly_covered_most",
    "told_least",
    "told_most",
    "rarest_shared",
    "rarest_alone_least",
    "rarest_alone_most",
    "words_least",
    "words_most",
    "numbers_shared",
    "numbers_alone_least",
    "numbers_alone_most",
    "model_agreement",
    "model_length",
    "model_told",
    "models_alone_least",
    "models_alone_most",
    "quantities_shared",
    "names_shared",
    "names_alone_least",
    "names_alone_most",
    "versions_shared",
    "versions_alone_least",
    "versions_alone_most",
    "brand_agreement",
    "brands_said",
    "bodies_said",
    "same_head",
    *CONFLICTS,
)
"""Columns, in order. A model names those it was trained with."""

_SHORTEST, _CLOSE = 4, 0.8
_STEPS = 1e6
"""Columns are rounded to a millionth, so that a last bit never decides at a threshold."""


def features(corpus: Corpus, first: Ints, second: Ints) -> Floats:
    """Pairs x :data:`FEATURES`, of own products ``first[i]`` and listings ``second[i]``."""
    if not len(first):
        return np.zeros((0, len(FEATURES)))
    own, listings = corpus.own, corpus.listings
    one_way = cosines(own.titles, listings.wholes, first, second)
    other_way = cosines(own.wholes, listings.titles, first, second)
    columns = (
        cosines(own.titles, listings.titles, first, second),
        cosines(own.words, listings.words, first, second),
        cosines(own.wholes, listings.wholes, first, second),
        np.minimum(one_way, other_way),
        np.maximum(one_way, other_way),
    )
    told = np.array([_told(corpus, *pair) for pair in zip(first.tolist(), second.tolist(), strict=True)])
    result: Floats = np.rint(np.column_stack([*columns, told]) * _STEPS) / _STEPS
    return result


def _told(corpus: Corpus, first: int, second: int) -> tuple[float, ...]:
    ours, theirs = corpus.own.traits[first], corpus.listings.traits[second]
    our_words, their_words = corpus.own.wordings[first], corpus.listings.wordings[second]
    clash = conflicts(ours, theirs)
    return (
        *_ratios(our_words, their_words),
        *_ordered(_share(our_words, their_words.words), _share(their_words, our_words.words)),
        *_ordered(_nearly(our_words, their_words), _nearly(their_words, our_words)),
        *_ordered(_share(our_words, their_words.whole), _share(their_words, our_words.whole)),
        *_rarest(our_words, their_words, corpus.rarity.unseen),
        *_ordered(len(ours.words), len(theirs.words)),
        len(our_words.numbers & their_words.numbers),
        *_ordered(len(our_words.numbers - their_words.words), len(their_words.numbers - our_words.words)),
        *_models(ours, theirs, our_words.whole, their_words.whole),
        len(ours.quantities & theirs.quantities),
        len(ours.named & theirs.named),
        *_ordered(len(ours.named - theirs.named), len(theirs.named - ours.named)),
        *_versions(ours, theirs),
        brands(ours, theirs),
        (ours.brand is not None) + (theirs.brand is not None),
        bool(ours.body) + bool(theirs.body),
        same_head(ours, theirs),
        *(code in clash for code in CONFLICTS),
    )


def _ratios(ours: Wording, theirs: Wording) -> tuple[float, float, float]:
    # partial_ratio of texts of one length is not symmetric, so the order is fixed.
    short, long = sorted((ours.joined, theirs.joined), key=lambda text: (len(text), text))
    return (
        fuzz.token_sort_ratio(ours.text, theirs.text),
        fuzz.token_set_ratio(ours.text, theirs.text),
        fuzz.partial_ratio(short, long),
    )


def _ordered(one: float, other: float) -> tuple[float, float]:
    return (one, other) if one <= other else (other, one)


def _share(some: Wording, among: frozenset[str]) -> float:
    """The share of the words' weight that is found in ``among``; 0 of nothing."""
    if not some.total:
        return 0.0
    return sum(weight for word, weight in some.weighted if word in among) / some.total


def _nearly(some: Wording, others: Wording) -> float:
    """The share as above, where words that are torn apart, cut short or mistyped count as found."""
    if not some.total:
        return 0.0
    left = tuple(word for word, _ in others.weighted if word not in some.words)
    torn = some.compounds & others.words
    found = sum(
        weight
        for word, weight in some.weighted
        if word in others.words
        or word in others.compounds
        or any(_near(word, other) for other in left)
        or any(whole.startswith(word) or whole.endswith(word) for whole in torn)
    )
    return found / some.total


def _near(one: str, other: str) -> bool:
    if len(one) < _SHORTEST or len(other) < _SHORTEST or not (one.isalpha() and other.isalpha()):
        return False
    return one.startswith(other) or other.startswith(one) or Levenshtein.normalized_similarity(one, other) >= _CLOSE


def _rarest(ours: Wording, theirs: Wording, unseen: float) -> tuple[float, float, float]:
    """The weight of the rarest word on both sides, and of the rarest on one side alone, against an unseen word's."""
    shared = max((weight for word, weight in ours.weighted if word in theirs.words), default=0.0)
    alone = (
        max((weight for word, weight in some.weighted if word not in others.words), default=0.0)
        for some, others in ((ours, theirs), (theirs, ours))
    )
    one, other = _ordered(*alone)
    return shared / unseen, one / unseen, other / unseen


def _versions(ours: Traits, theirs: Traits) -> tuple[float, float, float]:
    """Numbers beside a name, whatever the name: on both sides, and on one alone."""
    first, second = (frozenset(number for _, number in side.series) for side in (ours, theirs))
    return len(first & second), *_ordered(len(first - second), len(second - first))


def _models(ours: Traits, theirs: Traits, our_whole: frozenset[str], their_whole: frozenset[str]) -> tuple[float, ...]:
    shared = agreed_models(ours, theirs)
    first, second = all_models(ours), all_models(theirs)
    return (
        models(ours, theirs),
        max(map(len, shared), default=0),
        bool((first & their_whole) | (second & our_whole)),
        *_ordered(len(first - shared), len(second - shared)),
    )
