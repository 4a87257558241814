"""What the market says of one item; worked out in :mod:`thaman_optimizer.domain.offers`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reference:
    """A robust reference price with VAT in halalas, ``None`` when rivals say nothing usable.

    ``fit`` counts rivals before the outlier cut, ``used`` after it, ``cut`` the offers cut; ``weight_bp`` is the
    combined weight (10,000 = one fresh, certain offer).
    """

    price: int | None
    fit: int
    used: int
    cut: int
    weight_bp: int


UNSEEN = Reference(price=None, fit=0, used=0, cut=0, weight_bp=0)
"""Nobody looked, or there was nothing to see."""
