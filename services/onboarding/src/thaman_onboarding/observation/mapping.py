"""From Salla's products to priced items, by the price rules of salla.md 3.4.

``price`` is what is asked now, ``regular_price`` the base (0 means "not set", then ``price`` is the base), and the
shelf price is ``taxed_price``. A product with variants is shown, but its variants carry the prices.
"""

from collections.abc import Iterator

from thaman_contracts.events.onboarding import CatalogItem, ItemStatus
from thaman_onboarding.adapters.salla_shapes import Product, Sku, first
from thaman_onboarding.domain.catalogue import SeenItem
from thaman_onboarding.domain.vat import VatBasis
from thaman_onboarding.errors import SallaMalformed

STATUS = {one.value: one for one in ItemStatus}


def base_price(price: int | None, regular_price: int | None) -> int | None:
    """The base price: ``regular_price`` where it is set, else ``price``; ``None`` when Salla told neither."""
    return regular_price or price


def known_cost(cost: int | None) -> int | None:
    """A cost; 0 means that the merchant entered none, and unknown is never zero."""
    return cost or None


def seen_items(product: Product, basis: VatBasis, currency: str) -> Iterator[SeenItem]:
    """The product's own item and one for each variant.

    Raises:
        SallaMalformed: a price is missing.
    """
    item = _product_item(product, basis, currency)
    yield SeenItem(item, product.with_tax)
    for sku in product.skus:
        yield SeenItem(variant_item(item, sku, basis, taxable=product.with_tax), product.with_tax)


def _product_item(product: Product, basis: VatBasis, currency: str) -> CatalogItem:
    base = base_price(product.price, product.regular_price)
    if base is None:
        raise SallaMalformed(f"product {product.id} has no price")
    now = base if product.price is None else product.price
    sale = product.sale_price or None
    return CatalogItem(
        product_id=product.id,
        sku=product.sku,
        gtin=product.gtin,
        mpn=product.mpn,
        name=product.name or product.sku or product.id,
        brand=product.brand,
        category=first(product.categories),
        status=_status(product.status),
        currency=currency,
        base_price=base,
        shelf_price=product.taxed_price or basis.shelf(now, taxable=product.with_tax),
        sale_price=sale,
        sale_ends_on=product.sale_end if sale is not None else None,
        sale_running=sale is not None and now == sale and now != base,
        cost=known_cost(product.cost_price),
        stock=_stock(product.quantity),
        unlimited=product.unlimited_quantity,
        has_variants=bool(product.skus),
        url=product.url,
    )


def variant_item(product: CatalogItem, sku: Sku, basis: VatBasis, *, taxable: bool) -> CatalogItem:
    """One variant; what Salla tells only of the product comes from there. Its VAT follows the product's."""
    base = base_price(sku.price, sku.regular_price)
    if base is None:
        raise SallaMalformed(f"variant {sku.id} of product {product.product_id} has no price")
    now = base if sku.price is None else sku.price
    sale = sku.sale_price or None
    return CatalogItem(
        product_id=product.product_id,
        variant_id=sku.id,
        sku=sku.sku,
        gtin=sku.gtin or sku.barcode,
        mpn=sku.mpn,
        name=product.name,
        brand=product.brand,
        category=product.category,
        status=product.status,
        currency=product.currency,
        base_price=base,
        shelf_price=basis.shelf(now, taxable=taxable),
        sale_price=sale,
        sale_running=sale is not None and now == sale and now != base,
        cost=known_cost(sku.cost_price),
        stock=_stock(sku.stock_quantity),
        unlimited=sku.unlimited_quantity,
        url=product.url,
    )


def _status(value: str | None) -> ItemStatus:
    """The status; one that we do not know counts as hidden, because hidden items are not priced."""
    return STATUS.get(value or "", ItemStatus.HIDDEN)


def _stock(value: int | None) -> int | None:
    return None if value is None else max(value, 0)
