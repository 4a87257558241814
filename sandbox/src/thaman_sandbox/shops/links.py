"""Which product of a store is sold in which competitor shop."""

from thaman_sandbox.models import Product, Store
from thaman_sandbox.shops.offers import SHOPS, carries, product_url
from thaman_sandbox.world import World


def competitor_links(world: World, store: Store, base: str) -> list[dict[str, object]]:
    """The links a merchant would type in, for products and for variants."""
    rows: list[dict[str, object]] = []
    for product in world.state.shelves[store.id].products.values():
        for variant_id, reference in _items(product):
            rows += [
                {
                    "product_id": product.id,
                    "variant_id": variant_id,
                    "competitor": shop.key,
                    "name": shop.name.en if store.language == "en" else shop.name.ar,
                    "prices_include_vat": shop.prices_include_vat,
                    "url": product_url(base, shop, reference),
                }
                for shop in SHOPS.values()
                if carries(shop, reference)
            ]
    return rows


def _items(product: Product) -> list[tuple[int | None, str]]:
    if product.variants:
        return [(one.id, one.reference) for one in product.variants]
    return [(None, product.reference)]
