"""VAT: from what a merchant types (base price) to what a shopper pays (shelf price). Pure integer arithmetic."""

from dataclasses import dataclass

from thaman_contracts.money import add_bp


@dataclass(frozen=True, slots=True)
class VatBasis:
    """How a store's typed prices relate to VAT: they contain it, or it comes on top."""

    prices_include_vat: bool
    vat_bp: int

    def shelf(self, base: int, *, taxable: bool = True) -> int:
        """The shelf price of a base price, halalas; an untaxed item costs what was typed."""
        if self.prices_include_vat or not taxable:
            return base
        return add_bp(base, self.vat_bp)
