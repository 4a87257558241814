"""Structured data of a product page (schema.org as JSON-LD), in the forms real shops use, and in bad ones."""

from thaman_sandbox.money import plain, share, wire
from thaman_sandbox.shops.offers import Offer
from thaman_sandbox.wire import JsonObject, dumps

SAR_PER_USD_BP = 37_500
"""3.75 riyals to the dollar, in basis points."""


def structured_data(offer: Offer, url: str, siblings: list[Offer]) -> list[str]:
    """The texts of the page's JSON-LD scripts; none where the page has none."""
    if offer.oddity == "text_only":
        return []
    if offer.oddity == "broken_json":
        return ['{"@context":"https://schema.org","@type":"Product","offers":{"price":']
    product = _product(offer, url, siblings)
    crumbs: JsonObject = {"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": []}
    if offer.shop.style == "graph":
        del product["@context"]
        site = {"@type": "WebSite", "name": offer.shop.name.ar}
        return [_text({"@context": "https://schema.org", "@graph": [site, product]})]
    if offer.shop.style == "list":
        return [_text([crumbs, product])]
    return [_text(crumbs), _text(product)]


def _text(value: object) -> str:
    return dumps(value).decode().replace("<", "\\u003c")


def _product(offer: Offer, url: str, siblings: list[Offer]) -> JsonObject:
    english = offer.shop.language == "en"
    product: JsonObject = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": offer.name.en if english else offer.name.ar,
        "sku": offer.slug,
        "gtin13": offer.gtin,
        "mpn": offer.thing.mpn,
        "brand": {"@type": "Brand", "name": offer.thing.brand.en if english else offer.thing.brand.ar},
        "url": url,
    }
    whole = offer.choice is None and siblings and offer.shop.style == "aggregate"
    product["offers"] = _aggregate(offer, siblings) if whole else _offer(offer, url)
    return product


def shown_price(offer: Offer) -> tuple[int | None, str]:
    """Price and currency as the page gives them, oddities included."""
    if offer.oddity == "missing_price":
        return None, "SAR"
    if offer.oddity == "zero_price":
        return 0, "SAR"
    if offer.oddity == "times_ten":
        return offer.price * 10, "SAR"
    if offer.oddity == "foreign_currency":
        return offer.price * 10_000 // SAR_PER_USD_BP, "USD"
    return offer.price, "SAR"


def _offer(offer: Offer, url: str) -> JsonObject:
    price, currency = shown_price(offer)
    body: JsonObject = {
        "@type": "Offer",
        "url": url,
        "priceCurrency": currency,
        "availability": f"https://schema.org/{offer.availability}",
        "itemCondition": "https://schema.org/NewCondition",
    }
    if price is None:
        return body
    as_text = offer.shop.key in ("alraed", "kharabeesh")
    body["price"] = plain(price) if as_text else wire(price)
    body["priceSpecification"] = {
        "@type": "UnitPriceSpecification",
        "price": body["price"],
        "priceCurrency": currency,
        "valueAddedTaxIncluded": offer.shop.prices_include_vat,
    }
    return body


def _aggregate(offer: Offer, siblings: list[Offer]) -> JsonObject:
    prices = [one.price for one in siblings]
    return {
        "@type": "AggregateOffer",
        "lowPrice": wire(min(prices)),
        "highPrice": wire(max(prices)),
        "offerCount": len(prices),
        "priceCurrency": "SAR",
        "availability": f"https://schema.org/{offer.availability}",
    }


_ARABIC = str.maketrans("0123456789.", "٠١٢٣٤٥٦٧٨٩٫")


def arabic_number(price: int) -> str:
    """A price in Arabic-Indic digits."""
    return f"{price // 100}.{price % 100:02d}".translate(_ARABIC)


def crossed_out(price: int) -> int:
    """A made-up former price, for the eye only."""
    return share(price, 12_500)
