"""OpenGraph of a page, read by extruct: one product, and the price before a sale beside that of the sale."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from lxml.html import HtmlElement

from thaman_contracts.events.optimizer import OfferFitness, OfferSource
from thaman_contracts.money import MoneyError
from thaman_optimizer.domain.reading.claims import Claim, refused, without_price
from thaman_optimizer.domain.reading.currencies import code_of
from thaman_optimizer.domain.reading.numbers import read_price
from thaman_optimizer.domain.reading.stock import condition_is_new, in_stock_by_name
from thaman_optimizer.domain.reading.trust import LEAST_PRICE

_SOURCE = OfferSource.OPEN_GRAPH
_PREFIXES = ("product:", "og:")


def open_graph(root: HtmlElement) -> Claim | None:
    """What OpenGraph says of the price, ``None`` where it says nothing of one."""
    found = _properties(root)
    prices = found["sale_price:amount"] or found["price:amount"]
    if not prices:
        return None
    currencies = found["sale_price:currency"] or found["price:currency"]
    said = {
        "price": prices[0],
        "currency": next(iter(currencies), None),
        "availability": next(iter(found["availability"]), None),
        "was_price": next(iter(found["original_price:amount"]), None),
    }
    if not condition_is_new(found["condition"]):
        return refused(_SOURCE, "OpenGraph says the item is not new", final=True, said=said)
    codes = {code_of(one) for one in currencies}
    if len(codes) != 1 or None in codes:
        return refused(_SOURCE, "OpenGraph does not say one currency", said=said)
    return _priced(prices, codes.pop(), found, said)


def _priced(
    prices: Sequence[str], currency: str | None, found: Mapping[str, list[str]], said: Mapping[str, str | None]
) -> Claim:
    try:
        amounts = {read_price(one) for one in prices}
    except MoneyError as error:
        return refused(_SOURCE, str(error), said=said)
    if len(amounts) != 1:
        return refused(_SOURCE, "OpenGraph gives several prices", said=said)
    (price,) = amounts
    if price < LEAST_PRICE:
        return without_price(_SOURCE, "the price is zero, or next to it", final=True, said=said)
    in_stock = in_stock_by_name(found["availability"])
    return Claim(
        _SOURCE,
        OfferFitness.OUT_OF_STOCK if in_stock is False else OfferFitness.USABLE,
        price=price,
        highest=price,
        currency=currency,
        in_stock=in_stock,
        said=said,
    )


def _properties(root: HtmlElement) -> dict[str, list[str]]:
    """Values by name without prefix, ``sale_price:amount`` and the like."""
    found: dict[str, list[str]] = defaultdict(list)
    if not any(element.get("property", "").endswith("price:amount") for element in root.iter("meta")):
        return found
    # Late, for the reason that microdata gives.
    from extruct.opengraph import OpenGraphExtractor

    for element in root.iter("html", "head"):
        # Prefixes can be declared at any length, and are looked through by a pattern that does not bear it.
        element.attrib.pop("prefix", None)
    for graph in OpenGraphExtractor().extract_items(root):
        for name, value in graph["properties"]:
            for prefix in _PREFIXES:
                if name.startswith(prefix) and value.strip():
                    found[name.removeprefix(prefix)].append(value.strip()[:200])
    return found
