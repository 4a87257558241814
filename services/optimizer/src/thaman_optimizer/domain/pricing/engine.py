"""Price a batch: learn, read the market, decide, and say why."""

import hashlib
from collections.abc import Sequence
from dataclasses import astuple
from datetime import datetime
from typing import Any

import numpy as np

from thaman_contracts.money import BP_ONE, change_bp, riyals
from thaman_optimizer.domain.decision import DECISION_VERSION, Disposition, Guard, Risk
from thaman_optimizer.domain.demand import MODEL_VERSION
from thaman_optimizer.domain.pricing.answers import Answers, answer
from thaman_optimizer.domain.pricing.policy import PricingPolicy
from thaman_optimizer.domain.pricing.reasons import rest_values, told, trail
from thaman_optimizer.domain.pricing.records import Batch, Priced, ProductInput

ENGINE = f"{MODEL_VERSION} {DECISION_VERSION}"
"""Names everything a decision depends on besides its input."""

_CODES = tuple((int(guard), str(guard.name).lower()) for guard in Guard)


def price(batch: Batch, policy: PricingPolicy, now: datetime) -> list[Priced]:
    """An answer for every product of the batch, in its order.

    Products learn from each other, so a batch is a store's whole assortment; their order does not matter. ``now`` is
    an aware time.

    Raises:
        NoFloorPossible: the policy's margin and fee reach the whole price.
    """
    if not batch.products:
        return []
    order = sorted(range(len(batch.products)), key=lambda place: batch.products[place].product_id)
    products = [batch.products[place] for place in order]
    answered = answer(products, policy, now)
    digest = input_digest(products, policy, now)
    priced: list[Priced | None] = [None] * len(products)
    for row, place in enumerate(order):
        priced[place] = _priced(answered, row, products[row], digest)
    return [one for one in priced if one is not None]


def input_digest(products: Sequence[ProductInput], policy: PricingPolicy, now: datetime) -> str:
    """SHA-256 of everything the answers depend on, whatever the order of products."""
    digest = hashlib.sha256(f"{ENGINE}|{policy!r}|{now.isoformat()}".encode())
    for product in sorted(products, key=lambda one: one.product_id):
        digest.update(repr(_flat(product)).encode())
    return digest.hexdigest()


def output_digest(answers: Sequence[Priced]) -> str:
    """SHA-256 of the answers, whatever their order."""
    digest = hashlib.sha256()
    for one in sorted(answers, key=lambda answer: answer.product_id):
        digest.update(repr(astuple(one)).encode())
    return digest.hexdigest()


def _flat(product: ProductInput) -> tuple[Any, ...]:
    history = sorted(product.history, key=lambda week: week.week_start)
    offers = sorted(product.offers, key=repr)
    return (
        product.product_id,
        product.category,
        product.brand,
        product.price,
        product.cost,
        product.stock,
        product.season_end,
        product.salvage,
        product.last_change_at,
        [tuple(week) for week in history],
        [tuple(offer) for offer in offers],
        # Only where there is one: what was asked before there were groups, or demand was scaled, keeps its digest.
        *(() if product.group is None else (product.group,)),
        *(() if product.demand_bp == BP_ONE else (("demand_bp", product.demand_bp),)),
    )


def _priced(answered: Answers, row: int, product: ProductInput, digest: str) -> Priced:
    decisions, market = answered.decisions, answered.market
    reference = market.reference[row]
    codes = codes_of(answered, row)
    new = int(decisions.price[row])
    expected, low, high = (round(float(a[row])) for a in (decisions.expected, decisions.low, decisions.high))
    chance = round(float(decisions.probability[row]), 4)
    floor = int(answered.columns.floor[row])
    values = {
        "floor": riyals(floor),
        "floor_halalas": floor,
        "step_bp": answered.rules.step_bp,
        "own_median": int(answered.columns.own_median[row]),
        "strategy": answered.strategies[row].kind.value,
        "gain": riyals(expected),
        "low": riyals(low),
        "high": riyals(high),
        "chance": round(chance * 100),
    } | rest_values(answered.rest)
    arabic, english = told(codes, old=product.price, new=new, values=values)
    return Priced(
        product_id=product.product_id,
        action="propose" if decisions.propose[row] else "hold",
        price=new,
        disposition=Disposition(int(decisions.disposition[row])).name.lower(),
        risk=Risk(int(decisions.risk[row])).name.lower(),
        reference=None if np.isnan(reference) else int(reference),
        expected_weekly_profit_change=expected,
        interval80=(low, high),
        probability_of_gain=chance,
        guards=trail(codes, values),
        reasons={
            "ar": arabic,
            "en": english,
            "codes": list(codes),
            "strategy": values["strategy"],
            "change_bp": change_bp(product.price, new),
            "floor": floor or None,
            "cost_assumed": not bool(answered.columns.cost_known[row]),
            "reference_weight": round(float(market.weight[row]), 3),
            "offers_seen": len(product.offers),
            "offers_used": [[offer.competitor, offer.price] for offer in answered.used[row]],
            "expected_weekly_units": round(float(decisions.sales[row]), 4),
            "engine": ENGINE,
            "input_digest": digest,
        },
    )


def codes_of(answers: Answers, row: int) -> tuple[str, ...]:
    """The guards that had a say about a product, by name."""
    bits = int(answers.decisions.guards[row]) | (int(Guard.STRATEGY_UNFIT) if answers.targets.unfit[row] else 0)
    return tuple(name for bit, name in _CODES if bits & bit)
