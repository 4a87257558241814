"""``make bench``: how fast a full-auto sweep is, side by side with a Celery + Redis + SQLAlchemy pipeline.

One run does the same work on each side (the peer's in two styles, unless ``--peer`` names one) and prints the results
and their ratios.

The work, for every store: read what is known, take the recorded fresh offers, decide about each item with the same
pure function (``thaman_optimizer.domain.analyst.judge``), record proposals, decisions and the run, write each changed
price to the local Salla by HTTP, see that it shows, record the outcome, and append everything to an audit log that is
hash-chained per store (the same hash on both sides). The clock runs from the trigger until the last written price is
in the audit log, both by PostgreSQL's clock. Seeding is not timed, and no competitor's page is read on either side.
Both sides must end with the same price for every item in Salla; otherwise the benchmark fails (exit code 5).

**Ours** is the real system: the supervisor's processes of all four services on embedded PostgreSQL (fsync on) and
nats-server (``sync_interval: always``). Stores are connected by webhook and observed as in production; the trigger is
an ``OptimizationRequested`` for every store at once, as the scheduler stores it when a slot falls due.

**The peer** (``peer/``) is what a good Celery application would look like, on the same PostgreSQL and on Redis with
``appendonly yes, appendfsync always``: prefork workers, acknowledged late, no result backend, one kept connection to
the database and to Salla in each process, bulk inserts. It promises what ours promises for one price: the present
price is looked at before it is overwritten, an intent is committed before the call and the outcome after it, and what
must follow a commit is in an outbox (sent by a dispatcher process), so that a crash loses nothing. ``--peer single``
has a task for each price. ``--peer batched`` writes a store's prices together, with the commits and the queued calls
that our writer uses: what is left of the ratio is then not owed to batching.

Rows inserted, counted in both databases at the end and printed:

=====================  =======================================================  ==================================
per                    ours                                                     peer
=====================  =======================================================  ==================================
item held              1 event, 1 proposal, 1 ledger entry, 1 item index        1 outbox event, 1 proposal,
                                                                                1 audit entry, 1 item index
price written          4 events (proposed, decided, started, applied),          4 outbox events, 1 proposal,
                       1 proposal, 1 decision in each of two services, 1 job,   1 decision, 1 intent,
                       4 ledger entries, 4 item index, 1 price history          4 audit entries, 4 item index,
                                                                                1 price history
run                    4 events, 1 job, 1 run in each of two services,          2 outbox events, 1 run,
                       4 ledger entries                                         2 audit entries
page read back         1 event and 1 ledger entry (``CatalogObserved``)         (nothing)
=====================  =======================================================  ==================================

The sums differ by two or three per cent (ours has more). The peer still is not charged for what it does not offer:
no other system can follow its events, and its read models cannot be built again from them.

Before the sweeps the pricing engine is measured by itself on one core (``engine.py``; ``--engine`` does only that).
``--advice`` does something else alone: it measures what a crew whose model is down costs a run (``advice.py``).
``--why`` does none of this: it measures how fast the audit answers "why this price" on a long record (``why.py``).
``--audit`` measures the ledger by itself instead of all that (``audit.py``), ``--dashboard`` the merchant's pages
(``dashboard.py``).
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # started as a script, as `make bench` does
    sys.path.insert(0, str(ROOT))

from tests.benchmarks import advice, audit, dashboard  # noqa: E402
from tests.benchmarks.engine import Figures, measure  # noqa: E402
from tests.benchmarks.errors import BenchError, Disagreement, ProgramMissing  # noqa: E402
from tests.benchmarks.ours import run_ours  # noqa: E402
from tests.benchmarks.peer.run import require_redis, run_peer  # noqa: E402
from tests.benchmarks.processes import prepare_environment, stop_like_ctrl_c  # noqa: E402
from tests.benchmarks.report import Sweep, ratios, table  # noqa: E402
from tests.benchmarks.salla import Prices  # noqa: E402
from tests.benchmarks.why import WhyFigures, measure_why  # noqa: E402
from tests.benchmarks.workload import Size  # noqa: E402
from thaman_cli.errors import CliError  # noqa: E402
from thaman_kit.errors import KitError  # noqa: E402

FULL, QUICK = Size(1_000, 50), Size(50, 20)
STYLES = {"single": ("single",), "batched": ("batched",), "both": ("single", "batched")}
Outcome = tuple[Sweep, Prices]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and print; the exit code."""
    given = _parser().parse_args(arguments)
    prepare_environment()
    stop_like_ctrl_c()
    if given.advice:
        return _advice(as_json=given.json)
    folder = Path(tempfile.mkdtemp(prefix="thaman-bench-", dir=given.folder))
    folder.chmod(0o755)  # PostgreSQL runs as another user when we are root
    try:
        if given.audit:
            rates = audit.measure(folder, _sayer("audit"), given.events or audit.DEFAULT, given.stores or audit.STORES)
            return _show_audit(rates, as_json=given.json)
        if given.dashboard:
            return _show_dashboard(_dashboard(given, folder), as_json=given.json)
        asked = measure_why(folder, _sayer("why")) if given.why else None
        engine = None if given.skip_engine or given.why else measure(_sayer("engine"))
        outcomes = [] if given.engine or given.why else _run(given, folder)
    except (BenchError, KitError, CliError) as error:
        print(f"bench: {error}", file=sys.stderr)
        if not isinstance(error, ProgramMissing):
            given.keep = True
            print(f"bench: logs are in {folder}", file=sys.stderr)
        return getattr(error, "exit_code", 1)
    except KeyboardInterrupt:
        print("bench: stopped", file=sys.stderr)
        return 130
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)
    _show([sweep for sweep, _ in outcomes], engine, asked, as_json=given.json)
    return 0


