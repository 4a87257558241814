"""A page's answer from its markup: the sources are read one after the other, then held against each other."""

from lxml.html import HtmlElement

from thaman_contracts.events.optimizer import OfferSource
from thaman_optimizer.domain.reading.agreement import agreed
from thaman_optimizer.domain.reading.answers import Reading, cannot_tell
from thaman_optimizer.domain.reading.area import area_of
from thaman_optimizer.domain.reading.claims import Claim, refused
from thaman_optimizer.domain.reading.jsonld import json_ld
from thaman_optimizer.domain.reading.markup import TooMuch, parse
from thaman_optimizer.domain.reading.microdata import microdata
from thaman_optimizer.domain.reading.opengraph import open_graph
from thaman_optimizer.domain.reading.products import product_claim
from thaman_optimizer.domain.reading.text import text_claim


def read_page(html: str) -> Reading:
    """Read one page. Pure, and bounded by the size of the page whatever is in it."""
    try:
        root = parse(html)
        if root is None:
            return cannot_tell("it is empty")
        from_scripts = product_claim(json_ld(root), OfferSource.JSON_LD)
    except TooMuch:
        return cannot_tell("its structured data is too deep or too large")
    text = text_claim(area_of(root))
    # Last, because it changes the tree.
    claims = (from_scripts, _from_attributes(root), open_graph(root))
    return agreed([claim for claim in claims if claim is not None], text)


def _from_attributes(root: HtmlElement) -> Claim | None:
    try:
        return product_claim(microdata(root), OfferSource.MICRODATA)
    except TooMuch:
        # Lists of products mark each of them; what is said about the page itself may still be read.
        return refused(OfferSource.MICRODATA, "its microdata are too many, or cannot be read")
