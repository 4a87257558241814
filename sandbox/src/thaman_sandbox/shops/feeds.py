"""A shop's offers in one file, as services that watch prices sell it."""

import csv
from io import StringIO

from thaman_sandbox.money import plain
from thaman_sandbox.shops.offers import Offer, Shop, listed, offer, product_url, with_vat
from thaman_sandbox.world import World

COLUMNS = ("url", "title", "brand", "gtin", "mpn", "price", "currency", "availability")


def feed_of(world: World, shop: Shop, base: str) -> str:
    """The file, as CSV with a header; prices with VAT, whatever the shop's pages show."""
    text = StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerows(_row(offer(world, shop, slug), base) for slug in listed(shop))
    return text.getvalue()


def _row(one: Offer, base: str) -> list[str]:
    english = one.shop.language == "en"
    return [
        product_url(base, one.shop, one.slug),
        one.name.en if english else one.name.ar,
        one.thing.brand.en if english else one.thing.brand.ar,
        one.gtin,
        one.thing.mpn,
        plain(with_vat(one.shop, one.price)),
        "SAR",
        "in_stock" if one.in_stock else "out_of_stock",
    ]
