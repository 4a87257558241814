"""Whether two titles name the same maker and the same model number."""

from enum import IntEnum

from rapidfuzz.distance import Levenshtein

from thaman_optimizer.domain.matching.traits import Traits


class Agreement(IntEnum):
    """What two sides say of one thing. Unknown is not a difference."""

    DIFFERS = -1
    UNKNOWN = 0
    AGREES = 1


def gtins(own: Traits, listing: Traits) -> Agreement:
    """Of trade item numbers."""
    if own.gtin is None or listing.gtin is None:
        return Agreement.UNKNOWN
    return Agreement.AGREES if own.gtin == listing.gtin else Agreement.DIFFERS


def brands(own: Traits, listing: Traits) -> Agreement:
    """Of makers, by their fields, or by the maker's name of one side in the title of the other.

    Where neither names one that is known, a title's first word counts if the other title begins with it too.
    """
    if own.brand and listing.brand:
        same = own.brand == listing.brand or _says(listing, own.brand) or _says(own, listing.brand)
        return Agreement.AGREES if same else Agreement.DIFFERS
    if own.brand or listing.brand:
        said = _says(listing, own.brand) if own.brand else _says(own, listing.brand or "")
        return Agreement.AGREES if said else Agreement.UNKNOWN
    return Agreement.AGREES if same_head(own, listing) else Agreement.UNKNOWN


def same_head(own: Traits, listing: Traits) -> bool:
    """Whether both titles begin with the same word of letters."""
    first, second = own.words[:1], listing.words[:1]
    return bool(first) and first == second and first[0].isalpha() and len(first[0]) > 1


def _says(thing: Traits, brand: str) -> bool:
    return set(brand.split()) <= {*thing.words, *(thing.brand or "").split()}


def models(own: Traits, listing: Traits) -> Agreement:
    """Of makers' numbers.

    They agree when one of a side stands on the other, in one piece or torn apart, and not both sides are left with
    numbers of which the other knows nothing. They differ when the fields do, or when numbers in the titles are siblings
    (``ef-zs921``, ``ef-zs928``) or differ in the letters behind them; unlike numbers in two titles say nothing.
    """
    if own.model and listing.model:
        return Agreement.AGREES if own.model == listing.model else Agreement.DIFFERS
    ours, theirs = all_models(own), all_models(listing)
    shared = agreed_models(own, listing)
    ours_left = [one for one in ours if not _related(one, theirs | shared)]
    theirs_left = [one for one in theirs if not _related(one, ours | shared)]
    if any(siblings(one, other) for one in ours_left for other in theirs_left) or _suffixes_differ(ours, theirs):
        return Agreement.DIFFERS
    if not shared or (ours_left and theirs_left):
        return Agreement.UNKNOWN
    return Agreement.AGREES


def all_models(thing: Traits) -> frozenset[str]:
    """The makers' numbers of the title and the field."""
    return thing.models | ({thing.model} if thing.model else frozenset())


def agreed_models(own: Traits, listing: Traits) -> frozenset[str]:
    """Makers' numbers that stand on both sides, in one piece or torn apart on one of them."""
    ours, theirs = all_models(own), all_models(listing)
    return (ours & (theirs | listing.joined)) | (theirs & own.joined)


def _suffixes_differ(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    """Whether both sides put letters behind one number, and never the same: ``dvpfx820p`` and ``dvpfx820r``."""
    stems = ours & theirs
    first, second = (
        {one for one in side - stems if any(one.startswith(stem) and _continues(one, stem) for stem in stems)}
        for side in (ours, theirs)
    )
    return bool(first and second)


_STEM, _SUFFIX = 4, 4


def _related(one: str, others: frozenset[str]) -> bool:
    """Equal to one of ``others``, or the same with a few letters behind it (a colour, a region)."""
    return any(one == other or _continues(one, other) for other in others)


def _continues(one: str, other: str) -> bool:
    stem = min(len(one), len(other))
    return _tail(one, other).isalpha() and stem >= _STEM and abs(len(one) - len(other)) <= min(stem // 2, _SUFFIX)


def _tail(one: str, other: str) -> str:
    short, long = sorted((one, other), key=len)
    return long[len(short) :] if long.startswith(short) else ""


def siblings(one: str, other: str) -> bool:
    """Different numbers of one family: the same beginning, or all but two characters alike."""
    if one == other or min(len(one), len(other)) < _STEM:
        return False
    close = Levenshtein.distance(one, other, score_cutoff=2) <= 2
    return one[:_STEM] == other[:_STEM] and (close or any(letter.isalpha() for letter in one[:_STEM]))
