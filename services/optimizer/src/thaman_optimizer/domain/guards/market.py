"""Where the price wants to be: strategy against the reference, outliers, ending."""

from thaman_contracts.events.settings import Strategy
from thaman_contracts.money import BP_ONE, round_div
from thaman_optimizer.domain.endings import nearest
from thaman_optimizer.domain.floor import HIGHEST_AMOUNT
from thaman_optimizer.domain.guards.base import Case, Verdict, held, moved, noted, passed


def strategy(case: Case, base: int) -> Verdict:
    """Match, undercut or stand above the reference price, or what the demand model advises.

    ``hold`` and an unknown market leave the price.
    """
    settings, reference = case.store.settings, case.reference
    if settings.strategy is Strategy.DEMAND:
        return _demand(case, base)
    if settings.strategy is Strategy.HOLD:
        return passed(base, "strategy_hold")
    if reference.price is None or reference.fit < settings.min_offers:
        return noted(base, "no_reference") if case.outside_limits else held(base, "no_reference")
    factor_bp = BP_ONE + {Strategy.UNDERCUT: -1, Strategy.PREMIUM: 1}.get(settings.strategy, 0) * settings.offset_bp
    wished = min(max(round_div(reference.price * factor_bp, BP_ONE), 0), HIGHEST_AMOUNT)
    target = case.basis.base_near(wished)
    return moved(target, f"reference={reference.price} strategy={settings.strategy.value}")


def _demand(case: Case, base: int) -> Verdict:
    advice = case.advice
    problem = "no_advice" if advice is None else None if advice.proposes else advice.why_held
    if advice is None or problem is not None:
        # A price that breaks its own limits is brought back whatever the model thinks of it.
        return noted(base, problem or "") if case.outside_limits else held(base, problem or "")
    codes = ",".join(advice.codes) or "none"
    return moved(case.basis.base_near(advice.price), f"strategy={Strategy.DEMAND.value} codes={codes}")


def outliers(case: Case, base: int) -> Verdict:
    """After the outlier cut enough rivals must be left; those cut are named in the trail."""
    settings, reference = case.store.settings, case.reference
    if settings.strategy is Strategy.DEMAND:
        return passed(base, "weighed_by_the_model")
    if base == case.item.base_price and (settings.strategy is Strategy.HOLD or case.outside_limits):
        return passed(base)
    if reference.used < settings.min_offers:
        problem = f"offers_disagree used={reference.used} needed={settings.min_offers}"
        if not case.outside_limits:
            return held(base, problem)
        return moved(case.item.base_price, problem)
    return noted(base, f"offers_cut cut={reference.cut}") if reference.cut else passed(base)


def rounding(case: Case, base: int) -> Verdict:
    """The shelf price ends as the merchant likes it."""
    if base == case.item.base_price:
        return passed(base)
    shelf = case.basis.shelf(base)
    rounded = case.basis.base_near(nearest(shelf, case.store.settings.ending))
    return passed(base) if rounded == base else moved(rounded, f"ending={case.store.settings.ending.value}")
