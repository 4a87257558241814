"""Which offers count, and how much: policy data (pricing.md 1.2)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OfferRules:
    """Numbers of the robust reference.

    Ages in days, ``neighbourhood`` and the outlier bounds as price ratios, confidences in basis points.
    """

    max_age_days: float = 14.0
    half_life_days: float = 4.0
    future_days: float = 1.0
    """An observation may be so much ahead of the clock before it is not believed."""
    min_confidence_bp: int = 5_500
    neighbourhood: float = 1.9
    """Offers further than this factor from the own 90-day median are another thing or misread."""
    outlier_deviations: float = 3.0 * 1.4826
    outlier_least: float = 1.15
    outlier_most: float = 1.5
    min_weight: float = 0.5
    """Less combined weight than half a fresh, certain offer is no reference."""


OFFER_RULES = OfferRules()
"""The rules in force."""
