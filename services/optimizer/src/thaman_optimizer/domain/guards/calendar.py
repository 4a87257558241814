"""What the calendar and the law say."""

from thaman_optimizer.domain.guards.base import Case, Verdict, held, noted, passed
from thaman_optimizer.domain.localtime import RIYADH
from thaman_optimizer.domain.rests import resting


def season_window(case: Case, base: int) -> Verdict:
    """Prices rest in the times that the policy names; only what breaks its own limits is brought back even then."""
    facts = case.store.policy
    if facts is None:
        return passed(base)
    policy = facts.policy
    name = resting(policy.season_rests, policy.date_rests, policy.sleep, case.now, RIYADH)
    if name is None:
        return passed(base)
    detail = f"quiet_window name={name.replace(' ', '_')}"
    return noted(base, detail) if case.outside_limits else held(base, detail)


def discount_licence(case: Case, base: int) -> Verdict:
    """Only base prices are written, because a sale price announces a discount, which needs a licence.

    A sale that is set but not running yet would be announced from another base price, or be no discount at all: held.
    """
    item = case.item
    scheduled = item.sale_price is not None and (item.sale_ends_on is None or item.sale_ends_on >= case.now.date())
    if scheduled and base != item.base_price:
        return held(base, "sale_scheduled")
    return passed(base, "base_price_only")
