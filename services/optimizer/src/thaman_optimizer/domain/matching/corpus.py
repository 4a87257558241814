"""The texts at hand: own products and listings, taken apart, with what is rare among them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise

from thaman_optimizer.domain.matching.grams import Bags, Rarity, bags, triples
from thaman_optimizer.domain.matching.sounds import heard
from thaman_optimizer.domain.matching.traits import Described, Traits, traits_of


@dataclass(frozen=True, slots=True)
class Wording:
    """A title's words, prepared for comparing."""

    text: str
    """Canonical words and quantities in one line."""
    joined: str
    """The same without spaces."""
    words: frozenset[str]
    weighted: tuple[tuple[str, float], ...]
    """Each word with how rare it is, in the order of the words, so that sums are always the same."""
    total: float
    """Of the weights."""
    numbers: frozenset[str]
    """The words with digits."""
    compounds: frozenset[str]
    """Two neighbouring words written together."""
    whole: frozenset[str]
    """The words of title, maker and description."""

    @classmethod
    def of(cls, traits: Traits, rarity: Rarity) -> "Wording":
        """With the rarity learned from all texts at hand."""
        text = traits.text
        words = frozenset(text.split())
        weighted = tuple((word, rarity(word)) for word in sorted(words))
        return cls(
            text=text,
            joined=text.replace(" ", ""),
            words=words,
            weighted=weighted,
            total=sum(weight for _, weight in weighted),
            numbers=frozenset(word for word in words if any(map(str.isdigit, word))),
            compounds=frozenset(one + other for one, other in pairwise(traits.words)),
            whole=frozenset(_whole(traits)),
        )


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: traits, wordings, and texts as bags. Made by :meth:`Corpus.of`."""

    traits: tuple[Traits, ...]
    wordings: tuple[Wording, ...]
    words: Bags
    """Of titles."""
    titles: Bags
    """Of titles, in letter triples."""
    wholes: Bags
    """Of titles, makers and descriptions, in letter triples."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Own products against listings."""

    own: Side
    listings: Side
    rarity: Rarity
    """Of words in titles."""

    @classmethod
    def of(cls, own: Sequence[Described], listings: Sequence[Described]) -> "Corpus":
        """Take all apart, hear which names are the same in both scripts, and learn from both sides what is rare."""
        sides = _spoken(tuple(map(traits_of, own)), tuple(map(traits_of, listings)))
        both = tuple(chain(*sides))
        rarity = Rarity.of(one.text.split() for one in both)
        grams = Rarity.of(triples(_whole(one)) for one in both)
        words: dict[str, int] = {}
        numbers: dict[str, int] = {}

        def side(traits: tuple[Traits, ...]) -> Side:
            return Side(
                traits,
                tuple(Wording.of(one, rarity) for one in traits),
                bags([one.text.split() for one in traits], rarity, words),
                bags([triples(one.text.split()) for one in traits], grams, numbers),
                bags([triples(_whole(one)) for one in traits], grams, numbers),
            )

        return cls(side(sides[0]), side(sides[1]), rarity)


def _spoken(own: tuple[Traits, ...], listings: tuple[Traits, ...]) -> tuple[tuple[Traits, ...], tuple[Traits, ...]]:
    """With the Arabic names that sound like a Latin word of any title written as that word."""
    names = heard(chain.from_iterable(one.words for one in chain(own, listings)))

    def said(one: Traits) -> Traits:
        if not names.keys() & {*one.words, *one.body}:
            return one
        return replace(
            one,
            words=tuple(names.get(word, word) for word in one.words),
            body=tuple(names.get(word, word) for word in one.body),
            series=frozenset((names.get(name, name), number) for name, number in one.series),
        )

    return tuple(map(said, own)), tuple(map(said, listings))


def _whole(thing: Traits) -> Iterable[str]:
    return chain(thing.text.split(), (thing.brand or "").split(), thing.body)