def _advice(*, as_json: bool) -> int:
    try:
        figures = advice.measure(_sayer("advice"))
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return error.exit_code
    print(json.dumps({"advice": figures.document()}) if as_json else "\n".join(figures.lines()))
    return 1 if figures.over else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make bench ARGS=...", description=(__doc__ or "").partition("\n")[0],
        epilog="Exit codes: 0 done, 1 failed, 3 a program is missing, 4 a side did not finish, 5 the sides disagree.",
    )  # fmt: skip
    parser.add_argument(
        "--stores", type=_positive, help=f"stores (default {FULL.stores:,}; with --audit {audit.STORES})"
    )
    parser.add_argument("--products", type=_positive, help=f"products of each store (default {FULL.products})")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK.stores} stores x {QUICK.products} unless said")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--engine", action="store_true", help="only the pricing engine by itself")
    parser.add_argument("--advice", action="store_true", help="only what a crew whose model is down costs a run")
    parser.add_argument("--why", action="store_true", help="only how fast `why this price` is answered")
    parser.add_argument("--audit", action="store_true", help="only the audit's ledger: writing and proving it")
    parser.add_argument("--dashboard", action="store_true", help="only the merchant's pages over a large store")
    parser.add_argument(
        "--events", type=_positive,
        help=f"with --audit: the longest ledger, after each tenth of it (default {audit.DEFAULT:,});"
        f" with --dashboard: what the store has behind it (default {dashboard.EVENTS:,})",
    )  # fmt: skip
    parser.add_argument(
        "--filled", type=Path, help="with --dashboard: a folder to fill and keep, or one that was filled so before"
    )
    parser.add_argument("--skip-engine", action="store_true", help="only the sweeps")
    parser.add_argument("--skip-peer", action="store_true", help="only our side")
    parser.add_argument("--skip-ours", action="store_true", help="only the peer")
    parser.add_argument("--peer", choices=tuple(STYLES), default="both", help="how the peer writes prices")
    parser.add_argument("--concurrency", type=_positive, default=4, help="the peer's worker processes (default 4)")
    parser.add_argument("--folder", type=Path, help="where data and logs go (default: the system's temporary folder)")
    parser.add_argument("--keep", action="store_true", help="leave data and logs there at the end")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _run(given: argparse.Namespace, folder: Path) -> list[Outcome]:
    size = _size(given)
    outcomes: list[Outcome] = []
    styles = () if given.skip_peer else STYLES[given.peer]
    if styles:
        require_redis()  # now, not after our side has run for minutes
    if not given.skip_ours:
        outcomes.append(run_ours(folder / "ours", size, _sayer("ours")))
    for style in styles:
        side = folder / f"peer-{style}"
        outcomes.append(run_peer(side, size, style, given.concurrency, _sayer(f"peer, {style}")))
    _require_same_work(outcomes)
    return outcomes


def _size(given: argparse.Namespace) -> Size:
    default = QUICK if given.quick else FULL
    return Size(given.stores or default.stores, given.products or default.products)


def _require_same_work(outcomes: Sequence[Outcome]) -> None:
    for sweep, prices in outcomes:
        if sweep.applied != sweep.decided:
            raise Disagreement(f"{sweep.name} decided {sweep.decided} prices and applied {sweep.applied}")
        if prices != outcomes[0][1]:
            different = sum(prices[store] != outcomes[0][1].get(store) for store in prices)
            raise Disagreement(
                f"{sweep.name} left other prices in Salla than {outcomes[0][0].name} in {different} stores"
            )


def _sayer(side: str) -> Callable[[str], None]:
    began = time.monotonic()
    return lambda text: print(f"{time.monotonic() - began:7.1f} s  {side}: {text}", file=sys.stderr, flush=True)


def _show(sweeps: Sequence[Sweep], engine: Figures | None, asked: WhyFigures | None, *, as_json: bool) -> None:
    parts = {"engine": engine, "why": asked}
    if not as_json:
        lines = [line for part in parts.values() if part for line in part.lines()]
        print("\n".join([*lines, *(table(sweeps) if sweeps else [])]))
        return
    document: dict[str, object] = {name: part.document() for name, part in parts.items() if part}
    if sweeps:
        document["sides"] = [sweep.document() for sweep in sweeps]
    if len(sweeps) > 1:
        document["ratios"] = [{"against": peer.name, **ratios(sweeps[0], peer)} for peer in sweeps[1:]]
    print(json.dumps(document))


def _dashboard(given: argparse.Namespace, folder: Path) -> dashboard.DashboardFigures:
    if given.filled is not None:
        folder = given.filled
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    products, events = given.products or dashboard.PRODUCTS, given.events or dashboard.EVENTS
    return dashboard.measure(folder, _sayer("dashboard"), products, events)


def _show_dashboard(figures: dashboard.DashboardFigures, *, as_json: bool) -> int:
    print(json.dumps({"dashboard": figures.document()}) if as_json else "\n".join(figures.lines()))
    return 1 if figures.missed else 0


def _show_audit(rates: list[audit.Rates], *, as_json: bool) -> int:
    lines = ["ledger, events a second", *(rate.line() for rate in rates)]
    print(json.dumps({"audit": audit.document(rates)}) if as_json else "\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
