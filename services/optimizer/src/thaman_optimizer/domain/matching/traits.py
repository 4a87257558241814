"""What a title says, taken apart once so that pairs are compared quickly."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from thaman_optimizer.domain.matching.gtin import gtin_of
from thaman_optimizer.domain.matching.normal import bare, normalise, spellings, split
from thaman_optimizer.domain.matching.quantities import Quantity, take
from thaman_optimizer.domain.matching.units import UNITS
from thaman_optimizer.domain.matching.vocabulary import GENERATION, ORDINALS, STOP, phrases


@dataclass(frozen=True, slots=True)
class Described:
    """What is known of a thing that is sold. All but the title may be unknown."""

    title: str
    brand: str | None = None
    gtin: str | None = None
    model: str | None = None
    """The maker's number of it, where a field gives one."""
    description: str | None = None


@dataclass(frozen=True, slots=True)
class OwnProduct(Described):
    """A product of the store."""


@dataclass(frozen=True, slots=True)
class Listing(Described):
    """What another shop offers."""


@dataclass(frozen=True, slots=True)
class Traits:
    """A title taken apart. Words are canonical: Arabic and English names of one thing are one word."""

    words: tuple[str, ...]
    """In order, without quantities and words that say nothing."""
    body: tuple[str, ...]
    """The description's words."""
    quantities: frozenset[Quantity]
    named: frozenset[tuple[str, str]]
    """What is named of a kind: ``("colour", "black")``, ``("variant", "pro")``, ``("gender", "men")``, ..."""
    series: frozenset[tuple[str, str]]
    """A name and the number beside it: ``("iphone", "15")``, ``("wh", "1000")``, ``("year", "2007")``."""
    models: frozenset[str]
    """Words that look like a maker's number, letters and digits only."""
    joined: frozenset[str]
    """Neighbouring words written together, where digits are among them: finds a model number that was torn apart."""
    model: str | None
    """The maker's number that a field gives, likewise."""
    brand: str | None
    gtin: str | None
    """Fourteen digits."""

    @property
    def text(self) -> str:
        """Words and quantities in one line."""
        return " ".join((*self.words, *sorted(one.word for one in self.quantities)))

    def of_kind(self, kind: str) -> frozenset[str]:
        """What is named of one kind."""
        return frozenset(name for one, name in self.named if one == kind)


def traits_of(thing: Described) -> Traits:
    """Take ``thing`` apart. Never fails, whatever the text."""
    quantities, rest = take(normalise(thing.title))
    raw = split(rest)
    words, named = _name([bare(word) for word in raw])
    words = _numbered(words)
    if ("concentration" in {kind for kind, _ in named}) or "perfume" in words:
        quantities = frozenset(map(_as_volume, quantities))
    return Traits(
        words=tuple(word for word in words if word not in STOP),
        body=_body(thing.description),
        quantities=quantities,
        named=frozenset(named),
        series=_series(words),
        models=frozenset(_models(rest)),
        joined=frozenset(_joined(raw)),
        model=_compact(thing.model),
        brand=_brand(thing.brand, named),
        gtin=gtin_of(thing.gtin),
    )


def _body(description: str | None) -> tuple[str, ...]:
    if not description:
        return ()
    quantities, rest = take(normalise(description))
    words, _ = _name([bare(word) for word in split(rest)])
    return (*(word for word in words if word not in STOP), *sorted(one.word for one in quantities))


def _as_volume(quantity: Quantity) -> Quantity:
    if quantity.unit != "oz":
        return quantity
    return Quantity("volume", round(quantity.milli * UNITS["floz"][1] / UNITS["oz"][1]), "oz")


