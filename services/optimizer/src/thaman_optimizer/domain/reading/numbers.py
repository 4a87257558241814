"""Amounts from numbers as pages write them. What could be two numbers is none."""

import re
from typing import Any

from thaman_contracts.money import MoneyError, halalas_from

_ARABIC = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫٬", "01234567890123456789.,")
_PLAIN = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]{1,6})?")
_THOUSANDS_OR_DECIMALS = re.compile(r"[0-9]{1,3}\.[0-9]{3}")

_SHOWN = re.compile(r"(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,2})?")
_SHOWN_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]{1,2})?")
_DECIMAL_COMMA = re.compile(r"(?:0|[1-9][0-9]{0,11}),[0-9]{1,2}")
_POINTS_AND_COMMA = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+,[0-9]{1,2}")


def read_price(value: Any) -> int:
    """A price in halalas from a JSON value.

    Accepted are numbers, and plain digits (Western or Arabic-Indic) with a point or commas between groups of three.
    ``"1.299"`` is refused, because shops that write text mean both 1.30 and 1299 by it; the number 1.299 is not.

    Raises:
        MoneyError: anything else, because a wrong price is worse than none.
    """
    if isinstance(value, str):
        text = value.strip().translate(_ARABIC)
        if _THOUSANDS_OR_DECIMALS.fullmatch(text):
            raise MoneyError(f"{text!r} may have decimals or thousands after its point")
        if _GROUPED.fullmatch(text):
            text = text.replace(",", "")
        if not _PLAIN.fullmatch(text):
            raise MoneyError(f"{value[:40]!r} is not a plain number")
        value = text
    return halalas_from(value)


def shown_amount(number: str) -> int:
    """Halalas of a number as it is shown to people, in plain digits: ``1,299.00``, ``1.299,00``, ``129,5``, ``1299``.

    Raises:
        MoneyError: it is no such number, or could be two, like ``1.299`` or ``0299``.
    """
    if _SHOWN.fullmatch(number):
        return halalas_from(number)
    if _SHOWN_GROUPED.fullmatch(number):
        return halalas_from(number.replace(",", ""))
    if _DECIMAL_COMMA.fullmatch(number) or _POINTS_AND_COMMA.fullmatch(number):
        return halalas_from(number.replace(".", "").replace(",", "."))
    raise MoneyError(f"{number[:40]!r} is not one number")
