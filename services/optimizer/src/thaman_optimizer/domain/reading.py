"""What a product page says about its price, from its JSON-LD, or that one cannot tell.

Pages are other people's and may say anything. Nothing here guesses: a price counts only where schema.org's Product and
Offer give it as a plain number with a currency. Text on the page is never read.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

from thaman_contracts.events.optimizer import OfferFitness
from thaman_contracts.money import MoneyError, halalas_from

CERTAIN_BP = 10_000
UNSAID_BP = 8_000
"""Confidence where the page does not say whether the thing is in stock."""
RANGE_BP = 7_000
"""Confidence where the page gives the lowest of several prices."""

MAX_DEPTH = 12
MAX_NODES = 5_000
WIDEST_RANGE = 3, 2
"""Offers of one page further apart than a factor 3/2 are different things: cannot tell."""

_IN_STOCK = frozenset(("instock", "limitedavailability", "onlineonly"))
_NOT_IN_STOCK = frozenset(
    ("outofstock", "soldout", "discontinued", "backorder", "preorder", "presale", "instoreonly", "reserved")
)
_PLAIN = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]{1,6})?")
_ARABIC = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫٬", "01234567890123456789.,")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Reading:
    """A page's answer. ``price`` in halalas; ``with_vat`` is ``False`` only where the page says so.

    ``fitness`` is ``usable`` or the reason why not; staleness, currency and outliers are judged later, elsewhere.
    """

    fitness: OfferFitness
    price: int | None = None
    currency: str | None = None
    in_stock: bool | None = None
    with_vat: bool = True
    confidence_bp: int = CERTAIN_BP
    detail: str | None = None

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Reading":
        """The reverse of :meth:`document`."""
        return cls(**{**document, "fitness": OfferFitness(document["fitness"])})


def read_page(html: str) -> Reading:
    """Read one page."""
    try:
        products = list(_products(html))
        offers = [offer for product in products for offer in _offers_of(product)]
    except (RecursionError, _TooMuch):
        return cannot_tell("its structured data is too deep or too large")
    if not products:
        return cannot_tell("it has no readable Product in JSON-LD")
    if len(products) > 1 and len({_identity(product) for product in products}) > 1:
        return cannot_tell("it describes several products")
    if not offers:
        return Reading(OfferFitness.NO_PRICE, detail="its Product has no Offer")
    return _best([_read_offer(offer) for offer in offers])


def cannot_tell(why: str) -> Reading:
    """The answer when a page gives none."""
    return Reading(OfferFitness.UNREADABLE, detail=why)


def read_price(value: Any) -> int:
    """A price in halalas from a JSON value.

    Accepted are numbers, and plain digits (Western or Arabic-Indic) with a point or commas between groups of three.

    Raises:
        MoneyError: anything else, because a wrong price is worse than none.
    """
    if isinstance(value, str):
        text = value.strip().translate(_ARABIC)
        if _GROUPED.fullmatch(text):
            text = text.replace(",", "")
        if not _PLAIN.fullmatch(text):
            raise MoneyError(f"{value[:40]!r} is not a plain number")
        value = text
    return halalas_from(value)


class _TooMuch(Exception):
    """More structure than any honest page has."""


class _Scripts(HTMLParser):
    """Collects the texts of ``<script type="application/ld+json">``."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.texts: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            kind = (dict(attrs).get("type") or "").partition(";")[0].strip().lower()
            self._inside = kind == "application/ld+json"
            if self._inside:
                self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[-1] += data


def _products(html: str) -> Iterator[dict[str, Any]]:
    parser = _Scripts()
    parser.feed(html)
    parser.close()
    for text in parser.texts:
        try:
            data = json.loads(text, parse_float=Decimal, parse_constant=_refuse)
        except ValueError:
            continue  # one broken block does not make the others unreadable
        yield from (node for node in _nodes(data) if _is_a(node, "product"))


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _nodes(data: Any) -> Iterator[dict[str, Any]]:
    """Top-level nodes and those in ``@graph`` and ``mainEntity``; others (related products) are not the page's own."""
    waiting: list[tuple[Any, int]] = [(data, 0)]
    seen = 0
    while waiting:
        node, depth = waiting.pop(0)
        seen += 1
        if depth > MAX_DEPTH or seen > MAX_NODES:
            raise _TooMuch
        if isinstance(node, list):
            waiting += [(one, depth + 1) for one in node]
        elif isinstance(node, dict):
            yield node
            waiting += [(node[name], depth + 1) for name in ("@graph", "mainEntity") if name in node]


