"""Letters and digits as a person sees them: one spelling for what looks alike, and nothing that hides in between.

What cannot be brought to one plain spelling (a raised digit, a fraction, an override of the writing direction) becomes
:data:`ODD`, which no number and no currency contains: such a price cannot be read, rather than be read wrongly.
"""

import re
import unicodedata

ODD = "\ufffc"
"""Stands for a character whose look and value differ."""

_OVERRIDES = re.compile("[\u202d\u202e]")
_HIDDEN = re.compile("[\u00ad\u034f\u061c\u115f\u180e\u200b-\u200f\u202a-\u202c\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffd]")
_SPACES = re.compile(r"[\s\u00a0]+")
_SEPARATORS = str.maketrans({"٫": ".", "٬": ",", "．": ".", "，": ",", "’": "'", "‘": "'", "＇": "'"})
_TWO_SCRIPTS = re.compile("(?<=[0-9])(?=[٠-٩۰-۹])|(?<=[٠-٩۰-۹])(?=[0-9])")
_ARABIC_COMMA = re.compile("(?<=[0-9])،(?=[0-9])")
_LOOKS_SAME = frozenset(("<wide>", "<narrow>", "<font>", "<noBreak>", "<isolated>", "<initial>", "<medial>", "<final>"))
_DOTLESS = str.maketrans("ی", "ي")

_MARKS = re.compile("[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640]")
_SHAPES = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ة": "ه", "ک": "ك", "ؤ": "و", "ئ": "ي"}
)


def plain(text: str) -> str:
    """Text with digits as 0-9, point and comma as such, and one space where there is any white space."""
    text = _OVERRIDES.sub(ODD, text)
    text = _HIDDEN.sub("", text)
    text = _CONTROLS.sub(ODD, text)
    text = _TWO_SCRIPTS.sub(ODD, text)
    if not text.isascii():
        text = "".join(one if one.isascii() else _plain(one) for one in text.translate(_SEPARATORS))
        text = _ARABIC_COMMA.sub(",", text)
    return _SPACES.sub(" ", text)


def folded(text: str) -> str:
    """Plain text for looking up words: lower case, Arabic without vowel marks and with one form of each letter."""
    return _MARKS.sub("", plain(text).lower()).translate(_SHAPES)


def shown(text: str, most: int) -> str:
    """Text that is safe to record: at most ``most`` letters, none that controls, hides or changes the direction."""
    text = text[: most * 8]
    if not text.isascii():
        text = _HIDDEN.sub("", _OVERRIDES.sub("", text))
    if not text.isprintable():
        text = "".join(one if _is_visible(one) else " " for one in text)
    return _SPACES.sub(" ", text).strip()[:most]


def _is_visible(one: str) -> bool:
    # The riyal sign is younger than the tables of many a Python.
    return one == "\u20c1" or unicodedata.category(one)[0] not in "CZ"


def _plain(one: str) -> str:
    if one == ODD:
        return one
    if unicodedata.category(one) == "Nd":
        # Full-width and mathematical digits, and those of every script, show the value they have.
        return str(unicodedata.decimal(one))
    kind, _, _ = unicodedata.decomposition(one).partition(" ")
    if kind in _LOOKS_SAME:
        return unicodedata.normalize("NFKC", one).translate(_DOTLESS)
    if kind.startswith("<") and any(part.isdigit() for part in unicodedata.normalize("NFKC", one)):
        return ODD
    return ODD if unicodedata.category(one) in ("No", "Nl") else one
