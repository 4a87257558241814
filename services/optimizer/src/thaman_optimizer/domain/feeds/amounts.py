"""What a row says of its price, stock, VAT and time. What could mean two things is not known."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from thaman_contracts.money import MoneyError
from thaman_optimizer.domain.localtime import RIYADH
from thaman_optimizer.domain.reading import statements
from thaman_optimizer.domain.reading.currencies import code_of
from thaman_optimizer.domain.reading.letters import folded
from thaman_optimizer.domain.reading.money import lone_amount
from thaman_optimizer.domain.reading.numbers import read_price
from thaman_optimizer.domain.reading.stock import in_stock_by_name

_ISO_CODE = re.compile(r"[A-Za-z]{3}")
_YES = frozenset(map(folded, ("yes", "true", "1", "y", "نعم", "شامل", "شاملة", "صح")))
_NO = frozenset(map(folded, ("no", "false", "0", "n", "لا", "غير شامل", "غير شاملة", "خطأ")))
_COUNT = re.compile(r"[0-9]{1,9}")
_MOST_LETTERS = 60
"""Of a price."""


def amount_of(value: Any) -> tuple[int, str | None]:
    """Halalas, and the currency where it stands beside them.

    Raises:
        MoneyError: it is not one number.
    """
    if isinstance(value, str) and len(value) > _MOST_LETTERS:
        raise MoneyError("it is too long for a price")
    try:
        return read_price(value), None
    except MoneyError:
        if isinstance(value, str):
            return lone_amount(value)
        raise


def currency_of(text: str) -> str | None:
    """The ISO code of a currency's code, name or sign; ``None`` if it is none."""
    known = code_of(text[:_MOST_LETTERS])
    return known or (text.strip().upper() if _ISO_CODE.fullmatch(text.strip()) else None)


def answer_of(value: Any) -> bool | None:
    """A yes or no; ``None`` for everything else."""
    if isinstance(value, bool):
        return value
    text = folded(str(value)[:_MOST_LETTERS]).strip()
    return True if text in _YES else False if text in _NO else None


def vat_of(value: Any) -> bool:
    """Whether VAT is in the price, from a yes or no or from words.

    Raises:
        ValueError: it is not understood.
    """
    answer = answer_of(value)
    if answer is None and isinstance(value, str):
        answer = statements.with_vat(folded(value[:_MOST_LETTERS]))
    if answer is None:
        raise ValueError("what the row says of VAT is not understood")
    return answer


def stock_of(value: Any) -> bool | None:
    """Whether something is to be had, from words, a yes or no, or how many there are."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | Decimal):
        return value > 0
    text = folded(str(value)[:_MOST_LETTERS]).strip()
    if _COUNT.fullmatch(text):
        return int(text) > 0
    named = in_stock_by_name([text])
    if named is None:
        named = answer_of(text)
    return statements.in_stock(text) if named is None else named


def time_of(text: str) -> datetime:
    """An instant from ISO 8601; without an offset it is Riyadh's, and a day alone is its beginning.

    Raises:
        ValueError: it is not ISO 8601.
    """
    moment = datetime.fromisoformat(folded(text.strip()[:40]).upper())
    try:
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=RIYADH)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("it is at the end of time") from error
