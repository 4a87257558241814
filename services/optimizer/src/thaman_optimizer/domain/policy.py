"""Numbers of the pricing policy that are not a merchant's own settings.

They are data: a change here is a new :data:`ENGINE_VERSION`, so that every recorded decision names the numbers it was
made with. Sources: ``product.md`` B8 (defaults that protect) and ``pricing.md`` 1.2 and 1.3.
"""

from dataclasses import dataclass
from datetime import timedelta

from thaman_contracts.events.settings import RiskTolerance

ENGINE_VERSION = "reference-1.0"
"""Names the engine and its numbers; raised with every change that could change a decision."""

CATALOGUE_MAX_AGE = timedelta(hours=26)
"""A day plus the time a sweep may take: older knowledge of the shelf is unfit (B8)."""

MATCH_CONFIDENCE_MIN_BP = 5_500
"""Offers whose page was understood with less confidence never count (pricing.md 1.2)."""

OFFER_HALF_LIFE_MINUTES = 4 * 24 * 60
"""An offer's weight halves every four days (pricing.md 1.2)."""

NEIGHBOURHOOD_BP = 19_000
"""Offers further than a factor 1.9 from the own price are another thing or a misreading (pricing.md 1.2)."""

OUTLIER_MIN_BP = 11_500
OUTLIER_MAX_BP = 15_000
"""An offer may lie this far from the median: 3 x 1.4826 x MAD clipped to factors 1.15 and 1.5 (pricing.md 1.2)."""

REFERENCE_MIN_WEIGHT_BP = 5_000
"""Less combined weight than half a fresh, certain offer is no reference (pricing.md 1.2)."""

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
