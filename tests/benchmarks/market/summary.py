"""What many runs come to: one line for each contender and world."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tests.benchmarks.market.contenders import CONTENDERS, GUARDED, ORACLE
from tests.benchmarks.market.running import Outcome


@dataclass(frozen=True, slots=True)
class Line:
    """One contender in one world, over seeds.

    ``of_guarded`` and ``of_oracle`` are mean shares of the oracles' profit of the same seed, ``worst_seed`` the lowest
    share of the guarded one, ``late_of_oracle`` of the second half of the time. ``violations`` are item-days below the
    floor, a seed. ``coverage`` and ``realised`` (true over promised, summed) are ``None`` without promises, as is
    ``gaining``, the share of moves that truly gain.
    """

    world: str
    name: str
    of_guarded: float
    worst_seed: float
    of_oracle: float
    late_of_oracle: float
    profit_riyals: float
    violations: float
    changes: float
    drift: float
    coverage: float | None
    realised: float | None
    gaining: float | None


def summarise(world: str, runs: Sequence[Mapping[str, Outcome]]) -> list[Line]:
    """The lines of one world from the outcomes of its seeds."""
    return [_line(world, name, runs) for name in runs[0]]


def _line(world: str, name: str, runs: Sequence[Mapping[str, Outcome]]) -> Line:
    mine = [run[name] for run in runs]
    of_guarded = [run[name].profit / run[GUARDED].profit for run in runs]
    promises = np.array([(p.expected, p.low, p.high, p.true) for one in mine for p in one.promises]).reshape(-1, 4)
    expected, low, high, true = promises.T
    return Line(
        world=world,
        name=name,
        of_guarded=float(np.mean(of_guarded)),
        worst_seed=float(np.min(of_guarded)),
        of_oracle=float(np.mean([run[name].profit / run[ORACLE].profit for run in runs])),
        late_of_oracle=float(np.mean([run[name].late_profit / run[ORACLE].late_profit for run in runs])),
        profit_riyals=float(np.mean([one.profit for one in mine])) / 100,
        violations=float(np.mean([one.violations for one in mine])),
        changes=float(np.mean([one.changes for one in mine])),
        drift=float(np.mean([one.drift for one in mine])),
        coverage=float(np.mean((low <= true) & (true <= high))) if len(true) else None,
        realised=float(true.sum() / expected.sum()) if len(true) else None,
        gaining=float(np.mean(true > 0)) if len(true) else None,
    )


def taking_part(lines: Sequence[Line]) -> list[str]:
    """The contenders that lines are about, in the order of the table."""
    names = {line.name for line in lines}
    return [name for name in CONTENDERS if name in names]


def over_worlds(lines: Sequence[Line], name: str) -> tuple[float, float]:
    """Mean and worst share of the guarded oracle's profit over worlds."""
    shares = [line.of_guarded for line in lines if line.name == name]
    return float(np.mean(shares)), min(shares)
