"""Where the price wants to be: strategy against the reference, outliers, ending."""

from thaman_contracts.events.settings import Strategy
from thaman_optimizer.domain.endings import nearest
from thaman_optimizer.domain.floor import HIGHEST_AMOUNT
from thaman_optimizer.domain.guards.base import Case, Verdict, held, moved, noted, passed
from thaman_optimizer.domain.pricing.strategies import MARKET_KINDS


def strategy(case: Case, base: int) -> Verdict:
    """What the item's strategy asks for: a stand against the market, a price of its own, or what the model advises.

    ``hold`` and an unknown market leave the price.
    """
    kind = case.strategy
    if kind is Strategy.DEMAND:
        return _demand(case, base)
    if kind is Strategy.HOLD:
        return passed(base, "strategy_hold")
    if kind is Strategy.LOCK:
        return held(base, "item_locked")
    if kind in MARKET_KINDS and (case.reference.price is None or case.reference.fit < case.store.settings.min_offers):
        return _unless_outside(case, base, "no_reference")
    if case.advice is None or case.advice.price is None:
        return _unless_outside(case, base, "strategy_unfit")
    target = case.basis.base_near(min(case.advice.price, HIGHEST_AMOUNT))
    return moved(target, f"reference={_shown(case.reference.price)} strategy={kind.value}")


def _unless_outside(case: Case, base: int, problem: str) -> Verdict:
    """Hold, except that a price that breaks its own limits is brought back whatever else is known."""
    return noted(base, problem) if case.outside_limits else held(base, problem)


def _shown(price: int | None) -> str:
    return "none" if price is None else str(price)


def _demand(case: Case, base: int) -> Verdict:
    advice = case.advice
    problem = "no_advice" if advice is None else None if advice.proposes else advice.why_held
    if advice is None or advice.price is None or problem is not None:
        return _unless_outside(case, base, problem or "no_advice")
    codes = ",".join(advice.codes) or "none"
    return moved(case.basis.base_near(advice.price), f"strategy={Strategy.DEMAND.value} codes={codes}")


def outliers(case: Case, base: int) -> Verdict:
    """After the outlier cut enough rivals must be left; those cut are named in the trail."""
    reference, needed = case.reference, case.store.settings.min_offers
    if case.strategy is Strategy.DEMAND:
        return passed(base, "weighed_by_the_model")
    if case.strategy not in MARKET_KINDS or (base == case.item.base_price and case.outside_limits):
        return passed(base)
    if reference.used < needed:
        problem = f"offers_disagree used={reference.used} needed={needed}"
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
