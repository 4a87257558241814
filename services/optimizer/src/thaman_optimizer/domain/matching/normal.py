"""One spelling for what people type: Arabic and English product text made comparable.

What a keyboard, a shop's template or a habit changes is undone: letter forms, vowel signs, invisible characters, digits
of other scripts, separators. What tells two products apart (numbers, model numbers, the words themselves) is kept.
"""

import re
import unicodedata

LONGEST = 2_000
"""Characters of a text that are looked at. No title is longer, and a page may be hostile."""

_ROUNDS = 4
_MARKS = str.maketrans(dict.fromkeys("™℠®©", " "))
_LETTERS = str.maketrans(
    {
        **dict.fromkeys("ٱ", "ا"),
        **dict.fromkeys("ىیېے", "ي"),
        **dict.fromkeys("ةۃہھە", "ه"),
        **dict.fromkeys("کڪگ", "ك"),
        **dict.fromkeys("ڤ", "ف"),
        **dict.fromkeys("پ", "ب"),
        **dict.fromkeys("چژ", "ج"),
        "ـ": None,
    }
)
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("“”„″«»", '"'),
        **dict.fromkeys("‘’‚′`´", "'"),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("×✕✖∗", "x"),
        **dict.fromkeys("،؛٬", ","),
        "٫": ".",
        "٪": "%",
        "⁄": "/",
        "؟": "?",
    }
)
_REGISTERED = re.compile(r"\(\s*(?:r|tm|c)\s*\)")
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_COMMA = re.compile(r"(?<=[0-9]),(?=[0-9])")
_BESIDE_ARABIC = re.compile(r"(?<=[\u0621-\u064a])(?=[a-z0-9])|(?<=[a-z0-9])(?=[\u0621-\u064a])")
_SPACES = re.compile(r"\s+")


def normalise(text: str) -> str:
    """``text`` in one spelling, with single spaces; normalising twice changes nothing.

    Compatibility forms, case, vowel signs and accents, bidirectional and zero-width characters, tatweel; the forms of
    alef, ya, waw and ta marbuta; Arabic, Persian and all other decimal digits; decimal and thousands separators.
    """
    current = text[:LONGEST]
    # Case folding and decomposition each give the other more to do, in rare letters.
    for _ in range(_ROUNDS):
        found = _once(current)
        if found == current:
            break
        current = found
    return current


def _once(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.translate(_MARKS)).casefold()
    kept = "".join(_kept(letter) for letter in unicodedata.normalize("NFKD", letters))[:LONGEST]
    folded = kept.translate(_LETTERS).translate(_SIGNS)
    grouped = _COMMA.sub(".", _THOUSANDS.sub("", _REGISTERED.sub(" ", folded)))
    return _SPACES.sub(" ", _BESIDE_ARABIC.sub(" ", grouped)).strip()


def _kept(letter: str) -> str:
    if letter.isascii():
        return letter if letter.isprintable() else " "
    category = unicodedata.category(letter)
    if category == "Nd":
        return str(unicodedata.digit(letter))
    if category in ("Mn", "Me", "Cf", "Cs", "Co", "Cn"):
        return ""
    return " " if category in ("Cc", "Zs", "Zl", "Zp", "So", "Sk") else letter


_LUMP = re.compile(r"[^\s,;:!?()\[\]{}|\"<>=~_\\*#@$%^]+")
_PARTS = re.compile(r"[0-9]+\.[0-9]+|[^\W_]+")
_SERIES = re.compile(r"([^\W\d_]{3,})([0-9]{1,2})")
_DOTTED = re.compile(r"[a-z]{2,}[0-9]{2,}\.[0-9]{2,}[a-z]*")
_WHOLE = re.compile(r"([0-9]+)\.0+")
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}


def split(text: str) -> list[str]:
    """The words of a normalised text, in order.

    A number inside hyphens stays one word without them (``dsc-w170`` is ``dscw170``), a short number behind a name
    leaves it (``iphone15`` is ``iphone 15``), a point in a model number goes, Roman numerals and ``7.0`` become plain
    numbers.
    """
    return [word for lump in _LUMP.findall(text) for word in _words_of(lump.strip("-.'+&/"))]


def _words_of(lump: str) -> list[str]:
    if "-" in lump and "/" not in lump and "." not in lump and any(letter.isdigit() for letter in lump):
        return [re.sub(r"[\W_]+", "", lump)]
    if _DOTTED.fullmatch(lump):
        return [lump.replace(".", "")]
    found: list[str] = []
    for part in _PARTS.findall(lump):
        series, whole = _SERIES.fullmatch(part), _WHOLE.fullmatch(part)
        if series:
            found += series.groups()
        elif whole:
            found.append(whole[1])
        else:
            found.append(_ROMAN.get(part, part))
    return found


def bare(word: str) -> str:
    """An Arabic word without its article: ``الاسود`` is ``اسود``, ``للرجال`` is ``رجال``; other words stay."""
    for article in ("وال", "بال", "ال", "لل"):
        if word.startswith(article) and len(word) - len(article) >= 3:
            return word[len(article) :]
    return word


def spellings(text: str) -> list[str]:
    """The spellings in a comma-separated entry, in the one spelling."""
    return [normalise(one) for one in text.split(",")]
