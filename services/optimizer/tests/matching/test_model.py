"""Trees as arrays: walked as they stand, refused where they are broken."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thaman_optimizer.adapters.matching_model import load_matcher, model_document
from thaman_optimizer.domain.matching import FEATURES, ModelInvalid, Trees, probability

SMALL: dict[str, Any] = {
    "format": "thaman-trees-1",
    "version": "test",
    "features": ["a", "b"],
    "base": -0.5,
    "roots": [0, 3],
    "feature": [0, -1, -1, 1, -1, -1],
    "number": [0.5, 1.0, 2.0, 2.0, 10.0, 20.0],
    "right": [2, 0, 0, 5, 0, 0],
}


@settings(deadline=None)
@given(st.floats(-5, 5), st.floats(-5, 5))
def test_every_row_ends_in_its_leaves(a: float, b: float) -> None:
    wanted = -0.5 + (1.0 if a <= 0.5 else 2.0) + (10.0 if b <= 2.0 else 20.0)
    assert Trees.of(SMALL).log_odds(np.array([[a, b], [a, b]])).tolist() == [wanted, wanted]


def test_documents_go_there_and_back() -> None:
    assert Trees.of(SMALL).document() == SMALL
    assert Trees.of(SMALL).log_odds(np.zeros((0, 2))).shape == (0,)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other"},
        {"right": [0, 0, 0, 5, 0, 0]},
        {"right": [9, 0, 0, 5, 0, 0]},
        {"feature": [2, -1, -1, 1, -1, -1]},
        {"number": [0.0]},
        {"roots": [6]},
        {"roots": [-1]},
    ],
)
def test_what_is_broken_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ModelInvalid):
        Trees.of({**SMALL, **change})


def test_the_shipped_model_is_small_and_says_how_it_was_made() -> None:
    document = model_document()
    assert tuple(document["features"]) == FEATURES
    assert set(document["made"]) == {"data", "script", "settings", "seeds", "pairs"}
    assert 0 < document["thresholds"]["similar"] < document["thresholds"]["exact"] < 1
    assert len(document["feature"]) < 20_000


def test_the_shipped_model_tells_pairs_apart() -> None:
    """The best thinkable row is a match, the worst is none: no column is swapped."""
    trees = load_matcher().trees
    rows = np.zeros((2, len(FEATURES)))
    best = {name: 1.0 for name in FEATURES if "cosine" in name or "covered" in name or "told" in name}
    best |= {"sorted_ratio": 100.0, "set_ratio": 100.0, "joined_ratio": 100.0, "rarest_shared": 1.0}
    best |= {"words_least": 6.0, "words_most": 6.0, "brand_agreement": 1.0, "same_head": 1.0}
    for name, value in best.items():
        rows[0, FEATURES.index(name)] = value
    likely = probability(trees.log_odds(rows))
    assert likely[0] > 0.5
    assert likely[1] < 0.05
