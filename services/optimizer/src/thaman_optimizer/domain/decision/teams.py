"""Products that move as one, in columns: rows that lie together, and what is summed or compared over them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from thaman_optimizer.domain.decision.candidates import Bounds
from thaman_optimizer.domain.decision.columns import Flags
from thaman_optimizer.domain.demand.detmath import Floats
from thaman_optimizer.domain.demand.panel import Ints


@dataclass(frozen=True, slots=True)
class Teams:
    """g teams that move as one: ``rows`` (n,) are their products, team by team, ``starts`` (g,) where each begins.

    ``bounds`` are shared by ratio; ``blocked`` (n,) has the guard bits of what forbids a move; teams that are not
    ``free`` (g,) hold.
    """

    rows: Ints
    starts: Ints
    bounds: Bounds
    blocked: Ints
    free: Flags

    @property
    def sizes(self) -> Ints:
        """Products of each team (g,)."""
        return np.diff(np.append(self.starts, len(self.rows)))

    @property
    def of(self) -> Ints:
        """The team of each product (n,)."""
        return members_of(self.starts, len(self.rows))

    def total(self, values: Floats) -> Floats:
        """Sums over each team's products."""
        return np.asarray(np.add.reduceat(values, self.starts, axis=0))

    def every(self, flags: Flags) -> Flags:
        """Whether it is so for all products of a team."""
        return np.asarray(np.logical_and.reduceat(flags, self.starts, axis=0))

    def largest(self, values: Ints) -> Ints:
        """The largest value of each team, for each of its products (n,)."""
        return np.asarray(np.maximum.reduceat(values, self.starts))[self.of]

    def portions(self, size: int) -> Iterator["Teams"]:
        """The same in portions of about ``size`` products, none of which splits a team."""
        cuts = np.flatnonzero(np.diff(self.starts // size)) + 1
        for teams in np.split(np.arange(len(self.starts)), cuts):
            first, last = teams[0], teams[-1] + 1
            end = self.starts[last] if last < len(self.starts) else len(self.rows)
            rows = slice(self.starts[first], end)
            bounds = Bounds(self.bounds.low[rows], self.bounds.high[rows], self.bounds.floor[rows])
            starts = self.starts[teams] - self.starts[first]
            yield Teams(self.rows[rows], starts, bounds, self.blocked[rows], self.free[teams])


def members_of(starts: Ints, count: int) -> Ints:
    """Which of the groups that begin at ``starts`` each of ``count`` rows is of."""
    return np.repeat(np.arange(len(starts)), np.diff(np.append(starts, count)))
