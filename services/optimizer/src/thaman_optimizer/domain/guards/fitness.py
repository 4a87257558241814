"""Is enough known to move this price? Unknown is never zero: what is not known holds the price."""

from thaman_contracts.events.onboarding import ItemStatus
from thaman_optimizer.domain import policy
from thaman_optimizer.domain.floor import HIGHEST_AMOUNT, NoLimits
from thaman_optimizer.domain.guards.base import Case, Verdict, held, noted, passed
from thaman_optimizer.domain.pricing.strategies import MARKET_KINDS


def data_fitness(case: Case, base: int) -> Verdict:
    """Holds unless the store, the item, its costs and the market are known well enough."""
    problem = _store_problem(case) or _shelf_problem(case) or _price_problem(case) or _cost_problem(case)
    if problem is not None:
        return held(base, problem)
    if case.strategy not in MARKET_KINDS:
        # Where demand decides the model weighs the market itself; the others do not look at it.
        return passed(base, f"offers={case.reference.used}")
    problem = _market_problem(case)
    if problem is None:
        return passed(base, f"offers={case.reference.fit}")
    # A price that breaks its own limits is brought back even where the market says nothing.
    return noted(base, problem) if case.outside_limits else held(base, problem)


def restorable(case: Case, base: int) -> Verdict:
    """Holds unless enough is known to put an earlier price back. The market is not asked, and what is sold out or
    hidden may be corrected, too."""
    problem = _store_problem(case) or _price_problem(case) or _cost_problem(case)
    return passed(base) if problem is None else held(base, problem)


def _store_problem(case: Case) -> str | None:
    if not case.store.connected:
        return "not_connected"
    read_at = case.store.catalogue_at
    if read_at is None or case.now - read_at > policy.CATALOGUE_MAX_AGE:
        return "catalogue_stale"
    return None


def _shelf_problem(case: Case) -> str | None:
    status = case.item.status
    return None if status is ItemStatus.SALE else f"off_shelf status={status.value}"


def _price_problem(case: Case) -> str | None:
    item = case.item
    if item.sale_running:
        return "sale_running"
    if not 0 < item.base_price <= HIGHEST_AMOUNT:
        return "price_unusable"
    if item.currency != case.store.currency:
        return f"foreign_currency currency={item.currency}"
    # One halala is rounding; more means another tax than the store's, so a floor with VAT would be wrong.
    if abs(item.shelf_price - case.basis.shelf(item.base_price)) > 1:
        return "tax_unclear"
    return None


def _cost_problem(case: Case) -> str | None:
    return case.limits.reason if isinstance(case.limits, NoLimits) else None


def _market_problem(case: Case) -> str | None:
    needed = case.store.settings.min_offers
    if case.reference.fit == 0:
        return "no_reference"
    if case.reference.fit < needed:
        return f"offers_few fit={case.reference.fit} needed={needed}"
    return None
