"""Texts as weighted bags of words or letter triples. What is rare weighs most.

Rarity is learned from the texts at hand. So no text of any data set is part of a model, and a store's own catalogue
says which words mean something in it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from thaman_optimizer.domain.demand.detmath import Floats, log
from thaman_optimizer.domain.demand.panel import Ints

Terms = Sequence[str]
"""A text's words or letter triples, in any order."""


def triples(words: Iterable[str]) -> list[str]:
    """Letter triples of each word, with its ends marked; a word of one letter is one triple."""
    return [f" {word} "[place : place + 3] for word in words for place in range(len(word))]


@dataclass(frozen=True, slots=True)
class Rarity:
    """How rare each term is: ln(1 + texts / texts with it), of ``texts`` texts."""

    weights: dict[str, float]
    unseen: float
    """Of a term that no text has."""

    @classmethod
    def of(cls, texts: Iterable[Terms]) -> "Rarity":
        """Learned from these texts."""
        counts: dict[str, int] = {}
        total = 0
        for text in texts:
            total += 1
            for term in set(text):
                counts[term] = counts.get(term, 0) + 1
        seen = np.fromiter(counts.values(), dtype=np.float64, count=len(counts))
        values = log(1.0 + (total + 1.0) / (seen + 1.0))
        return cls(dict(zip(counts, values.tolist(), strict=True)), float(log(np.array([total + 2.0]))[0]))

    def __call__(self, term: str) -> float:
        """The weight of one term."""
        return self.weights.get(term, self.unseen)


@dataclass(frozen=True, slots=True)
class Bags:
    """Rows of texts, each a unit vector over terms: row ``i`` is ``term[starts[i]:starts[i + 1]]`` with its weights."""

    starts: Ints
    term: Ints
    weight: Floats
    terms: int

    def __len__(self) -> int:
        """Texts."""
        return len(self.starts) - 1

    def row(self, index: int) -> tuple[Ints, Floats]:
        """Terms and weights of one text."""
        part = slice(int(self.starts[index]), int(self.starts[index + 1]))
        return self.term[part], self.weight[part]


def bags(texts: Sequence[Terms], rarity: Rarity, numbering: dict[str, int]) -> Bags:
    """The texts as unit vectors. ``numbering`` gives terms their numbers, and gets those it does not know yet."""
    counted = [_counted(text) for text in texts]
    lengths = np.array([len(one) for one in counted], dtype=np.int64)
    starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    names = list(chain.from_iterable(counted))
    term = np.array([numbering.setdefault(name, len(numbering)) for name in names], dtype=np.int64)
    often = np.fromiter(chain.from_iterable(one.values() for one in counted), dtype=np.float64, count=len(names))
    weight = np.sqrt(often) * np.fromiter(map(rarity, names), dtype=np.float64, count=len(names))
    row = np.repeat(np.arange(len(texts)), lengths)
    length = np.sqrt(np.bincount(row, weights=weight * weight, minlength=len(texts)))
    return Bags(starts, term, weight / np.maximum(length[row], 1e-12), len(numbering))


def _counted(text: Terms) -> dict[str, int]:
    found: dict[str, int] = {}
    for term in text:
        found[term] = found.get(term, 0) + 1
    return found


def cosines(left: Bags, right: Bags, first: Ints, second: Ints) -> Floats:
    """Cosine of ``left[first[i]]`` and ``right[second[i]]`` for every ``i``: 0 nothing in common, 1 the same bag."""
    scratch = np.zeros(max(left.terms, right.terms))
    result = np.zeros(len(first))
    order = np.argsort(first, kind="stable")
    bounds = np.flatnonzero(np.diff(first[order], prepend=-1))
    for begin, end in zip(bounds, [*bounds[1:], len(order)], strict=True):
        pairs = order[begin:end]
        term, weight = left.row(int(first[pairs[0]]))
        scratch[term] = weight
        for pair in pairs:
            other, mass = right.row(int(second[pair]))
            result[pair] = np.sum(scratch[other] * mass)
        scratch[term] = 0.0
    return result
