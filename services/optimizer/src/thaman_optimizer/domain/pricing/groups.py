"""Which products of a batch are priced together, and what one strategy asks of all of them."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

import numpy as np

from thaman_contracts.events.settings import Strategy as Kind
from thaman_optimizer.domain.decision import Groups
from thaman_optimizer.domain.pricing.columns import Targets
from thaman_optimizer.domain.pricing.records import ProductInput
from thaman_optimizer.domain.pricing.scopes import EVERYTHING
from thaman_optimizer.domain.pricing.strategies import MARKET_KINDS, Strategy

_STILL = frozenset({Kind.HOLD, Kind.LOCK})


def grouped(
    products: Sequence[ProductInput], strategies: Sequence[Strategy], targets: Targets
) -> tuple[Groups | None, Targets]:
    """The groups of products, sorted by id, with one strategy each, and targets that keep members in relation.

    Members whose strategies ask for different things are not priced together; one under hold or lock keeps the others
    where they are. A fixed price ends every relation but equality, so only members that cost the same share one.
    """
    code = np.full(len(products), -1, dtype=np.int64)
    price, unfit = targets.price.copy(), targets.unfit.copy()
    for rows in _alike(products, strategies):
        code[rows] = rows[0]
        moving = [row for row in rows if strategies[row].kind not in _STILL]
        fit = [float(price[row] / products[row].price) for row in moving if not unfit[row]]
        if strategies[moving[0]].kind in MARKET_KINDS | {Kind.COST_PLUS} and fit:
            # A mark-up is a least one for each; where rivals stand is told best by the middle of what they say.
            ratio = max(fit) if strategies[moving[0]].kind is Kind.COST_PLUS else median(fit)
            price[moving] = [max(round(products[row].price * ratio), 1) for row in moving]
            unfit[moving] = False
    if (code < 0).all():
        return None, targets
    still = np.array([strategy.kind in _STILL for strategy in strategies], dtype=bool)
    return Groups(code, still), replace(targets, price=price, unfit=unfit)


def _alike(products: Sequence[ProductInput], strategies: Sequence[Strategy]) -> list[list[int]]:
    """Rows of each group, or part of one, that one strategy moves together."""
    named: dict[str, list[int]] = {}
    for row, product in enumerate(products):
        if product.group is not None:
            named.setdefault(product.group, []).append(row)
    alike: list[list[int]] = []
    for rows in named.values():
        asked = {_order(strategies[row]) for row in rows if strategies[row].kind not in _STILL}
        if len(asked) != 1:
            continue
        fixed = asked.pop().kind is Kind.FIXED
        parts: dict[int, list[int]] = {}
        for row in rows:
            parts.setdefault(products[row].price if fixed else 0, []).append(row)
        for part in parts.values():
            if len(part) > 1 and any(strategies[row].kind not in _STILL for row in part):
                alike.append(part)
    return alike


def _order(strategy: Strategy) -> Strategy:
    """What a strategy asks for, whoever and whenever it is for."""
    return replace(strategy, scope=EVERYTHING, priority=0, starts=None, ends=None, season=None)
