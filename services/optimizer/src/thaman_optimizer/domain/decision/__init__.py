"""What to do about a price: expected gain under uncertainty, guards, risk and disposition (pricing.md 1.3)."""

from thaman_optimizer.domain.decision.columns import Columns, Decisions, Guard
from thaman_optimizer.domain.decision.costs import floor_prices, impute_costs
from thaman_optimizer.domain.decision.decide import decide
from thaman_optimizer.domain.decision.dither import draws, identity
from thaman_optimizer.domain.decision.endings import Ending, ending_named
from thaman_optimizer.domain.decision.groups import Groups
from thaman_optimizer.domain.decision.outlook import Outlooks, outlooks
from thaman_optimizer.domain.decision.rules import (
    DECISION_VERSION,
    TOLERANCES,
    DecisionPolicy,
    Disposition,
    Risk,
    Tolerance,
)

__all__ = [
    "DECISION_VERSION",
    "TOLERANCES",
    "Columns",
    "DecisionPolicy",
    "Decisions",
    "Disposition",
    "Ending",
    "Groups",
    "Guard",
    "Outlooks",
    "Risk",
    "Tolerance",
    "decide",
    "draws",
    "ending_named",
    "floor_prices",
    "identity",
    "impute_costs",
    "outlooks",
]
