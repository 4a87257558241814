"""How fast the pricing engine is on one core, and how much memory it takes.

OMP_NUM_THREADS=1 .venv/bin/python -m tests.benchmarks.engine [--products 10000] [--json]
"""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable

import numpy as np

from tests.support.columns import columns, panel
from thaman_optimizer.domain.decision import DecisionPolicy, decide
from thaman_optimizer.domain.demand import fit, step
from thaman_optimizer.domain.offers import OfferColumns, read_market

OFFERS, WEEKS = 20, 52
LIMITS = {"reference and decision": 150.0, "full refit": 200.0, "one new week": 10.0}
"""Milliseconds that 10,000 products may take (issue 3)."""


def main() -> int:
    """Measure and print; exit code 1 when a limit is broken."""
    arguments = _arguments()
    count = arguments.products
    weeks, policy = panel(count, weeks=WEEKS), DecisionPolicy()
    offers = _offers(weeks.price[-1])
    state = fit(weeks)
    given = columns(weeks, policy)
    median = given.own_median.astype(np.float64)
    steps: dict[str, Callable[[], object]] = {
        "full refit": lambda: fit(weeks),
        "one new week": lambda: step(state, weeks.week(WEEKS - 1)),
        "reference": lambda: read_market(offers, median),
        "decision": lambda: decide(given, state, policy),
        "reference and decision": lambda: (read_market(offers, median), decide(given, state, policy)),
    }
    taken = {name: _best(call, arguments.repeat) for name, call in steps.items()}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    broken = [name for name, limit in LIMITS.items() if count == 10_000 and taken[name] > limit]
    if arguments.json:
        print(json.dumps({"products": count, "milliseconds": taken, "peak_mb": round(memory), "over": broken}))
    else:
        print(f"{count:,} products, {WEEKS} weeks, {OFFERS} offers each; best of {arguments.repeat}, one core")
        for name, milliseconds in taken.items():
            limit = f"  (limit {LIMITS[name]:.0f})" if name in LIMITS else ""
            print(f"  {name:24} {milliseconds:8.1f} ms{limit}")
        print(f"  {'peak memory':24} {memory:8.0f} MB")
    return 1 if broken else 0


def _best(call: Callable[[], object], repeat: int) -> float:
    best = float("inf")
    for _ in range(repeat):
        begun = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - begun)
    return round(best * 1000, 2)


def _offers(price: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> OfferColumns:
    random = np.random.default_rng(4)
    total = len(price) * OFFERS
    asked = np.repeat(price, OFFERS) * np.exp(random.normal(0, 0.12, total))
    return OfferColumns(
        starts=np.arange(len(price) + 1) * OFFERS,
        price=np.rint(asked).astype(np.int64),
        age_days=random.exponential(2.0, total),
        in_stock=(random.random(total) < 0.9).astype(np.int64),
        confidence_bp=random.integers(5_000, 10_000, total),
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
