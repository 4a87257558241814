"""What a crew's agents may look up: the engine's own functions on the brief, and nothing else. Pure.

Answers are JSON values. A name that the brief does not have is an answer, too, so that an agent can correct itself.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from thaman_contracts.events.policies import Against
from thaman_contracts.money import BP_ONE, change_bp
from thaman_optimizer.domain.brief import Brief, BriefOffer
from thaman_optimizer.domain.clamping import clamp
from thaman_optimizer.domain.offers import Market, OfferColumns, position_prices, read_market

_HOURS = 24.0


def market_of(brief: Brief, item: str, without: Sequence[str] = ()) -> dict[str, Any]:
    """What the engine makes of an item's offers, some left out: reference price, offers fit, used and cut as outliers,
    where the lowest, the average and the highest of those used stand. Prices in halalas; ``null`` is no reference."""
    found = brief.by_ref.get(item)
    if found is None:
        return _unknown(brief)
    offers = [offer for offer in found.offers if offer.ref not in set(without)]
    market = read_market(_columns(offers), np.array([float(found.price)]))
    reference = _amount(market.reference[0])
    return {
        "item": item,
        "own_price": found.price,
        "reference": reference,
        "own_price_to_reference_bp": None if reference is None else change_bp(reference, found.price),
        "offers_fit": int(market.fit[0]),
        "offers_used": int(market.used[0]),
        "offers_cut": int(market.fit[0] - market.used[0]),
        "weight_bp": round(float(market.weight[0]) * BP_ONE),
        **{against.value: _amount(_position(market, against)) for against in _POSITIONS},
    }


def sales_of(brief: Brief, item: str) -> dict[str, Any]:
    """What an item sold in each of the last weeks, oldest first, and what is left of it; ``null`` is unknown."""
    found = brief.by_ref.get(item)
    if found is None:
        return _unknown(brief)
    return {"item": item, "weekly_units": list(found.units), "units": sum(found.units), "stock": found.stock}


def check_of(brief: Brief, answer: object) -> dict[str, Any]:
    """What would be left of an answer, and how much of it would be ignored."""
    clamped = clamp(answer, brief)
    return {"items_heard": len(clamped.assessment.advice), "ignored": clamped.ignored}


_POSITIONS = (Against.LOWEST, Against.AVERAGE, Against.HIGHEST)


def _position(market: Market, against: Against) -> float:
    return float(position_prices(market, against)[0])


def _columns(offers: Sequence[BriefOffer]) -> OfferColumns:
    return OfferColumns(
        starts=np.array([0, len(offers)], dtype=np.int64),
        price=np.array([offer.price for offer in offers], dtype=np.int64),
        age_days=np.array([offer.age_hours / _HOURS for offer in offers], dtype=np.float64),
        in_stock=np.array([offer.in_stock is not False for offer in offers], dtype=np.int64),
        confidence_bp=np.array([offer.confidence_bp for offer in offers], dtype=np.int64),
    )


def _amount(value: float) -> int | None:
    return None if np.isnan(value) else int(value)


def _unknown(brief: Brief) -> dict[str, Any]:
    return {"error": "no such item", "items": [item.ref for item in brief.items]}
