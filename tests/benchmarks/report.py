"""What a side's sweep came to, and how two sweeps are compared and shown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.benchmarks.processes import Memory
from tests.benchmarks.workload import Size


@dataclass(frozen=True, slots=True)
class Sweep:
    """One side's sweep. Times are seconds by the database's clock, rates per second of the whole sweep.

    ``rows`` counts the rows that the sweep inserted, by table; ``memory`` and ``cpu`` are by group of processes.
    """

    name: str
    size: Size
    seconds: float
    analysed: int
    decided: int
    applied: int
    held: int
    asked: int
    decision_to_applied: Sequence[float]
    salla_calls: int
    rows: Mapping[str, int]
    memory: Mapping[str, Memory | None]
    cpu: Mapping[str, float]
    rates: Mapping[str, float] = field(default_factory=dict)

    @property
    def runs_per_second(self) -> float:
        """Stores through."""
        return self.size.stores / self.seconds

    @property
    def products_per_second(self) -> float:
        """Catalogue products through, written or held."""
        return self.size.catalogue / self.seconds

    @property
    def prices_per_second(self) -> float:
        """Prices written, read back and in the ledger."""
        return self.applied / self.seconds

    def latency(self, percent: float) -> float:
        """Seconds from decision to applied that so many per cent did not exceed."""
        ordered = sorted(self.decision_to_applied)
        return ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)] if ordered else 0.0

    def document(self) -> dict[str, Any]:
        """For ``--json``."""
        plain = asdict(self)
        del plain["decision_to_applied"]
        for group, memory in self.memory.items():
            plain["memory"][group] = None if memory is None else asdict(memory) | {"growth": memory.growth}
        return plain | {
            "runs_per_second": self.runs_per_second,
            "products_per_second": self.products_per_second,
            "prices_per_second": self.prices_per_second,
            "decision_to_applied_p50": self.latency(50),
            "decision_to_applied_p99": self.latency(99),
            "rows_total": sum(self.rows.values()),
        }


def ratios(ours: Sweep, peer: Sweep) -> dict[str, float]:
    """Ours over the peer's."""
    return {
        "products_per_second": ours.products_per_second / peer.products_per_second,
        "decision_to_applied_p50": ours.latency(50) / max(peer.latency(50), 1e-9),
        "decision_to_applied_p99": ours.latency(99) / max(peer.latency(99), 1e-9),
        "salla_calls": ours.salla_calls / max(peer.salla_calls, 1),
        "rows": sum(ours.rows.values()) / max(sum(peer.rows.values()), 1),
        "cpu": sum(ours.cpu.values()) / max(sum(peer.cpu.values()), 1e-9),
    }


def table(sweeps: Sequence[Sweep]) -> Iterator[str]:
    """The comparison, for people."""
    yield _line("", [sweep.name for sweep in sweeps])
    for label, cells in _figures(sweeps):
        yield _line(label, cells)
    for sweep in sweeps:
        rows = ", ".join(f"{name} {count:,}" for name, count in sorted(sweep.rows.items()) if count)
        yield f"rows of {sweep.name}: {rows}"
    ours = sweeps[0]
    for peer in sweeps[1:]:
        shown = ", ".join(f"{name} {value:.2f}x" for name, value in ratios(ours, peer).items())
        yield f"{ours.name} / {peer.name}: {shown}"


def _figures(sweeps: Sequence[Sweep]) -> Iterator[tuple[str, list[str]]]:
    yield "sweep, seconds", [f"{one.seconds:.1f}" for one in sweeps]
    yield "runs/s", [f"{one.runs_per_second:.1f}" for one in sweeps]
    yield "products/s", [f"{one.products_per_second:.0f}" for one in sweeps]
    yield "prices written/s", [f"{one.prices_per_second:.0f}" for one in sweeps]
    yield "items analysed", [f"{one.analysed:,}" for one in sweeps]
    yield "decided and applied", [f"{one.decided:,} / {one.applied:,}" for one in sweeps]
    yield "held, asked", [f"{one.held:,}, {one.asked:,}" for one in sweeps]
    yield "decision to applied p50, s", [f"{one.latency(50):.2f}" for one in sweeps]
    yield "decision to applied p99, s", [f"{one.latency(99):.2f}" for one in sweeps]
    yield "Salla calls", [f"{one.salla_calls:,}" for one in sweeps]
    yield "rows inserted", [f"{sum(one.rows.values()):,}" for one in sweeps]
    for name in dict.fromkeys(name for one in sweeps for name in one.rates):
        yield name, [f"{one.rates[name]:.0f}" if name in one.rates else "-" for one in sweeps]
    for group in dict.fromkeys(group for one in sweeps for group in one.memory):
        yield f"peak memory of {group}, MiB", [_memory(one.memory.get(group)) for one in sweeps]
    for group in dict.fromkeys(group for one in sweeps for group in one.cpu):
        yield f"CPU seconds of {group}", [f"{one.cpu[group]:.1f}" if group in one.cpu else "-" for one in sweeps]


def _memory(memory: Memory | None) -> str:
    return "-" if memory is None else f"{memory.peak:.0f} ({memory.growth:+.0f} first to last quarter)"


def _line(label: str, cells: Sequence[str]) -> str:
    return f"{label:<34}" + "".join(f"{cell:>34}" for cell in cells)
