"""What makes two similar titles two products: another size, count, colour, variant, strength or generation.

Every rule is symmetric. What one side leaves unsaid is no conflict, with four exceptions, each because a title that
does not say it means the plain thing: a pack of several, a variant word (``Pro``), a small number behind a name
(``AirPods Pro 2``), and an accessory (``case for ...``).
"""

from collections.abc import Iterable, Iterator

from thaman_optimizer.domain.matching.identity import Agreement, brands, models
from thaman_optimizer.domain.matching.quantities import MILLI, Quantity
from thaman_optimizer.domain.matching.traits import Traits
from thaman_optimizer.domain.matching.vocabulary import BRANDS, NUMBERED

_BOTH_SAY = {
    "colour": "colour_differs",
    "edition": "edition_differs",
    "gender": "gender_differs",
    "concentration": "strength_differs",
}
_COUNTS = {"pieces": "count_differs", "pack": "count_differs"}
_LARGEST_GENERATION = 30


def conflicts(own: Traits, listing: Traits) -> tuple[str, ...]:
    """The codes of all conflicts, each once, in a fixed order; empty where there is none."""
    found = {*_quantities(own, listing), *_names(own, listing), *_generations(own, listing)}
    if models(own, listing) is Agreement.DIFFERS:
        found.add("model_differs")
    # Brand fields of shops also name importers and publishers; only makers that are known are believed to differ.
    if {own.brand, listing.brand} <= BRANDS.keys() and brands(own, listing) is Agreement.DIFFERS:
        found.add("brand_differs")
    return tuple(sorted(found))


def quantities_differ(ours: Iterable[Quantity], theirs: Iterable[Quantity]) -> bool:
    """Whether both sides say something of one dimension, and neither says all that the other does."""
    ours, theirs = tuple(ours), tuple(theirs)
    return bool(ours and theirs) and not (_within(ours, theirs) or _within(theirs, ours))


def _within(some: tuple[Quantity, ...], others: tuple[Quantity, ...]) -> bool:
    return all(any(one.same_as(other) or other.same_as(one) for other in others) for one in some)


def of_dimension(thing: Traits, dimension: str) -> tuple[Quantity, ...]:
    """The quantities of one dimension."""
    return tuple(sorted(one for one in thing.quantities if one.dimension == dimension))


def _quantities(own: Traits, listing: Traits) -> Iterator[str]:
    for dimension in {one.dimension for one in own.quantities | listing.quantities}:
        ours, theirs = of_dimension(own, dimension), of_dimension(listing, dimension)
        if quantities_differ(ours, theirs):
            yield _COUNTS.get(dimension, "size_differs")
        elif dimension == "pack" and bool(ours) != bool(theirs) and (ours or theirs)[0].milli > MILLI:
            yield "count_differs"


def _names(own: Traits, listing: Traits) -> Iterator[str]:
    for kind, code in _BOTH_SAY.items():
        ours, theirs = own.of_kind(kind), listing.of_kind(kind)
        if ours and theirs and not (ours <= theirs or theirs <= ours):
            yield code
    if own.of_kind("variant") != listing.of_kind("variant"):
        yield "variant_differs"
    if bool(own.of_kind("accessory")) != bool(listing.of_kind("accessory")):
        yield "accessory_differs"


def _generations(own: Traits, listing: Traits) -> Iterator[str]:
    for name in {name for name, _ in own.series | listing.series}:
        ours, theirs = _numbers(own, name), _numbers(listing, name)
        if ours and theirs:
            if not (ours <= theirs or theirs <= ours):
                yield "generation_differs"
        elif _unsaid(own, listing, name):
            yield "generation_differs"


def _numbers(thing: Traits, name: str) -> frozenset[str]:
    return frozenset(number for one, number in thing.series if one == name)


def _unsaid(own: Traits, listing: Traits, name: str) -> bool:
    """A small number behind a name that the other title has without any number at all."""
    said, plain = (own, listing) if _numbers(own, name) else (listing, own)
    if name not in NUMBERED or name not in plain.words:
        return False
    numbers = _numbers(said, name)
    small = all(number.isdigit() and 1 < int(number) <= _LARGEST_GENERATION for number in numbers)
    return small and not numbers & set(plain.words)
