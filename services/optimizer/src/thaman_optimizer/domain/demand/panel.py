"""Weeks of sales in columns: what the demand model learns from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from thaman_optimizer.domain.demand.detmath import Floats

Ints = npt.NDArray[np.int64]
"""An array of whole numbers."""


@dataclass(frozen=True, slots=True)
class WeekColumns:
    """One week of every product, in the state's order; arrays of shape (n,).

    ``units`` sold, ``price`` with VAT in halalas (NaN unknown), ``share`` of the week in stock (0 = nothing was
    seen), ``reference`` price in halalas (NaN = none).
    """

    units: Floats
    price: Floats
    share: Floats
    reference: Floats


@dataclass(frozen=True, slots=True)
class Panel:
    """Some weeks of some products, oldest week first.

    ``units``, ``price``, ``share`` and ``reference`` have shape (weeks, n) and mean what :class:`WeekColumns` says.
    ``category`` (n,) holds codes 0..; ``cost`` (n,) is without VAT in halalas, NaN where unknown.

    Raises:
        ValueError: product ids are not strictly increasing, or shapes differ. Sums over products run in this order,
            which is why it has to be one that does not depend on who asks.
    """

    product_ids: tuple[str, ...]
    category: Ints
    cost: Floats
    units: Floats
    price: Floats
    share: Floats
    reference: Floats

    def __post_init__(self) -> None:
        count = len(self.product_ids)
        if any(a >= b for a, b in zip(self.product_ids, self.product_ids[1:], strict=False)):
            raise ValueError("product ids must be strictly increasing; see Panel.ordered")
        shapes = {array.shape for array in (self.units, self.price, self.share, self.reference)}
        if len(shapes) != 1 or self.units.ndim != 2 or self.units.shape[1] != count:
            raise ValueError(f"weeks have shapes {sorted(shapes)} for {count} products")
        if self.category.shape != (count,) or self.cost.shape != (count,):
            raise ValueError("category and cost need one entry for each product")

    @classmethod
    def ordered(
        cls,
        product_ids: Sequence[str],
        category: Ints,
        cost: Floats,
        *,
        units: Floats,
        price: Floats,
        share: Floats,
        reference: Floats,
    ) -> "Panel":
        """A panel from columns in any order."""
        order = sorted(range(len(product_ids)), key=product_ids.__getitem__)
        return cls(
            tuple(product_ids[i] for i in order),
            category[order],
            cost[order],
            units[:, order],
            price[:, order],
            share[:, order],
            reference[:, order],
        )

    @property
    def weeks(self) -> int:
        """How many weeks."""
        return int(self.units.shape[0])

    def week(self, index: int) -> WeekColumns:
        """One week."""
        return WeekColumns(self.units[index], self.price[index], self.share[index], self.reference[index])
