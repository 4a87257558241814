"""Products to price, made up at random: stores with a history, and numbers no shop would have."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from thaman_optimizer.domain.pricing import Batch, Priced, policy_from, price, product_from

NOW = datetime(2026, 11, 2, tzinfo=UTC)
"""A Monday."""

POLICY: dict[str, Any] = {
    "now": NOW.isoformat(),
    "min_margin_bp": 1_000,
    "margin_basis": "margin",
    "vat_bp": 1_500,
    "fee_bp": 100,
    "risk_tolerance": "medium",
    "mode": "full_auto",
    "max_step_bp": None,
    "ending": None,
    "strategies": [],
}
"""A policy as the black box takes it."""


def products(count: int, *, weeks: int = 26, seed: int = 1) -> list[dict[str, Any]]:
    """Input lines of a plausible store: sparse sales, some unknown costs, some season ends, some without rivals."""
    random = np.random.default_rng(seed)
    return [_product(random, index, weeks) for index in range(count)]


def _product(random: np.random.Generator, index: int, weeks: int) -> dict[str, Any]:
    base = int(np.exp(random.normal(9.0, 0.8)))
    elasticity = random.normal(3.3, 1.0)
    rate = float(np.exp(random.normal(0.3, 0.8)))
    price, history = base, []
    for week in range(weeks):
        if random.random() < 0.12:
            price = max(int(base * np.exp(random.normal(0, 0.06))), 1)
        reference = int(base * np.exp(random.normal(0, 0.05)))
        history.append(
            {
                "week_start": (NOW.date() - timedelta(weeks=weeks - week)).isoformat(),
                "units": int(random.poisson(rate * np.exp(-elasticity * (price / base - 1)))),
                "price": price,
                "in_stock_share": 1.0 if random.random() < 0.9 else 0.5,
                "reference": reference if random.random() < 0.8 else None,
            }
        )
    ends = random.random() < 0.12
    return {
        "product_id": f"sku-{(index * 7919) % 100_003:06d}",
        "category": f"category {index % 5}",
        "brand": f"brand {index % 3}",
        "price": price,
        "cost": None if random.random() < 0.1 else int(base * random.uniform(0.45, 0.8) / 1.15),
        "stock": int(random.integers(0, 60)),
        "season_end": (NOW.date() + timedelta(days=int(random.integers(1, 60)))).isoformat() if ends else None,
        "salvage": int(base * 0.2) if ends else None,
        "last_change_at": (NOW - timedelta(days=float(random.uniform(0, 60)))).isoformat(),
        "history": history,
        "offers": [_offer(random, price, rival) for rival in range(int(random.integers(0, 8)))],
    }


def _offer(random: np.random.Generator, price: int, rival: int) -> dict[str, Any]:
    misread = float(random.choice([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 10.0, 0.1]))
    return {
        "competitor": f"rival {rival}",
        "price": max(int(price * np.exp(random.normal(0, 0.1)) * misread), 1),
        "observed_at": (NOW - timedelta(days=float(random.exponential(3.0)))).isoformat(),
        "in_stock": bool(random.random() < 0.9),
        "match_confidence": round(float(random.uniform(0.4, 1.0)), 3),
    }


def monday(weeks_ago: int) -> date:
    """The Monday so many weeks before :data:`NOW`."""
    return NOW.date() - timedelta(weeks=weeks_ago)


def answer(product: dict[str, Any], *, others: int = 40, now: datetime = NOW, **changes: Any) -> Priced:
    """The answer for one product among others."""
    batch = [product_from(product), *(product_from(one) for one in products(others))]
    return price(Batch.of(batch), policy_from(POLICY | changes), now)[0]


def product(**changes: Any) -> dict[str, Any]:
    """A product that sells two a week at 100.00 and costs 50.00, with three rivals around 100.00."""
    made: dict[str, Any] = {
        "product_id": "one",
        "category": "category 1",
        "brand": "ours",
        "price": 10_000,
        "cost": 5_000,
        "stock": 20,
        "season_end": None,
        "salvage": None,
        "last_change_at": (NOW - timedelta(days=15)).isoformat(),
        "history": [
            {
                "week_start": monday(ago).isoformat(),
                "units": 2,
                "price": 10_000,
                "in_stock_share": 1.0,
                "reference": 10_000,
            }
            for ago in range(1, 20)
        ],
        "offers": [offer("a", 9_800), offer("b", 10_000), offer("c", 10_400)],
    }
    return made | changes


def offer(competitor: str, amount: int, **changes: Any) -> dict[str, Any]:
    """A rival's fresh and certain offer."""
    made = {
        "competitor": competitor,
        "price": amount,
        "observed_at": NOW.isoformat(),
        "in_stock": True,
        "match_confidence": 0.98,
    }
    return made | changes


def scoped(**strategy: Any) -> list[dict[str, Any]]:
    """A strategy for that product alone."""
    return [{"scope": {"products": ["one"]}, **strategy}]
