"""What a product or variant costs now, with and without tax. Pure; all amounts are halalas."""

from dataclasses import dataclass
from datetime import date

from thaman_sandbox.models import Product, Store, Variant
from thaman_sandbox.money import share, without_tax


def sale_running(sale: int | None, start: date | None, end: date | None, today: date) -> bool:
    """Whether a sale price applies today; both days of the range belong to the sale."""
    if not sale:
        return False
    return (start is None or start <= today) and (end is None or today <= end)


def product_effective(product: Product, today: date) -> int:
    """The product's selling price today."""
    if product.sale is not None and sale_running(product.sale, product.sale_start, product.sale_end, today):
        return product.sale
    return product.base


def variant_effective(variant: Variant) -> int:
    """The variant's selling price: its sale has no dates of its own and runs while it is set."""
    return variant.sale or variant.base


@dataclass(frozen=True, slots=True)
class Taxed:
    """One price split into what the merchant typed and what the shopper pays."""

    price: int
    pre_tax: int
    tax: int
    total: int


def with_taxes(store: Store, price: int, *, taxable: bool) -> Taxed:
    """Split ``price`` as the store's setting says: prices contain VAT, or VAT comes on top."""
    if not taxable:
        return Taxed(price, price, 0, price)
    if store.prices_include_vat:
        net = without_tax(price, store.vat_bp)
        return Taxed(price, net, price - net, price)
    tax = share(price, store.vat_bp)
    return Taxed(price, price, tax, price + tax)