def _is_a(node: Mapping[str, Any], kind: str) -> bool:
    return kind in {_tail(one) for one in _listed(node.get("@type"))}


def _tail(value: Any) -> str:
    """The last part of a schema.org address, in lower case."""
    return value.rstrip("/").rpartition("/")[2].rpartition("#")[2].lower() if isinstance(value, str) else ""


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _identity(product: Mapping[str, Any]) -> str:
    for name in ("@id", "sku", "gtin13", "gtin", "mpn", "url", "name"):
        if isinstance(product.get(name), str | int):
            return f"{name}={product[name]}"
    return ""


def _offers_of(product: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The single offers of a product; those inside an AggregateOffer, or else its lowest price."""
    for offer in _listed(product.get("offers"))[:MAX_NODES]:
        if not isinstance(offer, dict):
            continue
        inner = [one for one in _listed(offer.get("offers")) if isinstance(one, dict)]
        if _is_a(offer, "aggregateoffer") and inner:
            yield from ({"priceCurrency": offer.get("priceCurrency")} | one for one in inner)
        else:
            yield offer


def _read_offer(offer: Mapping[str, Any]) -> Reading:
    condition = _tail(offer.get("itemCondition"))
    if condition not in ("", "newcondition"):
        return cannot_tell("the offer is not for a new item")
    value, currency, with_vat = _price_of(offer)
    if value is None:
        return Reading(OfferFitness.NO_PRICE, detail="the offer has no price")
    if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency.strip().upper()):
        return cannot_tell("the offer does not say its currency")
    try:
        price = read_price(value)
    except MoneyError as error:
        return cannot_tell(str(error))
    if price == 0:
        return Reading(OfferFitness.NO_PRICE, detail="the price is zero")
    in_stock = _stock(offer.get("availability"))
    ranged = _is_a(offer, "aggregateoffer") and offer.get("highPrice") not in (None, value)
    return Reading(
        OfferFitness.OUT_OF_STOCK if in_stock is False else OfferFitness.USABLE,
        price=price,
        currency=currency.strip().upper(),
        in_stock=in_stock,
        with_vat=with_vat,
        confidence_bp=min(UNSAID_BP if in_stock is None else CERTAIN_BP, RANGE_BP if ranged else CERTAIN_BP),
        detail="lowest of several prices" if ranged else None,
    )


def _price_of(offer: Mapping[str, Any]) -> tuple[Any, Any, bool]:
    """Price, currency, and whether VAT is in it; from the offer itself or its price specification."""
    specification = next(
        (
            one
            for one in _listed(offer.get("priceSpecification"))
            if isinstance(one, dict)
            and _tail(one.get("priceType")) in ("", "saleprice")
            and one.get("price") is not None
        ),
        {},
    )
    value = offer.get("price")
    if value is None and _is_a(offer, "aggregateoffer"):
        value = offer.get("lowPrice")
    if value is None:
        value = specification.get("price")
    included = specification.get("valueAddedTaxIncluded", offer.get("valueAddedTaxIncluded"))
    currency = offer.get("priceCurrency") or specification.get("priceCurrency")
    return value, currency, included not in (False, "false", "False")


def _stock(availability: Any) -> bool | None:
    said = _tail(availability)
    if said in _IN_STOCK:
        return True
    return False if said in _NOT_IN_STOCK else None


def _best(readings: list[Reading]) -> Reading:
    """One answer from a page's offers: the cheapest in stock, if they are not too different."""
    usable = [one for one in readings if one.fitness is OfferFitness.USABLE and one.price is not None]
    if not usable:
        return next((one for one in readings if one.fitness is OfferFitness.OUT_OF_STOCK), readings[0])
    prices = sorted(one.price or 0 for one in usable)
    if (
        len({(one.currency, one.with_vat) for one in usable}) > 1
        or prices[-1] * WIDEST_RANGE[1] > prices[0] * WIDEST_RANGE[0]
    ):
        return cannot_tell("its offers differ too much to be one thing")
    best = min(usable, key=lambda one: (one.price or 0, -one.confidence_bp))
    if prices[-1] == prices[0]:
        return best
    return Reading(
        **{**asdict(best), "confidence_bp": min(best.confidence_bp, RANGE_BP), "detail": "lowest of several prices"}
    )
