"""The learned part: boosted trees as plain arrays, read without the library that grew them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from thaman_optimizer.domain.demand.detmath import Floats, exp
from thaman_optimizer.domain.demand.panel import Ints

FORMAT = "thaman-trees-1"


class ModelInvalid(Exception):
    """A document is not a model that this code can evaluate; the message says why."""


@dataclass(frozen=True, slots=True)
class Trees:
    """Trees laid end to end, each from its root downwards and left before right.

    A node splits on ``feature`` at ``number``: a row that is not above it goes on to the next node, others to
    ``right``. Where ``feature`` is ``-1`` the node is a leaf, and ``number`` its part of the log-odds. Every way leads
    forward, so every walk ends.
    """

    version: str
    features: tuple[str, ...]
    base: float
    roots: Ints
    feature: Ints
    number: Floats
    right: Ints

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Trees":
        """From a model document.

        Raises:
            ModelInvalid: another format, arrays of different lengths, or nodes that lead backwards or out.
        """
        if document.get("format") != FORMAT:
            raise ModelInvalid(f"the format is {document.get('format')!r}, not {FORMAT!r}")
        found = cls(
            version=str(document["version"]),
            features=tuple(document["features"]),
            base=float(document["base"]),
            roots=_whole(document["roots"]),
            feature=_whole(document["feature"]),
            number=np.array(document["number"], dtype=np.float64),
            right=_whole(document["right"]),
        )
        found._check()
        return found

    def document(self) -> dict[str, Any]:
        """The reverse of :meth:`of`."""
        arrays = ("roots", "feature", "number", "right")
        return {
            "format": FORMAT,
            "version": self.version,
            "features": list(self.features),
            "base": self.base,
            **{name: getattr(self, name).tolist() for name in arrays},
        }

    def _check(self) -> None:
        nodes = len(self.feature)
        if {len(self.number), len(self.right)} != {nodes}:
            raise ModelInvalid("its arrays have different lengths")
        forward = (self.right > np.arange(nodes) + 1) & (self.right < nodes)
        if not forward[self.feature >= 0].all() or (self.feature >= len(self.features)).any():
            raise ModelInvalid("a node leads nowhere")
        if not ((self.roots >= 0) & (self.roots < nodes)).all():
            raise ModelInvalid("a tree begins nowhere")

    def log_odds(self, rows: Floats) -> Floats:
        """Of every row being a match. ``rows``: pairs x ``features``, all finite."""
        total = np.full(len(rows), self.base)
        everyone = np.arange(len(rows))
        for root in self.roots:
            node = np.full(len(rows), root)
            moving = everyone
            while len(moving):
                moving = moving[self.feature[node[moving]] >= 0]
                at = node[moving]
                goes_left = rows[moving, self.feature[at]] <= self.number[at]
                node[moving] = np.where(goes_left, at + 1, self.right[at])
            total += self.number[node]
        return total


def probability(log_odds: npt.ArrayLike) -> Floats:
    """The probability that has these log-odds."""
    result: Floats = 1.0 / (1.0 + exp(-np.asarray(log_odds, dtype=np.float64)))
    return result


def _whole(values: Sequence[int]) -> Ints:
    return np.array(values, dtype=np.int64)
