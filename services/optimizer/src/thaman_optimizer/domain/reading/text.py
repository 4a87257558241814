"""The price from the text that people see: only where one amount can be it, and never with much confidence."""

from collections.abc import Sequence
from typing import Any

from thaman_contracts.events.optimizer import OfferFitness, OfferSource
from thaman_optimizer.domain.reading import statements
from thaman_optimizer.domain.reading.area import Area
from thaman_optimizer.domain.reading.claims import Claim, refused, without_price
from thaman_optimizer.domain.reading.roles import FROM, NOW, PLAIN, WAS, Shown, shown_in, written
from thaman_optimizer.domain.reading.tokens import Line, text_of
from thaman_optimizer.domain.reading.trust import LEAST_PRICE

_SOURCE = OfferSource.TEXT


def text_claim(area: Area | None) -> Claim | None:
    """What the visible text says of the price; ``None`` where it names no amount of money at all."""
    if area is None:
        return None
    if statements.not_new(area.name):
        return refused(_SOURCE, "its name says that the item is not new", final=True)
    text = " \n ".join(text_of(line) for line in area.lines)
    if statements.asks_to_ask(text):
        return without_price(_SOURCE, "its text says that the price is told on request", final=True)
    shown = shown_in(area.lines)
    return _claim(shown, area.lines, text) if shown else None


def _claim(shown: Sequence[Shown], lines: Sequence[Line], text: str) -> Claim:
    prices = _prices(shown)
    former = [one for one in shown if one.role == WAS]
    said: dict[str, Any] = {
        "price": prices[0].line if prices else None,
        "was_price": former[0].line if former else None,
        "vat": next((written(line) for line in lines if statements.speaks_of_vat(text_of(line))), None),
    }
    why = _why_not(prices, former, shown)
    if why is not None:
        return refused(_SOURCE, why, said=said)
    price, currency = prices[0].money.amount, prices[0].money.currency
    assert price is not None
    if price < LEAST_PRICE:
        return without_price(_SOURCE, "the price is zero, or next to it", said=said)
    with_vat = prices[0].with_vat
    try:
        with_vat = statements.with_vat(text) if with_vat is None else with_vat
    except ValueError as error:
        return refused(_SOURCE, str(error), said=said)
    in_stock = statements.in_stock(text)
    return Claim(
        _SOURCE,
        OfferFitness.OUT_OF_STOCK if in_stock is False else OfferFitness.USABLE,
        price=price,
        highest=price,
        currency=currency,
        in_stock=in_stock,
        with_vat=with_vat,
        detail="read from the page's text alone, which moves no price",
        said=said | {"currency": currency},
    )


def _prices(shown: Sequence[Shown]) -> list[Shown]:
    """The amounts that may be the price: those said to be of now, or else those of which nothing is said."""
    named = [one for one in shown if one.role == NOW]
    plain = [one for one in shown if one.role == PLAIN]
    known = {(one.money.amount, one.money.currency) for one in shown if one.role in (NOW, WAS)}
    if named:
        plain = [one for one in plain if (one.money.amount, one.money.currency) not in known]
    prices = named + plain
    # With and without VAT side by side: what a buyer pays is the one with.
    gross = [one for one in prices if one.with_vat]
    return gross if gross and all(one.with_vat is not None for one in prices) else prices


def _why_not(prices: Sequence[Shown], former: Sequence[Shown], shown: Sequence[Shown]) -> str | None:
    if any(one.role == FROM for one in shown):
        return "its text gives a range of prices"
    if not prices:
        return "its text names no amount that is the price"
    if any(one.money.amount is None for one in prices):
        return "its text has an amount that cannot be read"
    if len({(one.money.amount, one.money.currency) for one in prices}) > 1:
        return "its text has several amounts that could be the price"
    price = prices[0].money.amount or 0
    if any(one.money.amount is not None and one.money.amount < price for one in former):
        return "its text has a price of before that is the lower one"
    return None
