"""What one source of a page says, before the sources are held against each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from thaman_contracts.events.optimizer import OfferFitness, OfferSource


@dataclass(frozen=True, slots=True)
class Claim:
    """One source's answer. Amounts are halalas; ``None`` is unsaid.

    ``price`` is the lowest and ``highest`` the highest of the prices it gives, equal where it gives one. ``final``
    marks a refusal that no other source can mend: a used thing, several products, a price of zero. ``said`` holds the
    source's own words by the names of :class:`~thaman_contracts.events.optimizer.OfferEvidence`.
    """

    source: OfferSource
    fitness: OfferFitness
    price: int | None = None
    highest: int | None = None
    currency: str | None = None
    in_stock: bool | None = None
    with_vat: bool | None = None
    valid_until: str | None = None
    detail: str | None = None
    final: bool = False
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ranged(self) -> bool:
        """Whether it gives several prices."""
        return self.highest != self.price

    def agrees_with(self, other: "Claim") -> bool:
        """Whether both can be true of one price: the same currency, and one's price among the other's."""
        assert self.price is not None and self.highest is not None
        assert other.price is not None and other.highest is not None
        return (
            self.currency == other.currency
            and self.price <= other.highest
            and other.price <= self.highest
            # Two ranges that merely touch say different things about the lowest price.
            and (self.price == other.price or not (self.ranged and other.ranged))
        )


def refused(source: OfferSource, why: str, *, final: bool = False, said: Mapping[str, Any] | None = None) -> Claim:
    """A source that is there and gives no price that can be read."""
    return Claim(source, OfferFitness.UNREADABLE, detail=why[:200], final=final, said=said or {})


def without_price(
    source: OfferSource, why: str, *, final: bool = False, said: Mapping[str, Any] | None = None
) -> Claim:
    """A source that is there and gives no price at all, or zero, which is none."""
    return Claim(source, OfferFitness.NO_PRICE, detail=why, final=final, said=said or {})
