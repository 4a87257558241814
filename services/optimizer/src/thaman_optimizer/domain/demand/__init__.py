"""What shoppers want: a demand model that learns from sparse weekly sales (pricing.md 1.1).

:func:`~thaman_optimizer.domain.demand.fit.fit` learns from a panel of weeks,
:func:`~thaman_optimizer.domain.demand.week.step` adds one week to what is known.
"""

from thaman_optimizer.domain.demand.fit import fit
from thaman_optimizer.domain.demand.panel import Panel, WeekColumns
from thaman_optimizer.domain.demand.priors import MODEL_VERSION, PRIORS, Priors
from thaman_optimizer.domain.demand.state import DemandState
from thaman_optimizer.domain.demand.week import step

__all__ = ["MODEL_VERSION", "PRIORS", "DemandState", "Panel", "Priors", "WeekColumns", "fit", "step"]
