"""The shipped matcher on pairs it was not trained with, and its trees beside the library that grew them."""

import numpy as np
import pytest

from tests.benchmarks.match.data import DataMissing, digest, find
from tests.benchmarks.match.evaluate import Evaluation, evaluate, evaluate_own
from tests.benchmarks.match.scores import curve, recall_at, score
from tests.benchmarks.match.speed import ours
from tests.benchmarks.match.titles import catalogues
from tests.benchmarks.match.train import export, grow
from tests.support.title_pairs import FRESH
from thaman_optimizer.adapters.matching_model import load_matcher, model_document
from thaman_optimizer.domain.matching import FEATURES

FLOORS = {"Abt-Buy": 0.84, "Amazon-Google": 0.67}
AUTOMATIC_PRECISION = 0.98


@pytest.fixture(scope="module")
def found() -> list[Evaluation]:
    try:
        folder = find()
    except DataMissing as missing:
        pytest.skip(str(missing))
    assert model_document()["made"]["data"] == digest(folder)
    return evaluate(folder, load_matcher())


def test_the_model_reaches_its_floors(found: list[Evaluation]) -> None:
    assert {one.name for one in found} == FLOORS.keys()
    for one in found:
        assert one.titles["model"].f1 >= FLOORS[one.name]
        assert one.titles["model"].f1 > max(one.titles[peer].f1 for peer in ("token_set_ratio", "letter cosine"))


def test_what_is_automatic_is_right(found: list[Evaluation]) -> None:
    for one in found:
        assert _precision(one, "automatic") >= AUTOMATIC_PRECISION
    assert found[0].rules["automatic"].recall >= 0.4


@pytest.mark.parametrize("fresh", [False, True])
def test_makers_numbers_among_our_own_pairs_are_right_though_none_is_automatic(fresh: bool) -> None:
    own = evaluate_own(load_matcher(), FRESH, "fresh") if fresh else evaluate_own(load_matcher())
    assert _precision(own, "maker and model") >= AUTOMATIC_PRECISION
    assert own.rules["automatic"].taken == 0


def _precision(one: Evaluation, rule: str) -> float:
    precision = one.rules[rule].precision
    assert precision is not None, one.name
    return precision


def test_exported_trees_say_what_the_library_says() -> None:
    random = np.random.default_rng(7)
    table = np.rint(random.normal(0, 1, (1_500, len(FEATURES))) * 1e6) / 1e6
    same = random.random(1_500) < 1 / (1 + np.exp(-2 * table[:, 0] + table[:, 1] * table[:, 2]))
    forests = grow(table, same)
    fresh = np.rint(random.normal(0, 1, (500, len(FEATURES))) * 1e6) / 1e6
    library = np.mean([forest.decision_function(fresh) for forest in forests], axis=0)
    assert np.max(np.abs(export(forests).log_odds(fresh) - library)) < 1e-4


def test_scores_by_hand() -> None:
    likely, same = np.array([0.9, 0.8, 0.8, 0.1]), np.array([True, True, False, True])
    one = score(likely, same, 0.5)
    assert (one.precision, one.recall) == (2 / 3, 2 / 3)
    assert recall_at(likely, same, 0.95) == pytest.approx(1 / 3)
    thresholds, precision, recall = curve(likely, same)
    assert thresholds.tolist() == [0.9, 0.8, 0.1]
    assert precision.tolist() == [1.0, 2 / 3, 0.75]
    assert recall.tolist() == pytest.approx([1 / 3, 2 / 3, 1.0])


def test_made_up_titles_find_their_listings() -> None:
    _, right, kept = ours(catalogues(400, seed=9))
    assert kept >= 0.98
    assert right >= 0.9
