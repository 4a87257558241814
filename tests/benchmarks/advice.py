"""What a model that is down costs a run, beside the same run with ``advice: off``, in one go.

``make bench ARGS="--advice"``, or with other sizes:

OMP_NUM_THREADS=1 .venv/bin/python -m tests.benchmarks.advice [--products 500] [--rounds 8] [--deadline 3] [--json]

Three stores with the same catalogue, sales and offers are run in turns, each round in another order: one with advice
off; one whose endpoint refuses at once; one whose endpoint never answers, so that the whole deadline passes. Everything
but the model's answers is real: PostgreSQL with fsync, the run's job, CrewAI, HTTP to the sandbox's local model. No
rival's page is read, and the stores are in manual mode, so that a run is prices and records, and no round changes
the next.

The promise: within 10 % of the run's time, plus the deadline. Times are wall clock, the best of the rounds, because
other programs can only make one longer. The silent endpoint's ratio is without the deadline, where the promise bites.
What a refusing endpoint costs is the making of a crew and its one question.
"""

import argparse
import asyncio
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.benchmarks.advice_stores import Stores
from tests.benchmarks.errors import BenchError
from thaman_kit.embedded import EmbeddedPostgres
from thaman_kit.migrate import migrate
from thaman_optimizer.adapters.crew.advisor import CrewAdvisor
from thaman_optimizer.adapters.crew.endpoint import Endpoint
from thaman_optimizer.domain.budget import TokenPrices
from thaman_sandbox.server import SandboxServer

OFF, REFUSED, SILENT = "advice off", "endpoint refuses", "endpoint is silent"
LIMIT = 1.10
"""Most of the plain run's time that a run without an answer may take, the deadline apart."""

_ROOT = Path(__file__).resolve().parents[2]
_PASSWORD = "only-for-the-benchmark"


@dataclass(frozen=True)
class Figures:
    """The best seconds of a run by what the endpoint does, and their ratios to a run with advice off."""

    products: int
    rounds: int
    deadline: float
    seconds: dict[str, float]
    ratios: dict[str, float]

    @property
    def over(self) -> list[str]:
        """What took longer than it may."""
        most = LIMIT * self.seconds[OFF] + self.deadline
        late = [name for name in (REFUSED,) if self.seconds[name] > most]
        return late + [name for name in (SILENT,) if self.ratios[name] > LIMIT]

    def document(self) -> dict[str, object]:
        """For machines."""
        return asdict(self) | {"limit": LIMIT, "over": self.over}

    def lines(self) -> list[str]:
        """For people."""
        head = f"advice: a store of {self.products:,} products, {self.rounds} rounds, deadline {self.deadline:g} s"
        said = {
            OFF: "",
            REFUSED: f"{self.ratios[REFUSED]:.2f} x advice off",
            SILENT: f"{self.ratios[SILENT]:.2f} x advice off, the deadline apart (limit {LIMIT:.2f})",
        }
        rows = [f"  {name:24} {seconds:8.2f} s  {said[name]}".rstrip() for name, seconds in self.seconds.items()]
        return [head, *rows]


def measure(say: Callable[[str], None]) -> Figures:
    """Measure in a process of its own, because CrewAI changes the process it is loaded into.

    Raises:
        BenchError: that process printed no figures.
    """
    say("runs without advice, and with a model that is down")
    command = [sys.executable, "-m", "tests.benchmarks.advice", "--json"]
    done = subprocess.run(
        command, cwd=_ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False
    )
    try:
        found = json.loads(done.stdout)
    except ValueError:
        raise BenchError(f"advice could not be measured: {done.stderr[-500:]}") from None
    return Figures(**{name: found[name] for name in Figures.__dataclass_fields__})


def main() -> int:
    """Measure and print; exit code 1 when the promise is broken."""
    given = _arguments()
    with tempfile.TemporaryDirectory(prefix="thaman-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user when we are root
        figures = _figures(Path(folder), given)
    print(json.dumps(figures.document()) if given.json else "\n".join(figures.lines()))
    return 1 if figures.over else 0


def _figures(folder: Path, given: argparse.Namespace) -> Figures:
    with ExitStack() as stack:
        url = stack.enter_context(_database(folder))
        down, slow = (stack.enter_context(SandboxServer()) for _ in range(2))
        _behave(down, {"mode": "down"})
        _behave(slow, {"mode": "slow", "slow_seconds": 10 * given.deadline})
        advisors = {
            OFF: None,
            REFUSED: stack.enter_context(_advisor(down, given.deadline)),
            SILENT: stack.enter_context(_advisor(slow, given.deadline)),
        }
        stores = stack.enter_context(Stores.on(url, advisors, given.products))
        # As every process does after its start: what was imported is not looked at again.
        gc.freeze()
        taken = [_round(stores, number) for number in range(given.rounds + 1)][1:]
    best = {name: round(min(one[name] for one in taken), 3) for name in advisors}
    left = {REFUSED: best[REFUSED], SILENT: best[SILENT] - given.deadline}
    ratios = {name: round(seconds / best[OFF], 3) for name, seconds in left.items()}
    return Figures(given.products, given.rounds, given.deadline, best, ratios)


def _round(stores: Stores, number: int) -> dict[str, float]:
    """One run of each store, each round beginning with another."""
    names = list(stores.names)
    turn = number % len(names)
    taken = {}
    for name in names[turn:] + names[:turn]:
        job = stores.ask(name, number)
        gc.collect()
        begun = time.perf_counter()
        asyncio.run(stores.runs(name).handle(job))
        taken[name] = time.perf_counter() - begun
        stores.check(name, number)
    return taken


@contextmanager
def _database(folder: Path) -> Iterator[str]:
    with EmbeddedPostgres(folder / "postgres", durable=True) as server:
        url = server.create_database("bench")
        migrate(url, ["optimizer"], {"optimizer": _PASSWORD})
        yield url


@contextmanager
def _advisor(sandbox: SandboxServer, deadline: float) -> Iterator[CrewAdvisor]:
    endpoint = Endpoint(f"{sandbox.url}/v1", None, "sandbox-1", 10 * deadline, 2_000)
    advisor = CrewAdvisor(endpoint, TokenPrices(0, 0), deadline)
    try:
        yield advisor
    finally:
        advisor.close()


def _behave(sandbox: SandboxServer, behaviour: dict[str, Any]) -> None:
    httpx.put(f"{sandbox.url}/_sandbox/llm", json=behaviour, trust_env=False).raise_for_status()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--deadline", type=float, default=3.0, help="seconds that the crew has (default 3)")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
