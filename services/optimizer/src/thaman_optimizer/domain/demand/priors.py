"""What is believed before a store's first sale: versioned constants, the same for every store.

Nothing here was learned from a store, so nothing of one store can reach another (pricing.md 1, antitrust).
"""

from dataclasses import dataclass

MODEL_VERSION = "demand-1.1"
"""Names the equations and these constants; raised with every change that could change a decision."""


@dataclass(frozen=True, slots=True)
class Pooled:
    """Prior of one coefficient: store mean and its deviation, category's deviation from it, items' deviation.

    ``pseudo_items`` is how many items' worth of belief stands behind ``item_sd``; ``covariate_means`` and
    ``covariate_sd`` are the prior of the second-stage coefficients; ``low`` and ``high`` bound an item's value.
    """

    mean: float
    store_sd: float
    category_sd: float
    item_sd: float
    covariate_sd: float
    pseudo_items: float
    low: float
    high: float
    covariate_means: tuple[float, float] = (0.0, 0.0)
    """Of the market's mark-up, and of the own position against the market. Demand is more elastic at higher prices
    (Marshall's second law; it holds for logit and for this model's own curve, where an elasticity e grows by about e
    with each log point of price), so the position's is positive for the elasticity."""
    proportional: bool = False
    """``item_sd`` is meant at the mean of the prior and grows with the category's."""


@dataclass(frozen=True, slots=True)
class Priors:
    """Every constant of the demand model (pricing.md 1.1).

    ``elasticity`` is the price elasticity at the item's own mean price (mean -2.62 over 1,851 published estimates:
    Bijmolt, van Heerde and Pieters, JMR 2005), ``cross`` the response to the reference price.
    """

    elasticity: Pooled = Pooled(2.6, 1.0, 0.5, 0.75, 0.35, 25.0, 0.2, 7.0, (0.0, 1.0), proportional=True)
    cross: Pooled = Pooled(0.9, 0.5, 0.25, 0.35, 0.15, 25.0, -0.2, 4.0)
    drift_sd: float = 0.05
    """Weekly standard deviation of an item's level."""
    level_sd: float = 1.2
    """Prior deviation of items' log levels inside a category, with ``level_pseudo_items`` behind it."""
    level_pseudo_items: float = 10.0
    dispersion: float = 1.2
    """Quasi-Poisson variance over mean, with ``dispersion_pseudo`` observations behind it."""
    dispersion_pseudo: float = 50.0
    clustering: float = 0.03
    """Variance that grows with the square of the mean."""
    tempering: float = 1.5
    """Dispersion is multiplied by this, because drift is not fully known."""
    store_pseudo_sales: float = 15.0
    category_pseudo_sales: float = 60.0
    effect_memory: float = 0.5
    """The share of a store's or category's weekly effect, beyond the long run's, that lasts another week."""
    effect_span: float = 0.1
    """How much a week's effect counts for what the effects come to in the long run, which is demand's own level."""
    reference_reach: float = 0.35
    """Log changes of the reference beyond this say no more."""
    covariate_scale: float = 0.3
    cost_position: float = 0.5
    """Where no rival is known, the own mark-up against the category's counts so much as a position."""
    alone_position: float = -0.4
    """Shoppers with no rival to compare with are less elastic: that is worth so much of a position."""
    covariate_reach: float = 3.0
    passes: int = 3


PRIORS = Priors()
"""The priors of this model version."""
