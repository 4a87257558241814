"""How risky a proposal is, and what the merchant's mode makes of it (pricing.md 1.3, product.md B8)."""

import numpy as np

from thaman_contracts.events.settings import AutomationMode
from thaman_contracts.money import BP_ONE
from thaman_optimizer.domain.decision.choice import Choice, change_bp
from thaman_optimizer.domain.decision.columns import Columns, Flags
from thaman_optimizer.domain.decision.rules import DecisionPolicy, Disposition, Risk
from thaman_optimizer.domain.demand.detmath import Floats
from thaman_optimizer.domain.demand.panel import Ints

_WRITTEN = {
    AutomationMode.MANUAL: -1,
    AutomationMode.SEMI_AUTO: int(Risk.LOW),
    AutomationMode.FULL_AUTO: int(Risk.MEDIUM),
}
"""The highest risk that a mode writes without a person; high is never among them."""


def assess(columns: Columns, choice: Choice, probability: Floats, sales: Floats, policy: DecisionPolicy) -> Ints:
    """The risk of every chosen price; ``sales`` are the units ever seen.

    A move made to learn is small by construction, so its even odds do not count against it.
    """
    change = change_bp(columns.price, choice.price)
    margin = margin_bp(columns, choice.price, policy)
    evidence = (columns.reference_weight >= policy.low_weight) | (sales >= policy.low_sales)
    blind = (sales <= 0.0) & np.isnan(columns.reference)
    high = (
        ~columns.cost_known
        | (change > policy.high_change_bp)
        | (margin < _least_margin(columns, choice.price, policy) + policy.high_headroom_bp)
        | ((probability < policy.high_probability) & ~choice.dithered)
        | blind
        | (columns.price < columns.floor)
    )
    low = (
        (margin > policy.tolerance.low_margin_bp)
        & (change <= policy.tolerance.low_change_bp)
        & ((probability >= policy.tolerance.low_probability) | choice.dithered)
        & evidence
    )
    return np.where(high, int(Risk.HIGH), np.where(low, int(Risk.LOW), int(Risk.MEDIUM)))


def disposition_of(propose: Flags, risk: Ints, policy: DecisionPolicy) -> Ints:
    """Held, asked or written."""
    written = risk <= _WRITTEN[policy.mode]
    course = np.where(written, int(Disposition.WRITE), int(Disposition.ASK))
    return np.where(propose, course, int(Disposition.HOLD))


def margin_bp(columns: Columns, price: Ints, policy: DecisionPolicy) -> Floats:
    """What is left of the price without VAT after cost and fee, as a share of it in basis points."""
    spent = columns.cost * (BP_ONE + policy.vat_bp) / price
    return BP_ONE - policy.fee_bp - spent


def _least_margin(columns: Columns, price: Ints, policy: DecisionPolicy) -> Floats | int:
    """The minimum margin as a share of this price without VAT; a mark-up is one on the cost."""
    if not policy.markup:
        return policy.min_margin_bp
    return policy.min_margin_bp * columns.cost * (BP_ONE + policy.vat_bp) / BP_ONE / price
