"""Which products a strategy is for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from thaman_contracts.ids import split_item_key
from thaman_optimizer.domain.pricing.records import ProductInput
from thaman_optimizer.domain.pricing.values import BadValue, text


@dataclass(frozen=True, slots=True, repr=False)
class Scope:
    """Which products: named ones, brands, or categories. Empty = all; several kinds of names all have to hold.

    A product's name means its variants (``"<product>/<variant>"``), too, and a group's name its members.
    """

    products: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        """In sorted order, because digests are made from it and a set's own order differs from process to process."""
        return f"Scope({sorted(self.products)}, {sorted(self.brands)}, {sorted(self.categories)})"

    def covers(self, product: ProductInput) -> bool:
        """Whether the product is meant."""
        names = {product.product_id, split_item_key(product.product_id)[0], product.group}
        return (
            (not self.products or not names.isdisjoint(self.products))
            and (not self.brands or product.brand in self.brands)
            and (not self.categories or product.category in self.categories)
        )

    def narrowness(self, product: ProductInput) -> int:
        """A variant is narrower than its product, products than brands, brands than categories, those than all."""
        named = 4 * bool(self.products) + 2 * bool(self.brands) + bool(self.categories)
        return named + 8 * (product.product_id in self.products)


EVERYTHING = Scope()


def scope_from(value: Any, place: str) -> Scope:
    """A scope from a JSON object; null means everything.

    Raises:
        BadValue: not a scope.
    """
    if value is None:
        return EVERYTHING
    if not isinstance(value, Mapping):
        raise BadValue(f"{place} must be an object")
    names = {"products": "product", "brands": "brand", "categories": "category"}
    strangers = set(value) - set(names) - set(names.values())
    if strangers:
        raise BadValue(f"{place}: {sorted(strangers)[0]!r} is not one of products, brands, categories")
    return Scope(**{many: _names(value.get(many, value.get(one)), f"{place}.{many}") for many, one in names.items()})


def _names(value: Any, place: str) -> frozenset[str]:
    if value is None:
        return frozenset()
    listed = value if isinstance(value, list) else [value]
    return frozenset(text(one, place) for one in listed)
