"""Matching own products to other shops' listings: pure, deterministic, Arabic and English.

>>> corpus = Corpus.of(own_products, listings)  # doctest: +SKIP
>>> first, second = candidates(corpus)  # doctest: +SKIP
>>> found = matcher.match_pairs(corpus, first, second)  # doctest: +SKIP

The matcher comes from ``adapters.matching_model.load_matcher``; :func:`learn` turns a store's own confirmations and
rejections into the :class:`StoreShift` that its titles are judged with; :func:`words` says why.
"""

from thaman_optimizer.domain.matching.candidates import candidates
from thaman_optimizer.domain.matching.corpus import Corpus
from thaman_optimizer.domain.matching.features import FEATURES, features
from thaman_optimizer.domain.matching.learning import NOTHING_LEARNED, StoreShift, learn
from thaman_optimizer.domain.matching.match import Kind, Match, Matcher
from thaman_optimizer.domain.matching.model import ModelInvalid, Trees, probability
from thaman_optimizer.domain.matching.traits import Listing, OwnProduct
from thaman_optimizer.domain.matching.words import words

__all__ = [
    "FEATURES",
    "NOTHING_LEARNED",
    "Corpus",
    "Kind",
    "Listing",
    "Match",
    "Matcher",
    "ModelInvalid",
    "OwnProduct",
    "StoreShift",
    "Trees",
    "candidates",
    "features",
    "learn",
    "probability",
    "words",
]
