"""One Offer of schema.org: its price, or why it has none for one new piece that anybody may buy."""

import re
from collections.abc import Mapping
from typing import Any

from thaman_contracts.events.optimizer import OfferFitness, OfferSource
from thaman_contracts.money import MoneyError
from thaman_optimizer.domain.reading.claims import Claim, refused, without_price
from thaman_optimizer.domain.reading.currencies import code_of
from thaman_optimizer.domain.reading.jsonld import Node
from thaman_optimizer.domain.reading.money import lone_amount
from thaman_optimizer.domain.reading.numbers import read_price
from thaman_optimizer.domain.reading.stock import condition_is_new, in_stock_by_name, tail
from thaman_optimizer.domain.reading.trust import LEAST_PRICE, WIDEST_RANGE

_ISO_CODE = re.compile(r"[A-Z]{3}")
_ISO_DAY = re.compile(r"2[0-9]{3}-[01][0-9]-[0-3][0-9]")
_OTHER_CHARGES = ("deliverychargespecification", "paymentchargespecification")
_FORMER = ("listprice", "strikethroughprice", "srp", "msrp", "suggestedretailprice", "regularprice")
_ONE_PIECE = frozenset(("", "c62", "ea", "h87", "pce", "piece", "unit"))
_TRUE, _FALSE = ("true", "1", "yes"), ("false", "0", "no")


def listed(value: Any) -> list[Any]:
    """A value that may be a list, or missing, as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def is_a(node: Node, kind: str) -> bool:
    """Whether a node is of a type; ``kind`` in lower case."""
    return kind in {tail(one) for one in listed(node.get("@type"))}


def read_offer(offer: Node, source: OfferSource) -> Claim:
    """What one offer says."""
    specification, former = _specifications(offer)
    values = [one for one in (_value(offer), specification.get("price")) if one not in (None, "", [])]
    currencies = [*listed(offer.get("priceCurrency")), *listed(specification.get("priceCurrency"))]
    said = {
        "price": _words(values),
        "currency": _words(currencies),
        "availability": _words(listed(offer.get("availability"))),
        "was_price": _words([former.get("price")]),
        "vat": _words([_vat_flag(offer, specification)]),
        "valid_until": _valid_until(offer, specification),
    }
    why = _not_for_one_new_piece(offer, specification)
    if why is not None:
        return refused(source, why, final=True, said=said)
    if not values:
        return without_price(source, "the offer has no price", said=said)
    return _priced(offer, values, currencies, specification, source, said)


def _priced(
    offer: Node,
    values: list[Any],
    currencies: list[Any],
    specification: Node,
    source: OfferSource,
    said: dict[str, Any],
) -> Claim:
    try:
        amounts = [_amount(one, source) for value in values for one in listed(value)]
        highest = _highest(offer, source)
    except MoneyError as error:
        return refused(source, str(error), said=said)
    if len({amount for amount, _ in amounts}) != 1:
        return refused(source, "the offer gives several prices", said=said)
    price = amounts[0][0]
    codes = {_code(one, source) for one in currencies} | {code for _, code in amounts if code is not None}
    if len(codes) != 1 or None in codes:
        return refused(source, "the offer does not say one currency", said=said)
    if price < LEAST_PRICE:
        return without_price(source, "the price is zero, or next to it", final=True, said=said)
    in_stock = in_stock_by_name(listed(offer.get("availability")))
    return Claim(
        source,
        OfferFitness.OUT_OF_STOCK if in_stock is False else OfferFitness.USABLE,
        price=price,
        highest=_top(price, highest, several=_counts_several(offer)),
        currency=codes.pop(),
        in_stock=in_stock,
        with_vat=_flag(_vat_flag(offer, specification)),
        valid_until=said["valid_until"],
        said=said,
    )


def _value(offer: Node) -> Any:
    value = offer.get("price")
    return offer.get("lowPrice") if value is None and is_a(offer, "aggregateoffer") else value


def _highest(offer: Node, source: OfferSource) -> int | None:
    value = offer.get("highPrice") if is_a(offer, "aggregateoffer") else None
    if value in (None, ""):
        return None
    highest, _ = _amount(value, source)
    lowest = offer.get("lowPrice")
    if lowest not in (None, "") and highest < _amount(lowest, source)[0]:
        raise MoneyError("the highest price is below the lowest")
    return highest


def _top(price: int, highest: int | None, *, several: bool) -> int:
    """The highest of an offer's prices; where only the lowest of several is told, as high as one thing's may be."""
    if highest is not None:
        return max(highest, price)
    return price * WIDEST_RANGE[0] // WIDEST_RANGE[1] if several else price


def _counts_several(offer: Node) -> bool:
    return is_a(offer, "aggregateoffer") and str(offer.get("offerCount", 1)).strip() not in ("0", "1")


def _amount(value: Any, source: OfferSource) -> tuple[int, str | None]:
    """Halalas, and the currency where it is written beside them; only microdata is made of what people are shown."""
    try:
        return read_price(value), None
    except MoneyError:
        if source is OfferSource.MICRODATA and isinstance(value, str):
            return lone_amount(value)
        raise


def _code(value: Any, source: OfferSource) -> str | None:
    if not isinstance(value, str):
        return None
    code = value.strip().upper()
    if _ISO_CODE.fullmatch(code):
        return code
    return code_of(value) if source is OfferSource.MICRODATA else None


def _specifications(offer: Node) -> tuple[Node, Node]:
    """Of the price, and of a former price; empty where there is none."""
    given = [one for one in listed(offer.get("priceSpecification"))[:50] if isinstance(one, Mapping)]
    given = [
        one for one in given if one.get("price") is not None and not any(is_a(one, kind) for kind in _OTHER_CHARGES)
    ]
    former = next((one for one in given if tail(one.get("priceType")) in _FORMER), {})
    fitting = [one for one in given if tail(one.get("priceType")) in ("", "saleprice") and _limit(one) is None]
    if len({str(one.get("price")) for one in fitting}) > 1:
        return {"price": [one.get("price") for one in fitting], **fitting[0]}, former
    # A price that is for members alone, or a month, is shown as what it is, rather than not at all.
    limited = next((one for one in given if _limit(one) is not None), {})
    return (fitting[0] if fitting else limited if _value(offer) is None else {}), former


def _limit(specification: Node) -> str | None:
    """Why a specification's price is not the price of one piece for everybody."""
    if specification.get("validForMemberTier") is not None:
        return "the price is for members"
    if specification.get("billingDuration") is not None or specification.get("billingIncrement") is not None:
        return "the price is for a time"
    for reference in listed(specification.get("referenceQuantity")):
        unit, value = (
            (reference.get("unitCode"), reference.get("value")) if isinstance(reference, Mapping) else ("?", 1)
        )
        if tail(unit) not in _ONE_PIECE or str(value) not in ("1", "None"):
            return "the price is for a measure"
    return None


