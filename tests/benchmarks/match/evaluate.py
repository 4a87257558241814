"""The shipped matcher on test pairs, beside simple peers, and its rules by themselves."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rapidfuzz import fuzz

from tests.benchmarks.match.data import SETS, Pairs, load
from tests.benchmarks.match.scores import Bools, Floats, RuleScore, Score, curve, rule_score, score
from tests.support.title_pairs import PAIRS, TitlePair
from thaman_optimizer.domain.matching import Kind, Listing, Match, Matcher, OwnProduct, features, probability
from thaman_optimizer.domain.matching.corpus import Corpus


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Of one set: by name of the way, and by rule."""

    name: str
    titles: dict[str, Score]
    rules: dict[str, RuleScore]

    def document(self) -> dict[str, Any]:
        """For machines."""
        return {
            "name": self.name,
            "titles": {name: asdict(one) for name, one in self.titles.items()},
            "rules": {name: {**asdict(one), "precision": one.precision} for name, one in self.rules.items()},
        }


def evaluate(folder: Path, matcher: Matcher) -> list[Evaluation]:
    """On the test part of each data set."""
    return [_on_set(folder, name, matcher) for name in SETS]


def evaluate_own(matcher: Matcher, pairs: tuple[TitlePair, ...] = PAIRS, name: str = "own pairs") -> Evaluation:
    """On the made-up Arabic and English pairs, all titles of which are the texts at hand."""
    own = {text: place for place, text in enumerate(dict.fromkeys(one.own for one in pairs))}
    listings = {text: place for place, text in enumerate(dict.fromkeys(one.listing for one in pairs))}
    given = Pairs(
        Corpus.of([OwnProduct(text) for text in own], [Listing(text) for text in listings]),
        np.array([own[one.own] for one in pairs]),
        np.array([listings[one.listing] for one in pairs]),
        np.array([one.same for one in pairs]),
    )
    likely = probability(matcher.trees.log_odds(features(given.corpus, given.first, given.second)))
    ratio = np.array([fuzz.token_set_ratio(one.own, one.listing) for one in pairs])
    titles = {
        "token_set_ratio at 90": score(ratio, given.same, 90),
        "model": score(likely, given.same, matcher.exact_at),
        "model with vetoes": score(_vetoed(matcher, given), given.same, 0.5),
    }
    return Evaluation(name, titles, _rules(matcher, given))


def _on_set(folder: Path, name: str, matcher: Matcher) -> Evaluation:
    test = load(folder, name, "test")
    valid = load(folder, name, "valid")
    likely = probability(matcher.trees.log_odds(features(test.corpus, test.first, test.second)))
    titles = {
        "token_set_ratio": score(_ratios(test), test.same, best_threshold(_ratios(valid), valid.same)),
        "letter cosine": score(_cosines(test), test.same, best_threshold(_cosines(valid), valid.same)),
        "model": score(likely, test.same, matcher.exact_at),
        "model with vetoes": score(_vetoed(matcher, test), test.same, 0.5),
    }
    return Evaluation(name, titles, _rules(matcher, test))


def best_threshold(likely: Floats, same: Bools) -> float:
    """Of the highest F1."""
    thresholds, precision, recall = curve(likely, same)
    return float(thresholds[np.argmax(2 * precision * recall / np.maximum(precision + recall, 1e-9))])


def _ratios(pairs: Pairs) -> Floats:
    own, listings = pairs.corpus.own.wordings, pairs.corpus.listings.wordings
    return np.array(
        [
            fuzz.token_set_ratio(own[one].text, listings[other].text)
            for one, other in zip(pairs.first, pairs.second, strict=True)
        ]
    )


def _cosines(pairs: Pairs) -> Floats:
    return features(pairs.corpus, pairs.first, pairs.second)[:, 0]


def _matches(matcher: Matcher, pairs: Pairs) -> list[Match]:
    return matcher.match_pairs(pairs.corpus, pairs.first, pairs.second)


def _vetoed(matcher: Matcher, pairs: Pairs) -> Floats:
    """1 where the answer is exact, 0 elsewhere."""
    return np.array([float(one.kind is Kind.EXACT) for one in _matches(matcher, pairs)])


def _rules(matcher: Matcher, pairs: Pairs) -> dict[str, RuleScore]:
    found = _matches(matcher, pairs)
    by_model = np.array(["brand_and_model" in one.why for one in found])
    automatic = np.array([one.automatic for one in found])
    return {"maker and model": rule_score(by_model, pairs.same), "automatic": rule_score(automatic, pairs.same)}
