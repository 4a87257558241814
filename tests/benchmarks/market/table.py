"""The table that `make market` prints."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from tests.benchmarks.market.summary import Line, over_worlds, taking_part

_HEAD = (
    f"{'':<28}{'of guarded':>11}{'worst':>7}{'of':>8}{'weeks':>8}{'below':>9}{'changes':>9}{'own':>8}{'80 %':>7}"
    f"{'true /':>8}{'moves':>7}\n"
    f"{'':<28}{'oracle':>11}{'seed':>7}{'oracle':>8}{'14-26':>8}{'floor':>9}{'a week':>9}{'drift':>8}{'covers':>7}"
    f"{'promised':>9}{'gain':>6}"
)


def table(lines: Sequence[Line]) -> str:
    """One block a world, and what the contenders came to over all worlds."""
    blocks = [
        f"{world}\n{_HEAD}\n" + "\n".join(map(_row, rows)) for world, rows in groupby(lines, lambda line: line.world)
    ]
    return "\n\n".join([*blocks, "\n".join(_totals(lines))])


def _row(line: Line) -> str:
    return (
        f"{line.name:<28}{line.of_guarded:>11.3f}{line.worst_seed:>7.3f}{line.of_oracle:>8.3f}"
        f"{line.late_of_oracle:>8.3f}{line.violations:>9.0f}{line.changes:>9.2f}{line.drift:>8.1%}"
        f"{_share(line.coverage):>7}{_share(line.realised):>8}{_share(line.gaining):>7}"
    )


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _totals(lines: Sequence[Line]) -> Iterator[str]:
    worlds = len({line.world for line in lines})
    yield f"over {worlds} worlds: mean and worst share of the guarded oracle's profit"
    for name in taking_part(lines):
        mean, worst = over_worlds(lines, name)
        yield f"{name:<28}{mean:>11.3f}{worst:>7.3f}"