def _not_for_one_new_piece(offer: Node, specification: Node) -> str | None:
    if not condition_is_new(listed(offer.get("itemCondition"))):
        return "the offer is not for a new item"
    if tail(offer.get("businessFunction")) not in ("", "sell"):
        return "the offer is not for sale"
    if offer.get("validForMemberTier") is not None:
        return "the price is for members"
    for holder in (offer, specification):
        for quantity in listed(holder.get("eligibleQuantity")):
            least = quantity.get("minValue", quantity.get("value")) if isinstance(quantity, Mapping) else quantity
            if str(least).strip() not in ("None", "", "0", "1", "1.0"):
                return "the offer is for larger quantities"
    return _limit(specification)


def _vat_flag(offer: Node, specification: Node) -> Any:
    return specification.get("valueAddedTaxIncluded", offer.get("valueAddedTaxIncluded"))


def _flag(value: Any) -> bool | None:
    text = tail(str(value))
    return True if text in _TRUE else False if text in _FALSE else None


def _valid_until(offer: Node, specification: Node) -> str | None:
    days = (offer.get("priceValidUntil"), specification.get("validThrough"), specification.get("priceValidUntil"))
    return min((day[:10] for day in days if isinstance(day, str) and _ISO_DAY.fullmatch(day[:10])), default=None)


def _words(values: list[Any]) -> str | None:
    """Values as the page has them, for evidence."""
    return " | ".join(str(one)[:200] for one in values[:5] if one not in (None, "", [])) or None
