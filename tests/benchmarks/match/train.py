"""Grow the matcher's trees and write them down as plain arrays. Only this file needs scikit-learn.

One model for both sets, from their training and validation pairs; test pairs are never looked at. The thresholds come
from predictions for pairs whose own products the predicting trees have not seen (five folds).
"""

import hashlib
import warnings
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GroupKFold

from tests.benchmarks.match.data import SETS, digest, load
from tests.benchmarks.match.scores import curve
from thaman_optimizer.domain.matching.features import FEATURES, features
from thaman_optimizer.domain.matching.model import FORMAT, Trees, probability

VERSION = "matcher-1.0"
SETTINGS: dict[str, Any] = {
    "max_iter": 150,
    "learning_rate": 0.07,
    "max_leaf_nodes": 16,
    "min_samples_leaf": 20,
    "l2_regularization": 5.0,
    "max_features": 0.25,
    "early_stopping": False,
}
SEEDS = (0, 1)
"""One forest each; their log-odds are averaged."""
FOLDS = 5
SIMILAR_RECALL = 0.97
"""Share of true matches that have to be called similar at least."""

Rows = tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64]]
"""Features, labels and a number of the own product of each pair."""


def train(folder: Path) -> dict[str, Any]:
    """The model document."""
    parts = {name: _rows(folder, name) for name in SETS}
    table = np.concatenate([rows for rows, _, _ in parts.values()])
    same = np.concatenate([labels for _, labels, _ in parts.values()])
    groups = np.concatenate([group + 10**6 * place for place, (_, _, group) in enumerate(parts.values())])
    trees = export(grow(table, same))
    return {
        **trees.document(),
        "made": {
            "data": digest(folder),
            "script": script_digest(),
            "settings": SETTINGS,
            "seeds": list(SEEDS),
            "pairs": len(same),
        },
        "thresholds": _thresholds(table, same, groups, [len(labels) for _, labels, _ in parts.values()]),
    }


def script_digest() -> str:
    """SHA-256 of this file."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()


def grow(table: NDArray[np.float64], same: NDArray[np.bool_]) -> list[HistGradientBoostingClassifier]:
    """One fitted forest for each seed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=FutureWarning)
        return [HistGradientBoostingClassifier(random_state=seed, **SETTINGS).fit(table, same) for seed in SEEDS]


def export(forests: Sequence[HistGradientBoostingClassifier]) -> Trees:
    """The forests' mean as plain arrays. Leaves no one reaches do not exist, and no feature is ever missing."""
    columns: dict[str, list[Any]] = {"feature": [], "number": [], "right": []}
    roots: list[int] = []
    for forest in forests:
        for (tree,) in forest._predictors:
            roots.append(len(columns["feature"]))
            _lay(tree.nodes, 0, columns, len(forests))
    base = float(np.mean([float(forest._baseline_prediction.ravel()[0]) for forest in forests]))
    return Trees.of(
        {"format": FORMAT, "version": VERSION, "features": FEATURES, "base": base, "roots": roots, **columns}
    )


def _lay(nodes: Any, place: int, columns: dict[str, list[Any]], forests: int) -> None:
    """A node and all below it. Features are multiples of a millionth, so seven digits of a threshold are enough."""
    node = nodes[place]
    here = len(columns["feature"])
    leaf = bool(node["is_leaf"])
    columns["feature"].append(-1 if leaf else int(node["feature_idx"]))
    columns["number"].append(
        round(float(node["value"]) / forests, 6) if leaf else round(float(node["num_threshold"]), 7)
    )
    columns["right"].append(0)
    if not leaf:
        _lay(nodes, int(node["left"]), columns, forests)
        columns["right"][here] = len(columns["feature"])
        _lay(nodes, int(node["right"]), columns, forests)


def _rows(folder: Path, name: str) -> Rows:
    tables, labels, groups = [], [], []
    known: dict[Any, int] = {}
    for part in ("train", "valid"):
        pairs = load(folder, name, part)
        tables.append(features(pairs.corpus, pairs.first, pairs.second))
        labels.append(pairs.same)
        traits = pairs.corpus.own.traits
        groups.append(np.array([known.setdefault(traits[row], len(known)) for row in pairs.first.tolist()]))
    return np.concatenate(tables), np.concatenate(labels), np.concatenate(groups)


def _thresholds(
    table: NDArray[np.float64], same: NDArray[np.bool_], groups: NDArray[np.int64], sizes: Sequence[int]
) -> dict[str, float]:
    likely = np.zeros(len(same))
    for learned, held in GroupKFold(FOLDS).split(table, same, groups):
        likely[held] = probability(export(grow(table[learned], same[learned])).log_odds(table[held]))
    bounds = np.cumsum([0, *sizes])
    parts = [(likely[begin:end], same[begin:end]) for begin, end in pairwise(bounds.tolist())]
    grid = np.arange(0.05, 0.95, 0.01)
    mean = np.mean([_f1_at(values, labels, grid) for values, labels in parts], axis=0)
    missed = [np.quantile(values[labels], 1 - SIMILAR_RECALL) for values, labels in parts]
    return {"exact": round(float(grid[np.argmax(mean)]), 4), "similar": round(float(min(missed)), 4)}


def _f1_at(likely: NDArray[np.float64], same: NDArray[np.bool_], grid: NDArray[np.float64]) -> NDArray[np.float64]:
    thresholds, precision, recall = curve(likely, same)
    last = np.searchsorted(-thresholds, -grid, side="right") - 1
    found = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    return np.where(last >= 0, found[np.maximum(last, 0)], 0.0)
