"""How risky a proposed price is: computed from its facts, never asked of anybody."""

from dataclasses import dataclass

from thaman_contracts.events.optimizer import Risk
from thaman_contracts.events.settings import Strategy
from thaman_contracts.money import BP_ONE, change_bp
from thaman_optimizer.domain import policy
from thaman_optimizer.domain.guards.base import Case
from thaman_optimizer.domain.pricing.strategies import MARKET_KINDS


@dataclass(frozen=True, slots=True)
class RiskAssessment:
    """The risk and its reasons as codes, worst first."""

    risk: Risk
    reasons: tuple[str, ...]


def assess(case: Case, new_base: int, breaks: tuple[str, ...]) -> RiskAssessment:
    """The risk of moving to ``new_base``; ``breaks`` are the limits that only a person may let it break.

    High where the change is large, the price comes near its floor, no offer supports it, or it stands below the floor
    now; low where the change is small, the margin comfortable and the market well seen; medium otherwise. Where the
    demand model was asked, its own assessment of chances and evidence stands in for the market's, and the stricter of
    the two counts.
    """
    bands = policy.RISK_BANDS[case.store.settings.risk_tolerance]
    change = change_bp(case.item.base_price, new_base)
    high = [f"breaks_limit {limit}" for limit in breaks]
    if case.outside_limits:
        high.append("outside_limits_now")
    if abs(change) > bands.high_change:
        high.append(f"change_large bp={change}")
    if _headroom_bp(case, new_base) < bands.tight_headroom:
        high.append(f"near_floor bp={_headroom_bp(case, new_base)}")
    if case.strategy in MARKET_KINDS and case.reference.price is None:
        high.append("no_reference")
    high += _models_reasons(case, new_base, Risk.HIGH)
    if high:
        return RiskAssessment(Risk.HIGH, tuple(high))
    medium = _medium_reasons(case, new_base, change, bands)
    if medium:
        return RiskAssessment(Risk.MEDIUM, tuple(medium))
    return RiskAssessment(Risk.LOW, (f"small_{'raise' if change > 0 else 'cut'} bp={change}",))


def _medium_reasons(case: Case, new_base: int, change: int, bands: policy.RiskBands) -> list[str]:
    reasons = []
    if abs(change) > bands.low_change:
        reasons.append(f"change_medium bp={change}")
    # A raise can only widen the margin, so a thin margin counts against cuts.
    margin = margin_bp(case, new_base)
    if change < 0 and margin < bands.low_margin:
        reasons.append(f"margin_thin bp={margin}")
    if case.strategy is Strategy.DEMAND:
        reasons += _models_reasons(case, new_base, Risk.MEDIUM)
    elif case.strategy in MARKET_KINDS and case.reference.weight_bp < policy.LOW_RISK_WEIGHT_BP:
        reasons.append(f"offers_weak weight_bp={case.reference.weight_bp}")
    return reasons


def _models_reasons(case: Case, new_base: int, risk: Risk) -> list[str]:
    """Why the demand model's word makes a move this risky; a price that is not its own it knows nothing of."""
    if case.strategy is not Strategy.DEMAND:
        return []
    if case.advice is None or not case.is_advised(new_base):
        return ["not_the_models_price"] if risk is Risk.MEDIUM else []
    return [f"model_{risk.value} chance_bp={case.advice.chance_bp}"] if case.advice.risk is risk else []


def margin_bp(case: Case, base: int) -> int:
    """What is left of the price without VAT after cost and fees, as a share of it; rounded down."""
    cost = case.item.cost or 0
    shelf = case.basis.shelf(base)
    # net = shelf / (1 + VAT); margin = 1 - fee - cost / net
    spent_bp = -(-cost * (BP_ONE + case.store.vat_bp) // shelf)
    return BP_ONE - case.store.settings.fee_bp - spent_bp


def _headroom_bp(case: Case, base: int) -> int:
    """How far the shelf price stands above the floor, as a share of the floor."""
    return (case.basis.shelf(base) - case.bounds.floor) * BP_ONE // case.bounds.floor
