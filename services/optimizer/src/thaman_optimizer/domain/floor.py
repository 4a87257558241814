"""The lowest and highest price an item may ever have. The floor wins over everything.

Floor, margin on the price without VAT: ``cost x (1 + VAT) / (1 - margin - fee)``; mark-up on the cost:
``cost x (1 + mark-up) x (1 + VAT) / (1 - fee)``. Both rounded up to the halala (product.md B8). Margin and fee are
shares of the price without VAT.
"""

from dataclasses import dataclass

from thaman_contracts.events.settings import MarginBasis, StoreSettings
from thaman_contracts.money import BP_ONE, ceil_div
from thaman_optimizer.domain.basis import Basis
from thaman_optimizer.domain.facts import ItemFacts, StoreFacts

HIGHEST_AMOUNT = 10**12
"""The largest amount the contracts carry, in halalas."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Shelf prices between which an item has to stay, and the same as base prices.

    ``ceiling`` is never below the lowest price the floor permits; ``floor_won`` says that it had to be lifted there.
    ``own_ceiling`` says that the merchant set it for this item.
    """

    floor: int
    ceiling: int
    base_floor: int
    base_ceiling: int
    own_ceiling: bool
    floor_won: bool


@dataclass(frozen=True, slots=True)
class NoLimits:
    """Why there is no floor or ceiling: a code that :mod:`thaman_optimizer.domain.explain` puts into words."""

    reason: str


def floor_of(cost: int, vat_bp: int, settings: StoreSettings) -> int | None:
    """The lowest shelf price (with VAT) that keeps the minimum margin; ``None`` when no price can."""
    with_vat = cost * (BP_ONE + vat_bp)
    if settings.margin_basis is MarginBasis.MARGIN:
        kept_bp = BP_ONE - settings.min_margin_bp - settings.fee_bp
        return ceil_div(with_vat, kept_bp) if kept_bp > 0 else None
    kept_bp = BP_ONE - settings.fee_bp
    return ceil_div(with_vat * (BP_ONE + settings.min_margin_bp), kept_bp * BP_ONE) if kept_bp > 0 else None


def limits_of(store: StoreFacts, item: ItemFacts) -> Limits | NoLimits:
    """The limits of an item, or why there are none.

    An unknown cost gives no floor. A floor of zero (a cost of zero, which Salla shows where none was typed) protects
    nothing and is therefore none either.
    """
    if item.cost is None:
        return NoLimits("cost_unknown")
    computed = floor_of(item.cost, store.vat_bp, store.settings)
    if computed is None:
        return NoLimits("margin_impossible")
    floor = max(computed, item.min_price or 0)
    if floor <= 0:
        return NoLimits("cost_zero")
    ceiling = _wished_ceiling(store, item)
    if ceiling is None:
        return NoLimits("baseline_unknown")
    return _limits(Basis(store.prices_include_vat, store.vat_bp), floor, ceiling, own=item.max_price is not None)


def _wished_ceiling(store: StoreFacts, item: ItemFacts) -> int | None:
    if item.max_price is not None:
        return item.max_price
    if item.baseline is None:
        return None
    return item.baseline * (BP_ONE + store.settings.ceiling_over_baseline_bp) // BP_ONE


def _limits(basis: Basis, floor: int, wished: int, *, own: bool) -> Limits | NoLimits:
    base_floor = basis.base_at_least(floor)
    lowest = basis.shelf(base_floor)
    if lowest > HIGHEST_AMOUNT:
        return NoLimits("floor_out_of_range")
    ceiling = min(max(wished, lowest), HIGHEST_AMOUNT)
    return Limits(
        floor=floor,
        ceiling=ceiling,
        base_floor=base_floor,
        base_ceiling=max(base_floor, basis.base_at_most(ceiling)),
        own_ceiling=own,
        floor_won=wished < lowest,
    )
