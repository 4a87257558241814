"""A line of visible text in parts: numbers, currencies, words, and what stands between them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from thaman_optimizer.domain.reading.currencies import PATTERN
from thaman_optimizer.domain.reading.letters import ODD, folded


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text between two tags. ``struck`` is crossed out; ``hints`` are the names of roles its tags have."""

    text: str
    struck: bool = False
    hints: frozenset[str] = frozenset()


Line = Sequence[Piece]
"""What stands in one line or block."""


@dataclass(frozen=True, slots=True)
class Token:
    """A part of a line; ``start`` and ``end`` count letters of :func:`text_of` the line.

    ``kind`` is ``number``, ``currency``, ``percent``, ``times``, ``dash``, ``odd``, ``word``, ``space``, ``edge`` (of a
    tag) or ``other``.
    """

    kind: str
    text: str
    start: int
    end: int
    piece: Piece


_KINDS = {
    "percent": r"[0-9][0-9.,]* ?[%٪]|[%٪] ?[0-9]*",
    "number": r"[0-9](?:[0-9.,']*[0-9])?",
    "currency": PATTERN,
    "times": r"[x×*](?![^\W\d_])",
    "dash": r"[-‐‑‒–—―−~]|(?:to|الي|حتي)(?!\w)",
    "odd": ODD,
    "word": r"[^\W\d_]+",
    "space": " ",
    "other": ".",
}
_TOKEN = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS.items()), re.DOTALL)


def text_of(line: Line) -> str:
    """A line's folded text, a space between its pieces."""
    return " ".join(folded(piece.text) for piece in line)


def tokens_of(line: Line) -> list[Token]:
    """A line in parts, all of it."""
    found: list[Token] = []
    start = 0
    for place, piece in enumerate(line):
        if place:
            found.append(Token("edge", " ", start, start + 1, piece))
            start += 1
        text = folded(piece.text)
        found += (
            Token(match.lastgroup or "other", match[0], start + match.start(), start + match.end(), piece)
            for match in _TOKEN.finditer(text)
        )
        start += len(text)
    return found
