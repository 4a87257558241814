"""Trade item numbers (EAN, UPC, GTIN-14): when one is a number at all, and when it means the same thing everywhere."""

from stdnum import ean

from thaman_optimizer.domain.matching.normal import normalise

LENGTH = 14
_LENGTHS = (8, 12, 13, 14)
_SHOPS_OWN = ("02", "04", "2", "98", "99")
"""GTIN-13 beginnings that each shop gives out itself, and coupons: equal numbers say nothing."""


def gtin_of(text: str | None) -> str | None:
    """The number padded with zeros to fourteen digits, so that an UPC equals its EAN; ``None`` where it is none.

    None is: a wrong length or check digit, all zeros, and numbers of restricted circulation.
    """
    if text is None:
        return None
    digits = "".join(letter for letter in normalise(text) if letter not in " -")
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in _LENGTHS or not ean.is_valid(digits):
        return None
    padded = digits.zfill(LENGTH)
    if len(digits) == 8:
        own = digits.startswith(("0", "2"))
    else:
        own = padded.startswith("0") and padded[1:].startswith(_SHOPS_OWN)
    return None if own or not padded.strip("0") else padded
