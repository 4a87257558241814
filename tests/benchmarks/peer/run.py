"""Starts the peer's servers and workers, seeds, sweeps and counts."""

import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis
from celery import Celery
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from tests.benchmarks.errors import NotFinished, ProgramMissing
from tests.benchmarks.peer import ledger
from tests.benchmarks.peer.models import Base, Decision, Store
from tests.benchmarks.peer.resources import engine_for
from tests.benchmarks.peer.seed import seed
from tests.benchmarks.peer.settings import Settings
from tests.benchmarks.processes import Process, Sampler, cpu_seconds, environment, wait_until
from tests.benchmarks.report import Sweep
from tests.benchmarks.salla import Prices, Salla
from tests.benchmarks.workload import Size
from thaman_kit.embedded import EmbeddedPostgres
from thaman_kit.embedded.process import free_port

SEEDED = {"stores", "items", "offers", "chain_heads"}
SWEEP, QUEUE = "benchmark", "peer"
TASK_FAILED = "raised unexpected"
"""What Celery logs when a task failed and is not tried again."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Parts:
    """The running peer."""

    settings: Settings
    engine: Engine
    salla: Salla
    postgres: EmbeddedPostgres
    processes: tuple[Process, ...]

    def groups(self) -> Mapping[str, list[int]]:
        """Process ids by group: our workers, and the servers."""
        broker, *workers = self.processes
        servers = [self.postgres.pid] if self.postgres.pid else []
        return {
            "workers": [pid for one in workers for pid in one.pids.values()],
            "servers": servers + list(broker.pids.values()),
            "sandbox": list(self.salla.pids.values()),
        }


def require_redis() -> str:
    """The redis-server program.

    Raises:
        ProgramMissing: there is none.
    """
    found = shutil.which("redis-server")
    if found is None:
        raise ProgramMissing(
            "the peer needs redis-server and there is none on PATH: install it (Debian/Ubuntu: apt install"
            " redis-server), or leave the peer out with --skip-peer"
        )
    return found


def run_peer(folder: Path, size: Size, style: str, concurrency: int, say: Say) -> tuple[Sweep, Prices]:
    """One sweep of the peer; its figures and the prices that Salla shows at the end."""
    with _parts(folder, style, concurrency, say) as parts:
        say(f"{size.stores} stores x {size.products} products are opened and read")
        stores = parts.salla.open_stores(size)
        seed(parts.engine, parts.salla, stores)
        _, _, dispatcher = parts.processes
        dispatcher.start(lambda: True)
        parts.salla.forget_calls()
        with Sampler(parts.groups) as sampler:
            before = {name: cpu_seconds(pids) for name, pids in parts.groups().items()}
            begun = _sweep(parts, size, say)
            after = {name: cpu_seconds(pids) for name, pids in parts.groups().items()}
        cpu = {name: after[name] - before[name] for name in after}
        return _result(parts, size, begun, sampler, cpu), parts.salla.prices()


@contextmanager
def _parts(folder: Path, style: str, concurrency: int, say: Say) -> Iterator[Parts]:
    program = require_redis()
    with ExitStack() as stack:
        say("PostgreSQL, Redis and the local Salla")
        postgres = stack.enter_context(EmbeddedPostgres(folder / "postgres", durable=True))
        broker, broker_url = _redis(program, folder)
        stack.callback(broker.stop)
        salla = stack.enter_context(Salla(folder))
        settings = Settings(postgres.url, broker_url, salla.url, style)
        engine = engine_for(settings.database_url, pool_size=2)
        stack.callback(engine.dispose)
        say(f"Celery with {concurrency} processes")
        workers = _workers(settings, folder, concurrency)
        stack.callback(workers.stop)
        workers.start(lambda: _is_consumed(broker_url))
        dispatcher = _dispatcher(settings, folder)
        stack.callback(dispatcher.stop)
        yield Parts(settings, engine, salla, postgres, (broker, workers, dispatcher))


def _redis(program: str, folder: Path) -> tuple[Process, str]:
    port, home = free_port(), folder / "redis"
    home.mkdir(parents=True, exist_ok=True)
    options = {
        "port": str(port),
        "bind": "127.0.0.1",
        "dir": str(home),
        "save": "",
        "appendonly": "yes",
        "appendfsync": "always",
        "daemonize": "no",
    }
    command = [program, *(part for name, value in options.items() for part in (f"--{name}", value))]
    broker = Process("redis", home, command, environment(), signal.SIGTERM)
    client = redis.Redis(port=port)

    def answers() -> bool:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False

    broker.start(answers)
    client.close()
    return broker, f"redis://127.0.0.1:{port}/0"


def _workers(settings: Settings, folder: Path, concurrency: int) -> Process:
    command = [sys.executable, "-m", "celery", "-A", "tests.benchmarks.peer.celery_app", "worker"]
    command += ["--pool", "prefork", "--concurrency", str(concurrency), "-O", "fair", "--loglevel", "WARNING"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    variables = environment(**settings.variables(), PYTHONWARNINGS="ignore")
    return Process("celery", folder / "celery", command, variables, signal.SIGTERM)


def _dispatcher(settings: Settings, folder: Path) -> Process:
    command = [sys.executable, "-m", "tests.benchmarks.peer.dispatcher"]
    return Process("dispatcher", folder / "dispatcher", command, environment(**settings.variables()), signal.SIGTERM)


def _is_consumed(broker_url: str) -> bool:
    """Whether a worker answers."""
    with Celery(broker=broker_url) as client:
        return bool(client.control.ping(timeout=1.0))


def _sweep(parts: Parts, size: Size, say: Say) -> float:
    """Trigger the sweep and wait for its end; when it began, by the database's clock, as Unix time."""
    with Session(parts.engine) as session:
        begun = float(session.scalar(text("SELECT extract(epoch FROM clock_timestamp())")) or 0)
    with Celery(broker=parts.settings.broker_url) as client:
        client.conf.task_ignore_result = True
        client.send_task("tests.benchmarks.peer.tasks.sweep", (SWEEP,), queue=QUEUE)
    within = 120 + size.catalogue / 20
    told = [time.monotonic()]

    def finished() -> bool:
        with Session(parts.engine) as session:
            runs = session.scalar(text("SELECT count(*) FROM runs")) or 0
            opened = session.scalar(text("SELECT count(*) FROM decisions WHERE state = 'decided'")) or 0
        log = parts.processes[1].log
        if TASK_FAILED in log.read_text(errors="replace"):
            raise NotFinished(f"a task of the peer failed for good; see {log} (--keep leaves it)")
        if time.monotonic() - told[0] > 5:
            told[0] = time.monotonic()
            say(f"runs {runs} of {size.stores}, prices still to be written {opened}")
        return runs == size.stores and opened == 0

    if not wait_until(finished, within, poll=0.5):
        raise NotFinished(f"the peer did not finish within {within:.0f} s; its workers' log is in the work folder")
    return begun


