"""Amounts of money in a line of visible text: a number beside a currency, never a number alone.

A number never goes on over a tag: ``12<sup>99</sup>`` is neither 1299 nor 12.99 to a program, and is not read. Where it
is open which number a currency belongs to (``15 SAR 3,999``), none of them is read.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from thaman_contracts.money import MoneyError
from thaman_optimizer.domain.reading.currencies import code_of
from thaman_optimizer.domain.reading.numbers import shown_amount
from thaman_optimizer.domain.reading.tokens import Line, Piece, Token, tokens_of

_VALUES = ("number", "currency")
_BETWEEN = ("space", "edge", "dash", "times", "odd")
"""What may stand between a number and its currency."""

_MOST_IN_A_ROW = 24
"""Numbers and currencies without a word between them; more is no price, and not worth its time."""

_JOINTS = (".", ",", "'")
_PREFIXES = ("ب", "ل", "و", "ال")
"""Arabic words that are written together with what follows them."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in halalas, ``None`` where it cannot be read; ``start`` and ``end`` count letters of its line's text.

    ``negative`` is written with a sign, ``multiple`` beside a times sign, ``ranged`` with a dash to another amount.
    """

    amount: int | None
    currency: str | None
    start: int
    end: int
    piece: Piece
    negative: bool = False
    multiple: bool = False
    ranged: bool = False


def money_in(line: Line) -> list[Money]:
    """All amounts of a line, in their order."""
    tokens = tokens_of(line)
    broken = {tokens[place].start for place in _broken(tokens)}
    return [money for chain in _chains(tokens) for money in _money_of(chain, broken)]


def lone_amount(text: str) -> tuple[int, str | None]:
    """The one amount of a short text that is nothing but a price, and its currency where there is one.

    Raises:
        MoneyError: there is anything else in it.
    """
    tokens = [one for one in tokens_of((Piece(text),)) if one.kind != "space"]
    kinds = sorted(one.kind for one in tokens)
    if kinds not in (["number"], ["currency", "number"]):
        raise MoneyError(f"{text[:40]!r} is not one price")
    number = next(one for one in tokens if one.kind == "number")
    currency = next((code_of(one.text) for one in tokens if one.kind == "currency"), None)
    return shown_amount(number.text), currency


def _broken(tokens: Sequence[Token]) -> Iterator[int]:
    """Places of numbers that are part of something longer: ``50ml``, ``A50``, ``12<sup>99</sup>``."""
    for place, token in enumerate(tokens):
        if token.kind != "number":
            continue
        before, after = tokens[max(place - 1, 0)], tokens[min(place + 1, len(tokens) - 1)]
        if (before.kind == "word" and before.text not in _PREFIXES) or after.kind == "word":
            yield place
        follower = place + 1
        while follower < len(tokens) and (tokens[follower].kind in ("edge", "odd") or tokens[follower].text in _JOINTS):
            follower += 1
        if follower < len(tokens) and follower > place + 1 and tokens[follower].kind == "number":
            yield from (place, follower)


def _chains(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Numbers and currencies that only spaces, edges, signs and the like part from each other."""
    chain: list[Token] = []
    for token in tokens:
        goes_on = token.kind in _VALUES or token.kind in _BETWEEN
        parted = any(one.kind in _VALUES and one.piece.struck != token.piece.struck for one in chain[-1:])
        if not goes_on or parted or (token.kind == "edge" and _is_struck_apart(chain, token)):
            yield chain
            chain = []
        if goes_on:
            chain.append(token)
    yield chain


def _is_struck_apart(chain: Sequence[Token], token: Token) -> bool:
    """Whether a tag's edge lies between what is crossed out and what is not."""
    return bool(chain) and chain[-1].piece.struck != token.piece.struck


def _money_of(chain: Sequence[Token], broken: set[int]) -> Iterator[Money]:
    values = [token for token in chain if token.kind in _VALUES]
    if not any(token.kind == "currency" for token in values):
        return
    multiple = any(token.kind == "times" for token in chain)
    pairs = _pairs(values)
    if pairs is None or multiple or any(token.kind == "odd" or token.start in broken for token in chain):
        for token in values:
            if token.kind == "number":
                yield Money(None, None, token.start, token.end, token.piece, multiple=multiple)
        return
    spans = [(min(one.start, other.start), max(one.end, other.end)) for one, other in pairs]
    parting = [_has_dash(chain, end, start) for (_, end), (start, _) in pairwise(spans)]
    for place, (number, currency) in enumerate(pairs):
        start, end = spans[place]
        yield _money(
            number,
            currency,
            start,
            end,
            negative=_has_dash(chain, start, end) or (place == 0 and _has_sign(chain, start)),
            ranged=any(parting[max(place - 1, 0) : place + 1]),
        )


def _money(number: Token, currency: Token, start: int, end: int, *, negative: bool, ranged: bool) -> Money:
    code = code_of(currency.text)
    try:
        amount = None if code is None else shown_amount(number.text)
    except MoneyError:
        amount = None
    return Money(amount, code, start, end, number.piece, negative=negative, ranged=ranged)


def _pairs(values: Sequence[Token]) -> list[tuple[Token, Token]] | None:
    """Which number goes with which currency, ``None`` where that is open."""
    if len(values) > _MOST_IN_A_ROW:
        return None
    kinds = "".join(one.kind[0] for one in values)
    if re.fullmatch("(nc)+", kinds):
        return list(zip(values[::2], values[1::2], strict=True))
    if kinds == "cnc" and code_of(values[0].text) == code_of(values[2].text):
        return [(values[1], values[0])]
    if re.fullmatch("(cn)+", kinds):
        return list(zip(values[1::2], values[::2], strict=True))
    return None


def _has_dash(chain: Sequence[Token], start: int, end: int) -> bool:
    return any(token.kind == "dash" and start <= token.start < end for token in chain)


def _has_sign(chain: Sequence[Token], start: int) -> bool:
    """Whether a dash stands right before, as a sign does; with a space it parts."""
    before = [token for token in chain if token.end <= start and token.kind != "edge"]
    return bool(before) and before[-1].kind == "dash"
