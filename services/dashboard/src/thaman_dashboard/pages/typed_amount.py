"""An amount that has to be right or refused with its reason."""

from decimal import Decimal

from thaman_contracts.money import MoneyError, halalas_from, riyals
from thaman_dashboard.pages.numerals import western


def amount(text: str) -> int | None:
    """An amount in riyals, with Arabic digits too, as halalas; empty is none.

    Raises:
        MoneyError: it is no amount, or finer than a halala: ``1.299`` may mean a thousand.
    """
    plain = western(text)
    if not plain:
        return None
    halalas = halalas_from(plain)
    if riyals(halalas) != Decimal(plain):
        raise MoneyError(f"{text!r} has more than two decimals")
    return halalas
