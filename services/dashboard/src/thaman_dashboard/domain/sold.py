"""From sales to profit. Pure; whole halalas."""

from collections.abc import Sequence
from dataclasses import dataclass

from thaman_contracts.money import BP_ONE
from thaman_dashboard.domain.did import Product


@dataclass(frozen=True, slots=True)
class Sold:
    """A product's sales before and after: paid with VAT and cost without, in halalas; ``None`` where not all known.

    One that ``is_apart`` was on no side all the time, or on both."""

    controlled: bool
    is_apart: bool
    paid_before: int | None
    cost_before: int | None
    paid_after: int | None
    cost_after: int | None


def profits(sold: Sequence[Sold], vat_bp: int, fee_bp: int) -> list[Product]:
    """Profits in halalas of those that can be compared: paid without VAT, less the share of fees, less cost."""

    def profit(paid: int | None, cost: int | None) -> int | None:
        if paid is None or cost is None:
            return None
        return paid * (BP_ONE - fee_bp) // (BP_ONE + vat_bp) - cost

    return [
        Product(one.controlled, profit(one.paid_before, one.cost_before), profit(one.paid_after, one.cost_after))
        for one in sold
        if not one.is_apart
    ]