def _name(words: list[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """The words with known phrases under their one name, and what was named."""
    known, place = phrases(), 0
    found: list[str] = []
    named: list[tuple[str, str]] = []
    while place < len(words):
        for phrase, kind, name in known.get(words[place], ()):
            if tuple(words[place : place + len(phrase)]) == phrase:
                found += name.split()
                named.append((kind, name))
                place += len(phrase)
                break
        else:
            found.append(words[place])
            place += 1
    return found, [one for one in named if one[0] != "word"]


_ORDINAL = {spelling: number for number, texts in ORDINALS.items() for spelling in spellings(texts)}
_PREFIXED = re.compile(r"([^\W\d_]{1,8})([0-9]{1,6})([^\W\d_]{0,3})")
_YEAR = re.compile(r"(?:19[89]|20[0-4])[0-9]")
_NUMBER = re.compile(r"[0-9]{1,4}(?:\.[0-9]|[a-cefh-jl-oq-wyz])?")
"""With a decimal, or a letter (``Nova 12s``) that is none of a resolution, a speed or a network (``4k``, ``10x``)."""


def _numbered(words: list[str]) -> list[str]:
    """Ordinals beside a generation as numbers."""
    beside = [{*words[max(place - 1, 0) : place], *words[place + 1 : place + 2]} for place in range(len(words))]
    return [_ORDINAL.get(word, word) if near & GENERATION else word for word, near in zip(words, beside, strict=True)]


def _series(words: list[str]) -> frozenset[tuple[str, str]]:
    found = set()
    for place, word in enumerate(words):
        before = words[place - 1] if place else ""
        after = words[place + 1] if place + 1 < len(words) else ""
        if {before, after} & GENERATION and _NUMBER.fullmatch(word):
            found.add(("generation", word))
        elif _YEAR.fullmatch(word):
            found.add(("year", word))
        elif _NUMBER.fullmatch(word) and before and not before[-1].isdigit():
            found.add((before, word))
        elif prefixed := _PREFIXED.fullmatch(word):
            found.add((prefixed[1], prefixed[2]))
    return frozenset(found)


_WORDLIKE = re.compile(
    r"[0-9]+(?:x[0-9]+)+|[0-9]+(?:st|nd|rd|th|p|i|k|x|s|bit|rpm|fps|ghz|mhz|khz|kbps|mbps|gbps|way|port|pin|disc|year|"
    r"user|hour|min|day|in[0-9]|d)s?|[a-z]*[0-9]+(?:st|nd|rd|th)[a-z0-9]*|[0-9]+in[a-z0-9]+|(?:win|mac)[0-9]+|[0-9]+0000?|[a-z]{3,}(?:19|20)[0-9]{2}|[a-z]{4,}[0-9]{1,2}|(?:usb|mp|ddr|ieee|hdmi)[0-9]+"
)
"""Letters with digits that are no maker's number: resolutions, speeds, ``windows2000``, ``4th-6th``, round numbers."""
_LUMP = re.compile(r"[a-z0-9][a-z0-9.\-]*[a-z0-9]")
_SLASHED = re.compile(r"(?<![a-z0-9.\-])([a-z0-9.\-]{5,24}) ?/ ?([a-z]{1,3})(?![a-z0-9])")
"""A colour or a region behind a number: ``wh1000xm5/b``."""


def _models(text: str) -> Iterable[str]:
    for lump in (*_LUMP.findall(text), *("".join(parts) for parts in _SLASHED.findall(text))):
        compact = re.sub(r"[.\-]", "", lump)
        digits = sum(letter.isdigit() for letter in compact)
        mixed = 5 <= len(compact) <= 24 and 0 < digits < len(compact)
        number = 6 <= len(compact) <= 12 and digits == len(compact) and "." not in lump
        if (mixed or number) and not _WORDLIKE.fullmatch(compact):
            yield compact


_WINDOW = 4


def _joined(words: list[str]) -> Iterable[str]:
    for place in range(len(words)):
        text = ""
        for word in words[place : place + _WINDOW]:
            text += word.replace(".", "")
            if 5 <= len(text) <= 24 and any(letter.isdigit() for letter in text):
                yield text


def _compact(text: str | None) -> str | None:
    """Letters and digits; ``None`` where nothing is left that could tell two products apart."""
    kept = "".join(letter for letter in normalise(text or "") if letter.isalnum())
    return kept if len(kept) >= 3 and any(letter.isdigit() for letter in kept) else None


def _brand(field: str | None, named: list[tuple[str, str]]) -> str | None:
    """The field's brand; without one the first known brand in the title."""
    words, known = _name([bare(word) for word in split(normalise(field or ""))])
    for kind, name in known if words else [*known, *named]:
        if kind == "brand":
            return name
    return " ".join(words) or None