def _result(parts: Parts, size: Size, begun: float, sampler: Sampler, cpu: Mapping[str, float]) -> Sweep:
    with Session(parts.engine) as session:
        ended = session.scalar(text("SELECT extract(epoch FROM max(written_at)) FROM audit_log"))
        states: dict[str, int] = dict(
            session.execute(text("SELECT disposition, count(*) FROM proposals GROUP BY 1")).tuples().all()
        )
        waits = (
            session.execute(select(Decision.decided_at, Decision.settled_at).where(Decision.state == "applied"))
            .tuples()
            .all()
        )
        rows = {
            name: session.scalar(text(f'SELECT count(*) FROM "{name}"')) or 0
            for name in Base.metadata.tables
            if name not in SEEDED
        }
        store = session.scalars(select(Store.store_id).order_by(Store.store_id)).first() or ""
        chain = ledger.verify(session, store)
    if not chain.ok:
        raise NotFinished(f"the peer's chain of store {store} is broken: {chain.broken}")
    return Sweep(
        name="peer" if parts.settings.style == "single" else "peer, batched",
        size=size,
        seconds=float(ended or 0) - begun,
        analysed=sum(states.values()),
        decided=states.get("write", 0),
        applied=len(waits),
        held=states.get("hold", 0),
        asked=states.get("ask", 0),
        decision_to_applied=[(settled - decided).total_seconds() for decided, settled in waits if settled is not None],
        salla_calls=parts.salla.calls(),
        rows=rows,
        memory={group: sampler.memory(group) for group in ("workers", "servers")},
        cpu=cpu,
    )
