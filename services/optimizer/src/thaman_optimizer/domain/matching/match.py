"""Whether a listing is the own product: the rules, what they are sure of, and why.

Trade item numbers first, then makers' numbers, then titles. A conflict of size, count, colour or variant is a veto:
such a pair is similar at most. Only rules make a match that prices may move on by themselves; titles never do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from thaman_optimizer.domain.demand.panel import Ints
from thaman_optimizer.domain.matching.conflicts import conflicts
from thaman_optimizer.domain.matching.corpus import Corpus
from thaman_optimizer.domain.matching.features import FEATURES, features
from thaman_optimizer.domain.matching.identity import Agreement, brands, gtins, models
from thaman_optimizer.domain.matching.learning import NOTHING_LEARNED, StoreShift
from thaman_optimizer.domain.matching.model import ModelInvalid, Trees, probability
from thaman_optimizer.domain.matching.traits import Listing, OwnProduct, Traits

GTIN_BP = 9_800
"""Confidence of equal trade item numbers: shops copy wrong ones too."""
MODEL_BP = 9_000
"""Confidence of maker and model number where the titles agree as well."""
MODEL_ALONE_BP = 8_000
"""Confidence of maker and model number where the titles do not."""
AUTOMATIC_AT = 0.8
"""Probability that titles mean one thing from which maker and model number move prices without a merchant's word.
Chosen on training and validation pairs alone: 462 of 463 such pairs are one thing; at ``exact_at`` 468 of 481 are."""
TITLE_MOST_BP = 7_000
"""No title says more than this."""
SIMILAR_MOST_BP = 5_000
"""A similar thing stays below what an offer needs to count (``OFFER_RULES.min_confidence_bp``)."""


class Kind(StrEnum):
    """What a listing is to an own product."""

    EXACT = "exact"
    """The same thing."""
    SIMILAR = "similar"
    """Alike, but another size, colour or version, or too little is said."""
    NONE = "none"
    """Another thing."""
    CONFLICT = "conflict"
    """Certainly another thing, whatever the titles say."""


@dataclass(frozen=True, slots=True)
class Match:
    """The answer for one pair.

    ``confidence_bp``: how sure it is that both are one thing. ``why``: codes, which :func:`words` turns into Arabic and
    English. ``automatic``: whether prices may move on it without a merchant's word.
    """

    kind: Kind
    confidence_bp: int
    why: tuple[str, ...]
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Matcher:
    """The trained model and the probabilities at which a title is taken for exact and for similar."""

    trees: Trees
    exact_at: float
    similar_at: float

    def __post_init__(self) -> None:
        """Refuse a model that was trained with other features.

        Raises:
            ModelInvalid: its features are not :data:`FEATURES`.
        """
        if self.trees.features != FEATURES:
            raise ModelInvalid("the model was trained with other features than this release has")

    def match(self, own: OwnProduct, listing: Listing, store: StoreShift = NOTHING_LEARNED) -> Match:
        """One pair by itself. :meth:`match_pairs` judges titles better, as it knows which words are rare among many."""
        corpus = Corpus.of([own], [listing])
        return self.match_pairs(corpus, np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64), store)[0]

    def match_pairs(
        self, corpus: Corpus, first: Ints, second: Ints, store: StoreShift = NOTHING_LEARNED
    ) -> list[Match]:
        """Own products ``first[i]`` against listings ``second[i]``, in that order."""
        log_odds = self.trees.log_odds(features(corpus, first, second))
        likely = probability(log_odds + store.shift).tolist()
        # What a store's answers teach may take a match back from moving prices by itself, never make one do so.
        least = probability(log_odds + min(store.shift, 0.0)).tolist()
        ours, theirs = corpus.own.traits, corpus.listings.traits
        return [
            self.judge(ours[one], theirs[other], chance, surely)
            for one, other, chance, surely in zip(first.tolist(), second.tolist(), likely, least, strict=True)
        ]

    def judge(self, own: Traits, listing: Traits, likely: float, surely: float | None = None) -> Match:
        """The rules for one pair. ``likely``: the probability that the titles mean one thing; ``surely``: the one that
        must be high where prices are to move without a merchant's word, by default the same."""
        numbers = gtins(own, listing)
        if numbers is Agreement.DIFFERS:
            return Match(Kind.CONFLICT, 0, ("gtin_differs",))
        agreed = models(own, listing) is Agreement.AGREES
        if numbers is Agreement.UNKNOWN and not agreed and likely < self.similar_at:
            return Match(Kind.NONE, min(_bp(likely), SIMILAR_MOST_BP), ("titles_unlike",))
        clash = conflicts(own, listing)
        if numbers is Agreement.AGREES:
            if clash:
                return Match(Kind.SIMILAR, SIMILAR_MOST_BP, ("gtin_agrees", *clash))
            return Match(Kind.EXACT, GTIN_BP, ("gtin_agrees",), automatic=True)
        if agreed and not clash and brands(own, listing) is Agreement.AGREES:
            return self._by_model(likely, likely if surely is None else surely)
        return self._by_title(likely, (*(("model_agrees",) if agreed else ()), *clash), veto=bool(clash))

    def _by_model(self, likely: float, surely: float) -> Match:
        alike = likely >= self.exact_at
        why = ("brand_and_model", "titles_alike" if alike else "titles_unlike")
        return Match(Kind.EXACT, MODEL_BP if alike else MODEL_ALONE_BP, why, automatic=surely >= AUTOMATIC_AT)

    def _by_title(self, likely: float, why: Sequence[str], *, veto: bool) -> Match:
        if likely < self.similar_at:
            return Match(Kind.NONE, min(_bp(likely), SIMILAR_MOST_BP), ("titles_unlike", *why))
        if veto or likely < self.exact_at:
            return Match(Kind.SIMILAR, min(_bp(likely), SIMILAR_MOST_BP), ("titles_alike", *why))
        return Match(Kind.EXACT, min(_bp(likely), TITLE_MOST_BP), ("titles_alike", *why))


def _bp(likely: float) -> int:
    return int(likely * 10_000)
