"""Microdata of a page as nodes of the same shape as JSON-LD, read by extruct.

extruct copies and cleans the subtree of every property, and looks through each item's whole subtree: harmless on honest
pages, hours on others. So the tree is first rid of all that does not matter here, and what is left is counted.
"""

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any

from lxml import etree
from lxml.html import HtmlElement

from thaman_optimizer.domain.reading.jsonld import Node
from thaman_optimizer.domain.reading.markup import TooMuch, in_template
from thaman_optimizer.domain.reading.trust import MAX_ITEMS, MAX_NESTING, MAX_PROPERTIES

_MATTERS = frozenset((
    "availability", "billingDuration", "businessFunction", "eligibleQuantity", "gtin", "gtin12", "gtin13",
    "gtin14", "gtin8", "hasVariant", "highPrice", "itemCondition", "lowPrice", "mainEntity", "minValue", "mpn",
    "name", "offerCount", "offers", "price", "priceCurrency", "priceSpecification", "priceType", "priceValidUntil",
    "productID", "referenceQuantity", "sku", "unitCode", "url", "validForMemberTier", "validThrough", "value",
    "valueAddedTaxIncluded",
))  # fmt: skip
"""Properties that are looked at."""

_SCOPES = etree.XPath("//*[@itemscope]")
_PROPERTIES = etree.XPath("//*[@itemprop]")
_OTHER = "other"
_MOST_ELEMENTS = 40
_MOST_LETTERS = 400
"""Inside one property. A price or a name that takes more is none."""


def microdata(root: HtmlElement, also: Collection[str] = ()) -> list[Node]:
    """The page's top-level items, with what matters for the price and the properties named in ``also``.

    The tree is changed; nothing else may need its microdata afterwards.

    Raises:
        TooMuch: more or deeper than any honest product page has.
    """
    if not _lightened(root, _MATTERS.union(also)):
        return []
    # Late, because it takes a second that no command's start should pay: extruct loads RDF and more with it.
    from extruct.w3cmicrodata import MicrodataExtractor

    try:
        items = MicrodataExtractor().extract_items(root, base_url=None)
    except (RecursionError, ValueError) as error:
        # Entities can still bring characters that what cleans the properties does not take.
        raise TooMuch from error
    return [_node(item) for item in items if isinstance(item, dict)]


def _lightened(root: HtmlElement, matters: Collection[str]) -> bool:
    """Leave only items and properties that matter; whether any item is left.

    Raises:
        TooMuch: too many are left, or too deep in each other.
    """
    scopes = set(_SCOPES(root))
    properties = _PROPERTIES(root)
    kept = 0
    filled = set()
    for one in properties:
        nested = one in scopes
        names = [name for name in one.get("itemprop")[:200].split() if name in matters]
        if nested and not names:
            # What is in it stays apart from what is around it.
            names = [_OTHER]
        around = next((above for above in one.iterancestors() if above in scopes), None)
        if not names or around is None or in_template(one) or not (nested or _is_small(one)):
            one.attrib.pop("itemprop")
            continue
        one.set("itemprop", " ".join(names[:4]))
        filled.add(around)
        kept += 1
        if kept > MAX_PROPERTIES or len(filled) > MAX_ITEMS:
            raise TooMuch
    for scope in scopes:
        # An item that refers to others can make their properties its own, many times over.
        scope.attrib.pop("itemref", None)
        if scope not in filled:
            scope.attrib.pop("itemscope")
            scope.attrib.pop("itemprop", None)
        elif sum(1 for above in scope.iterancestors() if above in filled) > MAX_NESTING:
            raise TooMuch
    return bool(filled)


def _is_small(element: HtmlElement) -> bool:
    if sum(1 for _ in islice(element.iterdescendants(), _MOST_ELEMENTS)) == _MOST_ELEMENTS:
        return False
    values = (element.get("content"), element.get("href"), element.get("value"))
    return sum(len(text) for text in (*element.itertext(), *(one for one in values if one))) <= _MOST_LETTERS


def _node(item: Mapping[str, Any]) -> Node:
    return {"@type": item.get("type"), **dict(_properties(item))}


def _properties(item: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in item.get("properties", {}).items():
        values = value if isinstance(value, list) else [value]
        nodes = [_node(one) if isinstance(one, dict) else one for one in values if one is not None]
        yield name, nodes[0] if len(nodes) == 1 else nodes
