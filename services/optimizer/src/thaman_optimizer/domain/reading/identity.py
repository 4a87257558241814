"""What a page's one product is: what it is called, who makes it, and its numbers. What it costs is not looked at.

JSON-LD comes first, then microdata, then the title that OpenGraph gives. Where a page is about several products, or
about none, there is no answer. All texts are other people's: cut, and free of what controls or changes direction.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lxml.html import HtmlElement

from thaman_optimizer.domain.reading.jsonld import Node, json_ld
from thaman_optimizer.domain.reading.letters import folded, shown
from thaman_optimizer.domain.reading.markup import TooMuch, in_template, parse
from thaman_optimizer.domain.reading.microdata import microdata
from thaman_optimizer.domain.reading.offers import listed
from thaman_optimizer.domain.reading.products import are_several, products_of

LONGEST = 200
"""Letters of each text, as an event's ``PageText`` may have."""

_GTINS = ("gtin13", "gtin", "gtin14", "gtin12", "gtin8")
_MODELS = ("mpn", "model")
_MOST_VALUES = 20
"""Of one property that are looked at."""

_PRODUCT_TYPES = frozenset(("product", "og:product", "product.item", "product.group"))


@dataclass(frozen=True, slots=True)
class Identity:
    """What one product is; at most 200 letters each, and ``None`` what is not said, or said differently twice.

    ``gtin`` is as the page writes it, and may be none that is valid.
    """

    title: str
    brand: str | None = None
    gtin: str | None = None
    model: str | None = None


def read_identity(page: str) -> Identity | None:
    """What the one product of a page is; ``None`` where there is not one. Pure, and bounded by the page's size."""
    try:
        root = parse(page)
        if root is None:
            return None
        from_scripts = products_of(json_ld(root))
    except TooMuch:
        return None
    if from_scripts and are_several(from_scripts):
        return None
    graph = _OpenGraph.of(root)
    # Last, because it changes the tree.
    from_attributes = _from_attributes(root)
    known = _identity(from_scripts)
    marked = None if are_several(from_attributes) else _identity(from_attributes)
    if known is not None:
        return _completed(known, marked)
    if marked is not None:
        return marked
    return graph.identity(is_product=bool(from_scripts or from_attributes))


def text_of(value: Any) -> str | None:
    """Other people's text, safe to record; ``None`` where there is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    # Shops escape for HTML what stands in a script, where nothing is unescaped.
    text = shown(html.unescape(str(value)[: 8 * LONGEST]), LONGEST) if isinstance(value, str) else _digits(value)
    return text or None


def _digits(value: int) -> str:
    return str(value) if 0 <= value < 10**15 else ""


def _from_attributes(root: HtmlElement) -> list[Node]:
    try:
        return products_of(microdata(root, ("brand", "model")))
    except TooMuch:
        # Lists of products mark each of them.
        return []


def _identity(products: Sequence[Node]) -> Identity | None:
    """What nodes about one product say together."""
    titles = [name for product in products for name in _texts(product.get("name"))]
    if not titles:
        return None
    return Identity(
        titles[0],
        brand=_one(products, ("brand",)),
        gtin=_one(products, _GTINS),
        model=next(filter(None, (_one(products, (name,)) for name in _MODELS)), None),
    )


def _one(products: Sequence[Node], names: Sequence[str]) -> str | None:
    """The one text that properties of these names have; ``None`` without any, or with several."""
    texts = {_key(text): text for product in products for name in names for text in _texts(product.get(name))}
    return next(iter(texts.values())) if len(texts) == 1 else None


def _key(text: str) -> str:
    # An UPC and its EAN differ by a zero.
    return folded(text).lstrip("0")


def _texts(value: Any) -> list[str]:
    """The texts of a property: its values, or the names of the things that are its values."""
    found = []
    for one in listed(value)[:_MOST_VALUES]:
        inner = one.get("name", one.get("@value")) if isinstance(one, dict) else one
        text = text_of(inner[0] if isinstance(inner, list) and inner else inner)
        if text is not None:
            found.append(text)
    return found


def _completed(known: Identity, marked: Identity | None) -> Identity:
    """What scripts say, and what attributes add to it where they are about the same."""
    if marked is None or folded(marked.title) != folded(known.title):
        return known
    pairs = ((known.brand, marked.brand), (known.gtin, marked.gtin), (known.model, marked.model))
    return Identity(known.title, *(_together(one, other) for one, other in pairs))


def _together(one: str | None, other: str | None) -> str | None:
    if one is None or other is None:
        return one or other
    return one if _key(one) == _key(other) else None


@dataclass(frozen=True, slots=True)
class _OpenGraph:
    kinds: frozenset[str]
    titles: tuple[str, ...]

    @classmethod
    def of(cls, root: HtmlElement) -> "_OpenGraph":
        kinds, titles = set(), []
        for meta in root.iter("meta"):
            name = meta.get("property", "")[:20].strip().lower()
            if name == "og:type" and not in_template(meta):
                kinds.add(meta.get("content", "")[:20].strip().lower())
            elif name == "og:title" and not in_template(meta):
                titles.append(text_of(meta.get("content")) or "")
        return cls(frozenset(kinds), tuple(dict.fromkeys(titles)))

    def identity(self, *, is_product: bool) -> Identity | None:
        """The title alone, where the page is said to be about a product."""
        if len(self.titles) != 1 or not self.titles[0] or not (is_product or self.kinds & _PRODUCT_TYPES):
            return None
        return Identity(self.titles[0])
