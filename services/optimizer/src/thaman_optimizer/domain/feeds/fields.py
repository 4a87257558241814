"""One row from its fields, or why there is none."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any

from thaman_contracts.money import MoneyError
from thaman_optimizer.domain.addresses import is_web_address
from thaman_optimizer.domain.feeds.amounts import amount_of, currency_of, stock_of, time_of, vat_of
from thaman_optimizer.domain.feeds.rows import FeedRow, Skipped
from thaman_optimizer.domain.feeds.trust import MAX_FIELD
from thaman_optimizer.domain.reading.identity import text_of
from thaman_optimizer.domain.reading.letters import shown
from thaman_optimizer.domain.reading.trust import LEAST_PRICE

Fields = Mapping[str, Any]
"""A row's values by the names of :mod:`~thaman_optimizer.domain.feeds.columns`; what is empty is not among them."""

_SAID = 200
"""Letters of a row's own words, as evidence."""


def row_of(number: int, fields: Fields) -> FeedRow | Skipped:
    """The row of that number."""
    url = fields.get("url")
    url = url.strip() if isinstance(url, str) else url
    if url is None:
        return Skipped(number, f"row {number}: url: it is missing")
    if not isinstance(url, str) or not is_web_address(url):
        return Skipped(number, f"row {number}: url: {_quoted(url)} is not a plain http or https address")
    why = _why_not(fields)
    if why is not None:
        return Skipped(number, f"row {number}: {why}", url)
    price = _price_of(fields)
    texts = {name: _text(fields.get(name)) for name in ("title", "competitor", "brand", "gtin", "model")}
    written = fields.get("observed_at")
    return FeedRow(
        number,
        url,
        texts.pop("title") or "",
        _digest(fields),
        **texts,
        price=price.amount,
        currency=price.currency,
        in_stock=stock_of(fields["in_stock"]) if "in_stock" in fields else None,
        with_vat=price.with_vat,
        observed_at=None if written is None else time_of(written),
        unpriced=price.why_not,
        wrote_price=price.written,
        said=_said(fields),
    )


def _why_not(fields: Fields) -> str | None:
    """What makes the whole row unusable."""
    for name, value in fields.items():
        if isinstance(value, str) and len(value) > MAX_FIELD:
            return f"{name}: it is longer than {MAX_FIELD} letters; is a quotation mark not closed?"
    if _text(fields.get("title")) is None:
        return "title: it is missing"
    written = fields.get("observed_at")
    if written is None:
        return None
    try:
        time_of(written if isinstance(written, str) else "")
    except ValueError:
        # Without it an old price would be taken for one of today.
        return f"observed_at: {_quoted(written)} is not a time like 2026-03-02T09:00:00+03:00"
    return None


@dataclass(frozen=True, slots=True)
class _Price:
    amount: int | None = None
    currency: str | None = None
    with_vat: bool | None = None
    why_not: str | None = None
    written: bool = True


def _price_of(fields: Fields) -> _Price:
    if "price" not in fields and "sale_price" not in fields:
        return _Price(why_not="the row has no price", written=False)
    try:
        amount, beside = _amount(fields)
        with_vat = vat_of(fields["with_vat"]) if "with_vat" in fields else None
    except ValueError as error:
        return _Price(why_not=str(error)[:_SAID])
    if amount < LEAST_PRICE:
        return _Price(why_not="the row's price is zero, or next to it", written=False)
    named = fields.get("currency")
    codes = beside | ({currency_of(named) if isinstance(named, str) else None} if named is not None else set())
    if len(codes) != 1 or None in codes:
        return _Price(amount, with_vat=with_vat, why_not="the row does not say one currency")
    return _Price(amount, codes.pop(), with_vat)


def _amount(fields: Fields) -> tuple[int, set[str | None]]:
    """Halalas of what a buyer pays now, and the currencies that stand beside the row's amounts.

    Raises:
        ValueError: it cannot be told.
    """
    try:
        regular, sale = (amount_of(fields[name]) if name in fields else None for name in ("price", "sale_price"))
    except MoneyError as error:
        raise ValueError(f"the row's price cannot be read: {error}") from error
    if sale is not None and sale[0] == 0:
        # How shops export that there is no sale.
        sale = None
    if sale is not None and "sale_dates" in fields:
        raise ValueError("the row's sale price holds for some days alone, which are not read")
    if sale is not None and regular is not None and sale[0] > regular[0]:
        raise ValueError("the row's sale price is above its price")
    best = sale or regular
    return (0 if best is None else best[0]), {
        one[1] for one in (regular, sale) if one is not None and one[1] is not None
    }


def _said(fields: Fields) -> dict[str, str]:
    sale = fields.get("sale_price")
    words = {
        "price": fields.get("price") if sale is None else sale,
        "currency": fields.get("currency"),
        "availability": fields.get("in_stock"),
        "was_price": None if sale is None else fields.get("price"),
        "vat": fields.get("with_vat"),
    }
    written = {name: shown(str(value), _SAID) for name, value in words.items() if _is_plain(value)}
    return {name: text for name, text in written.items() if text}


def _text(value: Any) -> str | None:
    return text_of(str(value) if isinstance(value, Decimal) else value)


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | Decimal)


def _quoted(value: Any) -> str:
    return repr(shown(str(value)[:400], 60))


def _digest(fields: Fields) -> str:
    written = json.dumps(dict(fields), sort_keys=True, default=str, ensure_ascii=True)
    return sha256(written.encode()).hexdigest()
