"""Between the base price that Salla is told and the shelf price that a shopper pays.

In a VAT-inclusive store they are the same. In a VAT-exclusive one the shelf price is the base price plus VAT, so not
every shelf price exists; conversions name the side on which they err.
"""

from dataclasses import dataclass

from thaman_contracts.money import BP_ONE, ceil_div, round_div


@dataclass(frozen=True, slots=True)
class Basis:
    """A store's VAT basis."""

    prices_include_vat: bool
    vat_bp: int

    @property
    def factor_bp(self) -> int:
        """Shelf price over base price, in basis points."""
        return BP_ONE if self.prices_include_vat else BP_ONE + self.vat_bp

    def shelf(self, base: int) -> int:
        """The shelf price of a base price, to the nearest halala."""
        return round_div(base * self.factor_bp, BP_ONE)

    def base_at_least(self, shelf: int) -> int:
        """The smallest base price whose exact price with VAT is not below ``shelf``, however it is rounded later."""
        return ceil_div(shelf * BP_ONE, self.factor_bp)

    def base_at_most(self, shelf: int) -> int:
        """The largest base price whose shelf price is not above ``shelf``."""
        base = self.base_at_least(shelf)
        while base > 0 and self.shelf(base) > shelf:
            base -= 1
        return base

    def base_near(self, shelf: int) -> int:
        """A base price that shows exactly ``shelf`` where there is one, otherwise the next one above."""
        below = self.base_at_most(shelf)
        return below if self.shelf(below) == shelf else self.base_at_least(shelf)
