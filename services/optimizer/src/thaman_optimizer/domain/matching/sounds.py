"""Names that sound alike in Arabic and Latin letters: ``شولدرز`` is ``shoulders`` where the texts at hand have it.

Arabic writes consonants and long vowels, so two spellings of a name share little but their consonants. Words are
compared by those, in classes (b and p, v and f, all k and g are one); of several Latin words that sound alike the one
nearest in its vowels is meant. Words of the tables are not touched, nor words with fewer than two consonants.
"""

import re
from collections.abc import Iterable, Mapping

from rapidfuzz.distance import Levenshtein

_LATIN_PAIRS = (
    ("tch", "x"), ("sch", "x"), ("sh", "x"), ("ch", "x"), ("ph", "f"), ("th", "t"), ("kh", "k"), ("gh", "k"),
    ("ck", "k"), ("qu", "k"), ("x", "ks"),
)  # fmt: skip
_SHOWN = "x"
_LATIN = str.maketrans("bpfvkqcgjszdtlmnrxwyh", "bbffkkkkkssdtlmnrxwyh")
_ARABIC = str.maketrans(
    {
        **dict.fromkeys("ب", "b"),
        **dict.fromkeys("ف", "f"),
        **dict.fromkeys("كقجغخ", "k"),
        **dict.fromkeys("سصزثذظ", "s"),
        **dict.fromkeys("دض", "d"),
        **dict.fromkeys("تط", "t"),
        "ش": _SHOWN,
        "ل": "l",
        "م": "m",
        "ن": "n",
        "ر": "r",
        "ح": "h",
        "ه": "h",
        "و": "o",
        "ي": "i",
        "ا": "a",
        "ع": "a",
        "ء": "",
    }
)
_VOWELS = re.compile(r"[aeiouwyh]")
_TWICE = re.compile(r"(.)\1+")
_ARABIC_WORD = re.compile(r"[\u0621-\u064a]{2,}")
_LATIN_WORD = re.compile(r"[a-z]{2,}")
_FEWEST = 2
_LEAST_ALIKE = {2: 0.6, 3: 0.5}
"""How alike the whole sounds have to be, by the number of consonants that are the same."""
_LEAST_OF_LONG = 0.4


def is_arabic(word: str) -> bool:
    """Whether it is written in Arabic letters alone."""
    return _ARABIC_WORD.fullmatch(word) is not None


def sound(word: str) -> str:
    """How a word of either script is spoken, roughly, in small Latin letters."""
    if is_arabic(word):
        spoken = word.translate(_ARABIC)
    else:
        spoken = word
        for letters, one in _LATIN_PAIRS:
            # An x of the word itself is k and s; the one written for sh comes after.
            spoken = spoken.replace(letters, one.upper() if one == _SHOWN else one)
        spoken = spoken.translate(_LATIN).replace(_SHOWN.upper(), _SHOWN)
    return _TWICE.sub(r"\1", spoken)


def consonants(word: str) -> str:
    """What is left of the sound without vowels and breaths."""
    return _VOWELS.sub("", sound(word))


def heard(words: Iterable[str]) -> Mapping[str, str]:
    """Of the Arabic words among ``words`` those that sound like a Latin one among them, with that one."""
    arabic: dict[str, None] = {}
    latin: dict[str, dict[str, None]] = {}
    for word in words:
        if _LATIN_WORD.fullmatch(word):
            latin.setdefault(consonants(word), {})[word] = None
        elif is_arabic(word):
            arabic[word] = None
    found = {}
    for word in arabic:
        key = consonants(word)
        least = _LEAST_ALIKE.get(len(key), _LEAST_OF_LONG)
        best = _nearest(word, latin.get(key, ()), least) if len(key) >= _FEWEST else None
        if best is not None:
            found[word] = best
    return found


def _nearest(word: str, others: Iterable[str], least: float) -> str | None:
    spoken = sound(word)
    alike = [(Levenshtein.normalized_similarity(spoken, sound(other)), other) for other in others]
    # Of equally near ones the first in the alphabet, so that the answer does not depend on the texts' order.
    best = max(sorted(alike, key=lambda one: one[1]), key=lambda one: one[0], default=None)
    return best[1] if best is not None and best[0] >= least else None
