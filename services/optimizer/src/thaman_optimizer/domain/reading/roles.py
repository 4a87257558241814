"""What each amount in visible text is: the price, one of before, a saving, an instalment, a delivery charge, ..."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from thaman_optimizer.domain.reading import statements, words
from thaman_optimizer.domain.reading.money import Money, money_in
from thaman_optimizer.domain.reading.tokens import Line, text_of

NOW, PLAIN, WAS, FROM, SAVING = "now", "plain", "was", "from", "saving"

_SENTENCE_END = re.compile(r"(?:(?<!excl)(?<!incl)(?<!inc)(?<!ex)\.|[!؟?؛;|•،,·])(?=\s|$)")
_LABEL = 40
"""Letters of a line that may be the label of an amount in the next one."""

_FOLLOWING = frozenset(("period", "unit"))
"""Roles whose words follow their amount where they stand between two."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An amount that is shown, its role, whether the words beside it say that VAT is in it, and its line.

    Roles are :data:`NOW`, :data:`PLAIN`, :data:`WAS`, :data:`FROM` (one end of a range), :data:`SAVING`, ``tax``, and
    those of :data:`~thaman_optimizer.domain.reading.words.BESIDE`.
    """

    money: Money
    role: str
    with_vat: bool | None
    line: str


@dataclass(frozen=True, slots=True)
class _Near:
    """The words around an amount. ``shared`` ones stand between it and the next amount and may belong to either."""

    before: str
    after: str
    shared: bool
    labelled_before: bool


def shown_in(lines: Sequence[Line]) -> list[Shown]:
    """All amounts of the lines with their roles, in their order."""
    texts = [text_of(line) for line in lines]
    amounts = [money_in(line) for line in lines]
    found = []
    for place in range(len(texts)):
        for money, near in zip(amounts[place], _near(place, texts, amounts), strict=True):
            found.append(Shown(money, _role(money, near), _vat(near), written(lines[place])))
    return found


def written(line: Line) -> str:
    """A line in the page's own letters."""
    return " ".join(piece.text for piece in line)


def _near(place: int, texts: Sequence[str], amounts: Sequence[Sequence[Money]]) -> Iterator[_Near]:
    text, here = texts[place], amounts[place]
    if not here:
        return
    lead, trail = text[: here[0].start], text[here[-1].end :]
    alone = not re.search(r"[^\W\d_]", lead + trail)
    if alone and place and not amounts[place - 1] and len(texts[place - 1]) <= _LABEL:
        lead = texts[place - 1]
    if place + 1 < len(texts) and not amounts[place + 1] and words.RATE.fullmatch(texts[place + 1]):
        trail = f"{trail} {texts[place + 1]}"
    labelled_before = _spoken(words.BEFORE, lead) or not _spoken(words.AFTER, trail)
    for at in range(len(here)):
        before = lead if at == 0 else text[here[at - 1].end : here[at].start]
        after = trail if at == len(here) - 1 else text[here[at].end : here[at + 1].start]
        shared = at < len(here) - 1 and _SENTENCE_END.search(after) is None
        yield _Near(_last_sentence(before), _first_sentence(after), shared, labelled_before)


def _spoken(roles: Mapping[str, re.Pattern[str]], text: str) -> bool:
    return any(roles[role].search(text) for role in (WAS, NOW))


def _first_sentence(text: str) -> str:
    return _SENTENCE_END.split(text, maxsplit=1)[0][:80]


def _last_sentence(text: str) -> str:
    return _SENTENCE_END.split(text.rstrip(" :"))[-1][-80:]


def _role(money: Money, near: _Near) -> str:
    if money.piece.struck:
        return WAS
    if money.piece.hints:
        return min(money.piece.hints)
    if money.multiple:
        return "instalment"
    if money.negative:
        return SAVING
    before, after = (words.PERCENT.sub(" ", statements.without_vat_words(one)) for one in (near.before, near.after))
    beside = _beside(before, after, shared=near.shared)
    if beside is not None:
        return beside
    return FROM if money.ranged else _labelled(before, after, near)


def _beside(before: str, after: str, *, shared: bool) -> str | None:
    for role, pattern in words.BESIDE.items():
        if pattern.search(before) or ((not shared or role in _FOLLOWING) and pattern.search(after)):
            return role
    return "tax" if statements.TAX.search(before) or (not shared and statements.TAX.search(after)) else None


def _labelled(before: str, after: str, near: _Near) -> str:
    side, roles = (before, words.BEFORE) if near.labelled_before else (after, words.AFTER)
    ends = {role: max((one.end() for one in roles[role].finditer(side)), default=-1) for role in (WAS, NOW)}
    label = max((WAS, NOW), key=lambda role: ends[role]) if max(ends.values()) >= 0 else PLAIN
    last = side[ends[label] :] if label != PLAIN else side
    if _ends_with(words.BEFORE[FROM], before) and not (label == WAS and not last.strip()):
        return FROM
    if words.AFTER[FROM].match(after.lstrip()):
        return FROM
    rest = "" if near.shared else after
    for role in (WAS, NOW):
        before, rest = words.BEFORE[role].sub(" ", before), words.AFTER[role].sub(" ", rest)
    return SAVING if words.SAVING.search(before) or words.SAVING.search(rest) else label


def _ends_with(pattern: re.Pattern[str], text: str) -> bool:
    return any(not text[match.end() :].strip(" :") for match in pattern.finditer(text))


def _vat(near: _Near) -> bool | None:
    try:
        before = statements.with_vat(near.before)
        return statements.with_vat(near.after) if before is None else before
    except ValueError:
        return None
