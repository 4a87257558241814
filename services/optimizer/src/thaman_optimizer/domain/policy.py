"""Numbers of the pricing policy that are not a merchant's own settings.

They are data: a change here is a new :data:`GUARDS_VERSION`, so that every recorded decision names the numbers it was
made with. Sources: ``product.md`` B8 (defaults that protect) and ``pricing.md`` 1.3.
"""

from dataclasses import dataclass
from datetime import timedelta

from thaman_contracts.events.optimizer import (
    LEAST_OFFER_CONFIDENCE_BP as LEAST_OFFER_CONFIDENCE_BP,  # noqa: PLC0414 - one of these numbers, known to pages, too
)
from thaman_contracts.events.settings import RiskTolerance

GUARDS_VERSION = "guards-1.1"
"""Names the guards and these numbers; raised with every change that could change a decision."""

CATALOGUE_MAX_AGE = timedelta(hours=26)
"""A day plus the time a sweep may take: older knowledge of the shelf is unfit (B8)."""

WEEK = timedelta(days=7)
DAY = timedelta(days=1)

DECISION_LIFETIME = timedelta(hours=6)
"""A decided price that was not written by then is no longer wanted."""


@dataclass(frozen=True, slots=True)
class RiskBands:
    """Where low and high risk begin, in basis points.

    ``low_change`` and ``high_change`` bound the size of the change; ``low_margin`` is the margin on the price without
    VAT that low risk asks for; ``tight_headroom`` is the distance to the floor below which a price is high risk.
    """

    low_change: int
    high_change: int
    low_margin: int
    tight_headroom: int


RISK_BANDS = {
    RiskTolerance.LOW: RiskBands(low_change=350, high_change=700, low_margin=2_000, tight_headroom=300),
    RiskTolerance.MEDIUM: RiskBands(low_change=550, high_change=1_000, low_margin=1_500, tight_headroom=200),
    RiskTolerance.HIGH: RiskBands(low_change=800, high_change=1_500, low_margin=1_200, tight_headroom=100),
}
"""The wider thresholds of pricing.md 1.3 ("Mode study"), shifted by the merchant's tolerance; never the floor."""

LOW_RISK_WEIGHT_BP = 10_000
"""Low risk asks for the weight of at least one fresh, certain offer (pricing.md 1.3)."""
