"""Product and Offer of schema.org, from JSON-LD or microdata: the price of the page's one product."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from thaman_contracts.events.optimizer import OfferFitness, OfferSource
from thaman_optimizer.domain.reading.claims import Claim, refused, without_price
from thaman_optimizer.domain.reading.jsonld import Node
from thaman_optimizer.domain.reading.offers import is_a, listed, read_offer
from thaman_optimizer.domain.reading.statements import not_new
from thaman_optimizer.domain.reading.trust import MAX_NODES, WIDEST_RANGE

_PRODUCTS = ("product", "individualproduct", "productgroup", "productmodel")
_IDENTITIES = ("@id", "sku", "gtin13", "gtin", "gtin14", "gtin12", "gtin8", "mpn", "productID", "url", "name")


def product_claim(nodes: Sequence[Node], source: OfferSource) -> Claim | None:
    """What a source's nodes say of the page's product; ``None`` where there is no product among them."""
    products = products_of(nodes)
    if not products:
        return None
    if are_several(products):
        # Microdata marks every product that is shown; JSON-LD is written about the page.
        return refused(source, "it describes several products", final=source is OfferSource.JSON_LD)
    claims = [_of_product(product, source) for product in products]
    final = next((claim for claim in claims if claim.final), None)
    priced = [claim for claim in claims if claim.price is not None]
    if final is not None or not priced:
        return final or next((one for one in claims if one.fitness is OfferFitness.UNREADABLE), claims[0])
    first = priced[0]
    if any((one.price, one.highest, one.currency) != (first.price, first.highest, first.currency) for one in priced):
        return refused(source, "it describes its product with different prices", final=True, said=first.said)
    return first


def products_of(nodes: Sequence[Node]) -> list[Node]:
    """Those of a source's nodes that are products."""
    return [node for node in nodes if any(is_a(node, kind) for kind in _PRODUCTS)]


def are_several(products: Sequence[Node]) -> bool:
    """Whether nodes are about different products, and not several times about one."""
    return any(_differ(products[0], other) for other in products[1:])


def _differ(one: Node, other: Node) -> bool:
    """Whether two nodes name something that both have, and nothing equally."""
    both = [(one[name], other[name]) for name in _IDENTITIES if _is_name(one.get(name)) and _is_name(other.get(name))]
    return bool(both) and all(str(first) != str(second) for first, second in both)


def _is_name(value: Any) -> bool:
    return isinstance(value, str | int) and value != ""


def _of_product(product: Node, source: OfferSource) -> Claim:
    if any(not_new(name) for name in listed(product.get("name")) if isinstance(name, str)):
        return refused(source, "its name says that the item is not new", final=True)
    claims = [
        read_offer(
            offer | {"itemCondition": [*listed(offer.get("itemCondition")), *listed(product.get("itemCondition"))]},
            source,
        )
        for offer in _offers_of(product)
    ]
    if not claims:
        return without_price(source, "its Product has no Offer")
    return _best(claims, source)


def _offers_of(product: Node) -> Iterator[dict[str, Any]]:
    """The single offers of a product and its variants; those inside an AggregateOffer, or else the whole of it."""
    variants = [one for one in listed(product.get("hasVariant"))[:MAX_NODES] if isinstance(one, Mapping)]
    for offers in (product.get("offers"), *(one.get("offers") for one in variants)):
        for offer in listed(offers)[:MAX_NODES]:
            if not isinstance(offer, Mapping):
                continue
            inner = [one for one in listed(offer.get("offers"))[:MAX_NODES] if isinstance(one, Mapping)]
            if is_a(offer, "aggregateoffer") and inner:
                yield from ({"priceCurrency": offer.get("priceCurrency"), **one} for one in inner)
            else:
                yield dict(offer)
    if "offers" not in product and not variants and "price" in product:
        yield dict(product)


def _best(claims: Sequence[Claim], source: OfferSource) -> Claim:
    """One answer from a product's offers: the cheapest in stock, if they are not too different."""
    unclear = next((one for one in claims if one.fitness is OfferFitness.UNREADABLE and not one.final), None)
    if unclear is not None:
        # It might be the cheapest.
        return unclear
    usable = [one for one in claims if one.fitness is OfferFitness.USABLE and one.price is not None]
    if not usable:
        return next((one for one in claims if one.fitness is OfferFitness.OUT_OF_STOCK), claims[0])
    best = min(usable, key=lambda one: (one.price or 0, one.in_stock is None))
    highest = max(one.highest or 0 for one in usable)
    apart = highest * WIDEST_RANGE[1] > (best.price or 0) * WIDEST_RANGE[0]
    if apart or len({(one.currency, one.with_vat) for one in usable}) > 1:
        return refused(source, "its offers differ too much to be one thing", final=True, said=best.said)
    return replace(best, highest=highest)
