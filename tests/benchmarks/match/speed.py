"""How fast titles are matched against titles, beside comparing all with all (``rapidfuzz.process.cdist``).

Our side finds, for every own title of made-up catalogues, its best listing; the peer does it for every tenth own title
against all listings, and its time counts tenfold, because the whole takes many minutes. Each runs in a process of its
own, because memory is a process'.
"""

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

from tests.benchmarks.match.titles import Catalogues, catalogues

COUNT = 10_000
LIMIT_SECONDS = 60.0
"""Of one core: what an idle machine takes, also where this one is not idle."""
PEER_WORKERS, PEER_SHARE = 2, 10

_ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Speed:
    """``found``: share of the offered products whose listing came first. ``kept``: among the candidates, if any."""

    side: str
    titles: int
    seconds: float
    cpu_seconds: float
    """Of all threads: on a busy machine the fairer of the two."""
    parts: dict[str, float]
    found: float
    kept: float | None
    peak_mb: int


def measure(side: str, count: int = COUNT) -> Speed:
    """One side, in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.match.speed", side, str(count)]
    done = subprocess.run(
        command, cwd=_ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{side} could not be measured: {done.stderr[-500:]}")
    return Speed(**json.loads(done.stdout))


def ours(given: Catalogues) -> tuple[dict[str, float], float, float]:
    """Seconds of each part, and how often the right listing came first, and was among the candidates."""
    from thaman_optimizer.adapters.matching_model import load_matcher
    from thaman_optimizer.domain.matching import Corpus, candidates

    matcher = load_matcher()
    begun = time.perf_counter()
    corpus = Corpus.of(given.own, given.listings)
    read = time.perf_counter()
    first, second = candidates(corpus)
    searched = time.perf_counter()
    matches = matcher.match_pairs(corpus, first, second)
    judged = time.perf_counter()
    rank = {"exact": 2, "similar": 1}
    best: dict[int, tuple[int, int, int]] = {}
    for one, other, match in zip(first.tolist(), second.tolist(), matches, strict=True):
        best[one] = max(best.get(one, (-1, -1, -1)), (rank.get(match.kind, 0), match.confidence_bp, -other))
    right = [-best[row][2] == place for row, place in enumerate(given.truth) if place >= 0 and row in best]
    pairs = set(zip(first.tolist(), second.tolist(), strict=True))
    kept = [(row, place) in pairs for row, place in enumerate(given.truth) if place >= 0]
    parts = {"take apart": read - begun, "search": searched - read, "judge": judged - searched}
    return parts, sum(right) / len(kept), sum(kept) / len(kept)


def peer(given: Catalogues) -> tuple[dict[str, float], float, None]:
    """The same work for every tenth own title by comparing it with every listing; seconds are of the whole."""
    from rapidfuzz import fuzz, process, utils

    begun = time.perf_counter()
    own = [utils.default_process(one.title) for one in given.own[::PEER_SHARE]]
    listings = [utils.default_process(one.title) for one in given.listings]
    table = process.cdist(own, listings, scorer=fuzz.token_set_ratio, dtype=np.uint8, workers=PEER_WORKERS)
    best = table.argmax(axis=1)
    parts = {"compare all": (time.perf_counter() - begun) * PEER_SHARE}
    right = [int(best[row]) == place for row, place in enumerate(given.truth[::PEER_SHARE]) if place >= 0]
    return parts, sum(right) / len(right), None


def main(side: str, count: int) -> None:
    """Measure one side and print it as JSON."""
    sides: dict[str, Callable[[Catalogues], tuple[dict[str, float], float, float | None]]] = {
        "ours": ours,
        "rapidfuzz": peer,
    }
    given = catalogues(count)
    begun = time.process_time()
    parts, found, kept = sides[side](given)
    spent = (time.process_time() - begun) * (PEER_SHARE if side == "rapidfuzz" else 1)
    peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps(asdict(Speed(side, count, sum(parts.values()), spent, parts, found, kept, peak))))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
