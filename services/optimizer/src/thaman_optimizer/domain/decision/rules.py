"""What a merchant chooses, and the numbers behind it: policy data, never code (pricing.md 1.3, product.md B8)."""

from dataclasses import dataclass
from enum import IntEnum

from thaman_contracts.events.settings import AutomationMode
from thaman_optimizer.domain.decision.endings import DEFAULT_ENDING, Ending

DECISION_VERSION = "decision-1.3"
"""Names the rules and these numbers; raised with every change that could change a decision."""


class Risk(IntEnum):
    """How risky a proposal is."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2


class Disposition(IntEnum):
    """What happens with it."""

    HOLD = 0
    ASK = 1
    WRITE = 2


@dataclass(frozen=True, slots=True)
class Tolerance:
    """One risk tolerance: how far and how boldly to move, and where risk bands begin.

    ``caution`` weighs the standard deviation of the gain against its mean; ``dither_bp`` 0 means none. ``low_*`` bound
    what counts as low risk (the wider thresholds of pricing.md's mode study). Probabilities as shares.
    """

    step_bp: int
    caution: float
    min_probability: float
    dither_bp: int
    low_change_bp: int
    low_margin_bp: int
    low_probability: float


TOLERANCES = {
    "low": Tolerance(500, 0.5, 0.75, 0, 550, 1_500, 0.75),
    "medium": Tolerance(800, 0.1, 0.55, 250, 550, 1_500, 0.75),
    "high": Tolerance(1_200, 0.0, 0.55, 400, 800, 1_200, 0.65),
}
"""By name; a merchant's own step replaces ``step_bp``."""


@dataclass(frozen=True, slots=True)
class DecisionPolicy:
    """Everything a decision depends on besides the product and the market. Shares in basis points, ages in days."""

    tolerance: Tolerance = TOLERANCES["medium"]
    mode: AutomationMode = AutomationMode.FULL_AUTO
    vat_bp: int = 1_500
    fee_bp: int = 0
    min_margin_bp: int = 1_000
    markup: bool = False
    """The minimum margin is a mark-up on the cost instead of a share of the price without VAT."""
    ending: Ending = DEFAULT_ENDING
    max_step_bp: int | None = None
    dwell_days: float = 7.0
    corridor_low_bp: int = 7_500
    corridor_high_bp: int = 13_500
    least_gain: float = 0.004
    least_gain_halalas: float = 5.0
    dither_after_days: float = 21.0
    dither_least_sales: float = 3.5
    """Expected weekly units below which a move teaches too little to be worth making."""
    dither_least_bp: int = 150
    dither_most_bp: int = 400
    high_change_bp: int = 1_000
    high_headroom_bp: int = 200
    high_probability: float = 0.5
    interval_stretch: float = 1.15
    """Factor on the standard deviations of 80 % intervals, from simulated markets (docs/guides/market.md)."""
    low_weight: float = 1.0
    low_sales: float = 30.0

    @property
    def step_bp(self) -> int:
        """The largest step of one change; semi-auto takes only steps that it may write without a person."""
        step = self.tolerance.step_bp if self.max_step_bp is None else self.max_step_bp
        return min(step, self.tolerance.low_change_bp) if self.mode is AutomationMode.SEMI_AUTO else step
