"""How fast the pricing engine is on one core, and how much memory it takes.

``make bench`` measures it first. By itself, with another number of products:

OMP_NUM_THREADS=1 .venv/bin/python -m tests.benchmarks.engine [--products 10000] [--json]
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from tests.benchmarks.errors import BenchError
from tests.support.columns import columns, panel
from thaman_optimizer.domain.decision import DecisionPolicy, decide
from thaman_optimizer.domain.demand import fit, step
from thaman_optimizer.domain.offers import OfferColumns, read_market

OFFERS, WEEKS = 20, 52
LIMITS = {"reference and decision": 150.0, "full refit": 200.0, "one new week": 10.0}
"""Milliseconds that 10,000 products may take."""

_ROOT = Path(__file__).resolve().parents[2]
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Figures:
    """Milliseconds by what was done, each the best of several, and the process' peak memory in megabytes."""

    products: int
    milliseconds: dict[str, float]
    peak_mb: int

    @property
    def over(self) -> list[str]:
        """What took longer than it may."""
        if self.products != 10_000:
            return []
        return [name for name, limit in LIMITS.items() if self.milliseconds[name] > limit]

    def document(self) -> dict[str, object]:
        """For machines."""
        return asdict(self) | {"over": self.over}

    def lines(self) -> list[str]:
        """For people."""
        head = f"pricing engine: {self.products:,} products, {WEEKS} weeks, {OFFERS} offers each, one core"
        limits = {name: f"  (limit {limit:.0f})" for name, limit in LIMITS.items() if self.products == 10_000}
        rows = [
            f"  {name:24} {milliseconds:8.1f} ms{limits.get(name, '')}"
            for name, milliseconds in self.milliseconds.items()
        ]
        return [head, *rows, f"  {'peak memory':24} {self.peak_mb:8} MB"]


def measure(say: Callable[[str], None], products: int = 10_000) -> Figures:
    """Measure in a process of its own, because threads and memory are a process'.

    Raises:
        BenchError: that process printed no figures.
    """
    say(f"{products:,} products by themselves")
    command = [sys.executable, "-m", "tests.benchmarks.engine", "--products", str(products), "--json"]
    done = subprocess.run(
        command, cwd=_ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False
    )
    if not done.stdout:
        raise BenchError(f"the engine could not be measured: {done.stderr[-500:]}")
    found = json.loads(done.stdout)
    return Figures(found["products"], found["milliseconds"], found["peak_mb"])


def main() -> int:
    """Measure and print; exit code 1 when a limit is broken."""
    arguments = _arguments()
    figures = _figures(arguments.products, arguments.repeat)
    print(json.dumps(figures.document()) if arguments.json else "\n".join(figures.lines()))
    return 1 if figures.over else 0


def _figures(count: int, repeat: int) -> Figures:
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
    taken = {name: _best(call, repeat) for name, call in steps.items()}
    return Figures(count, taken, _peak_mb())


def _peak_mb() -> int:
    """What this process alone has held: ``ru_maxrss`` begins with what its parent held when it forked."""
    if _STATUS.exists():
        return round(int(_STATUS.read_text().split("VmHWM:")[1].split()[0]) / 1024)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


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
