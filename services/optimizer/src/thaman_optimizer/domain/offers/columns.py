"""Offers in columns: flat arrays, and where each product's own begin."""

from dataclasses import dataclass

import numpy as np

from thaman_optimizer.domain.demand.detmath import Floats
from thaman_optimizer.domain.demand.panel import Ints


@dataclass(frozen=True, slots=True)
class OfferColumns:
    """m offers of n products, one offer a rival and product.

    ``starts`` (n + 1,): product i has the offers ``starts[i]:starts[i+1]``, in any order. ``price`` (m,) halalas with
    VAT, at most 10^10. ``age_days`` (m,), negative when ahead of the clock. ``in_stock`` (m,) booleans.
    ``confidence_bp`` (m,): how sure it is that the offer is for the same product.

    Raises:
        ValueError: the arrays do not fit together.
    """

    starts: Ints
    price: Ints
    age_days: Floats
    in_stock: Ints
    confidence_bp: Ints

    def __post_init__(self) -> None:
        count = len(self.price)
        if any(len(a) != count for a in (self.age_days, self.in_stock, self.confidence_bp)):
            raise ValueError("offer columns differ in length")
        if len(self.starts) == 0 or self.starts[0] != 0 or self.starts[-1] != count or (np.diff(self.starts) < 0).any():
            raise ValueError("starts must rise from 0 to the number of offers")

    @property
    def products(self) -> int:
        """How many products the offers are of."""
        return len(self.starts) - 1

    def of_products(self, first: int, end: int) -> "OfferColumns":
        """The offers of the products ``first`` to ``end - 1``."""
        starts = self.starts[first : end + 1]
        which = slice(starts[0], starts[-1])
        return OfferColumns(
            starts - starts[0],
            self.price[which],
            self.age_days[which],
            self.in_stock[which],
            self.confidence_bp[which],
        )

    @classmethod
    def none(cls, products: int) -> "OfferColumns":
        """No offers at all."""
        nothing = np.zeros(0, dtype=np.int64)
        return cls(np.zeros(products + 1, dtype=np.int64), nothing, np.zeros(0), nothing, nothing)
