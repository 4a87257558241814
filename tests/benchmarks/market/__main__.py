"""``make market``: the engine among rules and oracles, in markets whose truth is known.

Defaults take about five minutes. ``--report`` uses the seeds that nothing was tuned with; without it the tuning seeds.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks.market.contenders import CONTENDERS, GUARDED, KEY, MEDIUM, ORACLE
from tests.benchmarks.market.picture import picture
from tests.benchmarks.market.running import Maker, run_all
from tests.benchmarks.market.summary import Line, over_worlds, summarise
from tests.benchmarks.market.table import table
from tests.benchmarks.market.worlds import REPORT_SEEDS, TUNING_SEEDS, WORLDS

_PICTURE = Path(".thaman/market.svg")


def main(words: Sequence[str] | None = None) -> int:
    """Run, print, draw."""
    arguments = _arguments(words)
    seeds = (REPORT_SEEDS if arguments.report else TUNING_SEEDS)[arguments.skip :][: arguments.seeds]
    lines: list[Line] = []
    for world in arguments.worlds:
        lines += _world(world, seeds, {name: CONTENDERS[name] for name in (KEY if arguments.key else CONTENDERS)})
    caption = (
        f"{len(arguments.worlds)} worlds, {len(seeds)} {'report' if arguments.report else 'tuning'} seeds each, "
        f"300 products, 26 weeks"
    )
    if arguments.json:
        mean, worst = over_worlds(lines, MEDIUM)
        found = {
            "caption": caption,
            "medium": {"mean": mean, "worst": worst},
            "lines": [asdict(line) for line in lines],
        }
        print(json.dumps(found, indent=2))
    else:
        print(f"{caption}\n\n{table(lines)}")
    arguments.picture.parent.mkdir(parents=True, exist_ok=True)
    arguments.picture.write_text(picture(lines, caption), encoding="utf-8")
    print(f"picture: {arguments.picture}", file=sys.stderr)
    return 0


def _world(world: str, seeds: Sequence[int], makers: dict[str, Maker]) -> list[Line]:
    runs = []
    for seed in seeds:
        begun = time.perf_counter()
        runs.append(run_all(WORLDS[world], seed, makers))
        engine, guarded = runs[-1][MEDIUM].profit, runs[-1][GUARDED].profit
        print(
            f"{world} {seed}: engine {engine / guarded:.3f} of the guarded oracle, "
            f"{engine / runs[-1][ORACLE].profit:.3f} of the oracle ({time.perf_counter() - begun:.1f} s)",
            file=sys.stderr,
            flush=True,
        )
    return summarise(world, runs)


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make market", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2, help="seeds a world (default 2)")
    parser.add_argument("--skip", type=int, default=0, help="pass over the first so many seeds (default 0)")
    parser.add_argument("--worlds", type=_names, default=list(WORLDS), help=f"of {','.join(WORLDS)} (default all)")
    parser.add_argument("--report", action="store_true", help="report seeds instead of tuning seeds")
    parser.add_argument("--key", action="store_true", help="only the engine at medium tolerance and the oracles")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument("--picture", type=Path, default=_PICTURE, help=f"where to draw (default {_PICTURE})")
    return parser.parse_args(words)


def _names(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in WORLDS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no world {', '.join(unknown)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
