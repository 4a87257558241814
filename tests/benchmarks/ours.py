"""Our side: the real services as processes, seeded through their own doors, swept, and counted."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from tests.benchmarks.errors import NotFinished
from tests.benchmarks.processes import Sampler, cpu_seconds
from tests.benchmarks.rates import Rates
from tests.benchmarks.report import Sweep
from tests.benchmarks.salla import CLIENT_ID, CLIENT_SECRET, WEBHOOK_SECRET, Prices, Salla
from tests.benchmarks.workload import SETTINGS, Size, offers_for
from thaman_audit.adapters.ledger import LedgerTables
from thaman_audit.verify import verify_chain
from thaman_cli.api import Api
from thaman_cli.state import Home
from thaman_cli.supervisor import Options, Supervisor
from thaman_contracts.events.onboarding import CatalogItem
from thaman_contracts.events.settings import StoreSettings
from thaman_kit.application import EventSourcedApplication
from thaman_kit.database import Database
from thaman_scheduler.domain.requests import run_now

REQUEST = "benchmark"
_PAGES = ("dashboard-api", "dashboard-worker")
EVENTS_PER_SAVE = 500
STILL_SECONDS = 3.0
Say = Callable[[str], None]
Row = dict[str, Any]

# Rows that a sweep inserts. Rows that it only updates (tracking, items, read models' states) are on neither side.
TABLES = (
    "scheduler.scheduler_events",
    "optimizer.optimizer_events",
    "optimizer.jobs",
    "optimizer.runs",
    "optimizer.proposals",
    "optimizer.decisions",
    "onboarding.onboarding_events",
    "onboarding.jobs",
    "onboarding.decisions",
    "audit.ledger",
    "audit.item_events",
    "audit.price_history",
    "audit.runs",
)


@dataclass(frozen=True, slots=True)
class Parts:
    """The running services."""

    supervisor: Supervisor
    salla: Salla
    api: Api
    database: psycopg.Connection[Row]

    def groups(self) -> Mapping[str, list[int]]:
        """Process ids by group: our processes, and the servers."""
        servers = self.supervisor.servers
        embedded = (servers.postgres, servers.nats)
        return {
            "workers": [child.pid for child in self.supervisor.children.values() if child.pid is not None],
            "servers": [one.pid for one in embedded if one is not None and one.pid is not None],
            "sandbox": list(self.salla.pids.values()),
        }

    def children(self) -> Mapping[str, list[int]]:
        """Process ids of our processes by name."""
        return {name: [child.pid] for name, child in self.supervisor.children.items() if child.pid is not None}

    def one(self, query: LiteralString, **params: object) -> Any:
        """The single value of a query."""
        row = self.database.execute(query, params).fetchone()
        assert row is not None
        return next(iter(row.values()))


def run_ours(folder: Path, size: Size, say: Say) -> tuple[Sweep, Prices]:
    """One sweep of ours; its figures and the prices that Salla shows at the end."""
    return asyncio.run(_run(folder, size, say))


async def _run(folder: Path, size: Size, say: Say) -> tuple[Sweep, Prices]:
    say("the local Salla")
    with Salla(folder) as salla:
        async with _parts(folder, salla, say) as parts:
            stores = salla.open_stores(size)
            await _seed(parts, stores, size, say)
            before = _counts(parts)
            salla.forget_calls()
            watched = {**parts.groups(), **parts.children()}
            with Sampler(parts.groups) as sampler, Rates(parts.supervisor.children) as rates:
                cpu = {name: cpu_seconds(pids) for name, pids in watched.items()}
                begun = await _sweep(parts, stores, size, say)
                cpu = {name: cpu_seconds(pids) - cpu[name] for name, pids in watched.items()}
            counts = {name: count - before[name] for name, count in _counts(parts).items()}
            for name in parts.children():
                say(f"CPU seconds of {name}: {cpu.pop(name):.1f}")
            return _result(parts, size, begun, counts, sampler, rates, cpu), salla.prices()


@asynccontextmanager
async def _parts(folder: Path, salla: Salla, say: Say) -> AsyncIterator[Parts]:
    say("PostgreSQL, NATS and all services")
    options = Options(sandbox=False, durable=True, log_level="warning", extra_env=_salla_env(salla))
    supervisor = Supervisor(Home(folder / "home"), options)
    try:
        await supervisor.start()
        # The peer shows nobody any pages, so ours does without them here.
        for name in _PAGES:
            await supervisor.children.pop(name).stop()
        key = supervisor.home.load_secrets().operator_key
        assert key is not None
        running = supervisor.running
        with closing(psycopg.connect(running.database_url, autocommit=True, row_factory=dict_row)) as database:
            async with Api(running.urls, key.get_secret_value()) as api:
                # With another installation's key this fails: the ports are ours and not some other one's.
                await api.get("onboarding", "/stores", limit=1)
                salla.register_webhook(api.url("onboarding"))
                yield Parts(supervisor, salla, api, database)
    finally:
        await supervisor.stop()


def _salla_env(salla: Salla) -> dict[str, str]:
    return {
        "THAMAN_SALLA_ACCOUNTS_URL": salla.url,
        "THAMAN_SALLA_API_URL": f"{salla.url}/admin/v2",
        "THAMAN_SALLA_CLIENT_ID": CLIENT_ID,
        "THAMAN_SALLA_CLIENT_SECRET": CLIENT_SECRET,
        "THAMAN_WEBHOOK_STRATEGY": "signature",
        "THAMAN_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "THAMAN_REGISTER_WEBHOOKS": "false",
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
    }


# -- before the clock runs ---------------------------------------------------------------------------------------------


async def _seed(parts: Parts, stores: list[str], size: Size, say: Say) -> None:
    """Connect every store by webhook and let it be observed, as in production; then put in the rivals' offers."""
    say(f"{size.stores} stores x {size.products} products are connected by webhook")
    began = time.monotonic()
    await asyncio.to_thread(parts.salla.install, stores)
    await _until(
        parts,
        600 + size.stores,
        say,
        ("stores observed", "SELECT count(*) FROM optimizer.stores WHERE catalogue_at IS NOT NULL", size.stores),
    )
    await _set_policy(parts, stores)
    await _until(
        parts,
        300 + size.stores,
        say,
        (
            "policies known",
            "SELECT count(*) FROM optimizer.stores WHERE settings ->> 'mode' = 'full_auto'",
            size.stores,
        ),
    )
    _put_offers(parts)
    await _until_quiet(parts, 300 + size.stores, say)
    parts.database.execute("VACUUM ANALYZE")
    say(f"seeded in {time.monotonic() - began:.0f} s")


async def _set_policy(parts: Parts, stores: list[str]) -> None:
    default = StoreSettings().model_dump(mode="json")
    changes = {name: value for name, value in SETTINGS.model_dump(mode="json").items() if value != default[name]}
    changes["watch_until"] = None
    gate = asyncio.Semaphore(8)

    async def change(store_id: str) -> None:
        async with gate:
            await parts.api.patch("onboarding", f"/stores/{store_id}/settings", changes)

    await asyncio.gather(*(change(one) for one in stores))


def _put_offers(parts: Parts) -> None:
    """What an earlier run would have read from the rivals' pages, straight into the optimizer's read model."""
    now = datetime.now(UTC)
    rows = parts.database.execute("SELECT * FROM optimizer.items").fetchall()
    offers = [offer for row in rows for offer in offers_for(row["store_id"], CatalogItem.model_validate(row), now)]
    link = "COPY optimizer.links (store_id, item_key, url, competitor) FROM STDIN"
    seen = (
        "COPY optimizer.offers (store_id, item_key, url, competitor, fitness, price, currency, in_stock, confidence_bp,"
        " observed_at, run_id) FROM STDIN"
    )
    run = "00000000-0000-0000-0000-000000000000"
    with parts.database.cursor() as cursor:
        with cursor.copy(link) as copy:
            for one in offers:
                copy.write_row((one.store_id, one.item_key, one.url, one.competitor))
        with cursor.copy(seen) as copy:
            for one in offers:
                known = (one.store_id, one.item_key, one.url, one.competitor, "usable", one.price, "SAR", True, 10_000)
                copy.write_row((*known, one.observed_at, run))


async def _until_quiet(parts: Parts, within: float, say: Say) -> None:
    """Wait until no job is left and the ledger has read everything."""
    for service, jobs in _JOBS.items():
        await _until(parts, within, say, (f"jobs of {service} left", jobs, 0))
    await _until_still(parts, within)


_JOBS: dict[str, LiteralString] = {
    "onboarding": "SELECT count(*) FROM onboarding.jobs WHERE state IN ('waiting', 'running')",
    "optimizer": "SELECT count(*) FROM optimizer.jobs WHERE state IN ('waiting', 'running')",
}
_APPLIED_IN_LEDGER: LiteralString = """
SELECT (SELECT count(*) FROM onboarding.decisions WHERE state = 'applied')
     - (SELECT count(*) FROM audit.price_history WHERE cause = 'decision')
"""
_REPORTED: LiteralString = "SELECT count(*) FROM optimizer.decisions WHERE state NOT IN ('applied', 'failed', 'stale')"
_RUNS_IN_LEDGER: LiteralString = "SELECT count(*) FROM audit.runs WHERE completed_at IS NOT NULL"


async def _until_still(parts: Parts, within: float) -> None:
    """Wait until the ledger has not grown for a while. Not every event is published, so counts cannot tell."""
    until, last, since = time.monotonic() + within, -1, time.monotonic()
    while time.monotonic() - since < STILL_SECONDS:
        found = parts.one("SELECT count(*) FROM audit.ledger")
        if found != last:
            last, since = found, time.monotonic()
        if time.monotonic() > until:
            raise NotFinished(f"the ledger still grows after {within:.0f} s")
        await asyncio.sleep(0.5)


async def _until(parts: Parts, within: float, say: Say, *wanted: tuple[str, LiteralString, int]) -> None:
    until, told = time.monotonic() + within, time.monotonic()
    for label, query, value in wanted:
        while not _is_reached(found := int(parts.one(query)), value):
            if time.monotonic() > until:
                raise NotFinished(f"{label}: {found} instead of {value} after {within:.0f} s; see the logs")
            if time.monotonic() - told > 5:
                told = time.monotonic()
                say(f"{label}: {found} of {value}")
            await asyncio.sleep(0.5)


def _is_reached(found: int, wanted: int) -> bool:
    """What drains must be empty; what grows may pass its mark, since the scheduler's own slots fall due meanwhile."""
    return found >= wanted if wanted else found == 0


# -- the sweep ---------------------------------------------------------------------------------------------------------


async def _sweep(parts: Parts, stores: list[str], size: Size, say: Say) -> float:
    """Ask for a run of every store at once and wait for the end; when it began, by the database's clock."""
    begun = float(parts.one("SELECT extract(epoch FROM clock_timestamp())"))
    await asyncio.to_thread(_request_all, parts.supervisor.running.database_url, stores)
    within = 300 + size.catalogue / 20
    done: LiteralString = "SELECT count(*) FROM optimizer.runs WHERE state IN ('completed', 'failed')"
    await _until(parts, within, say, ("runs done", done, size.stores))
    await _until(parts, within, say, ("prices still to be written", _UNSETTLED, 0))
    await _until(parts, within, say, ("prices the ledger has not read", _APPLIED_IN_LEDGER, 0))
    await _until(parts, within, say, ("runs in the ledger", _RUNS_IN_LEDGER, size.stores))
    await _until(parts, within, say, ("prices not reported to the optimizer", _REPORTED, 0))
    return begun


_UNSETTLED: LiteralString = """
SELECT (SELECT count(*) FROM optimizer.decisions)
     - (SELECT count(*) FROM onboarding.decisions WHERE state IN ('applied', 'failed', 'stale'))
"""


def _request_all(database_url: str, stores: list[str]) -> None:
    """What the scheduler does when a slot of all stores falls due: one request for each, many in a transaction."""
    now = datetime.now(UTC)
    with closing(EventSourcedApplication.connect("scheduler", database_url, pool_size=1)) as scheduler:
        for first in range(0, len(stores), EVENTS_PER_SAVE):
            unit = scheduler.unit_of_work()
            for store_id in stores[first : first + EVENTS_PER_SAVE]:
                unit.record(run_now(store_id, REQUEST, "benchmark", now))
            unit.commit()


# -- afterwards --------------------------------------------------------------------------------------------------------


def _counts(parts: Parts) -> dict[str, int]:
    counts = {}
    for table in TABLES:
        schema, name = table.split(".")
        query = sql.SQL("SELECT count(*) AS rows FROM {}").format(sql.Identifier(schema, name))
        row = parts.database.execute(query).fetchone()
        assert row is not None
        counts[table] = int(row["rows"])
    return counts


def _result(
    parts: Parts,
    size: Size,
    begun: float,
    rows: dict[str, int],
    sampler: Sampler,
    rates: Rates,
    cpu: Mapping[str, float],
) -> Sweep:
    ended = float(
        parts.one(
            "SELECT extract(epoch FROM max(recorded_at)) FROM audit.ledger"
            " WHERE recorded_at > to_timestamp(%(begun)s) AND type LIKE 'thaman.onboarding.PriceApplied.%%'",
            begun=begun,
        )
    )
    states = {
        row["disposition"]: row["items"]
        for row in parts.database.execute("SELECT disposition, count(*) AS items FROM optimizer.proposals GROUP BY 1")
    }
    waits = [
        row["seconds"]
        for row in parts.database.execute(
            "SELECT extract(epoch FROM settled_at - decided_at)::float8 AS seconds FROM optimizer.decisions"
            " WHERE state = 'applied'"
        )
    ]
    _verify_one_chain(parts)
    seconds = ended - begun
    return Sweep(
        name="ours",
        size=size,
        seconds=seconds,
        analysed=sum(states.values()),
        decided=states.get("write", 0),
        applied=len(waits),
        held=states.get("hold", 0),
        asked=states.get("ask", 0),
        decision_to_applied=waits,
        salla_calls=parts.salla.calls(),
        rows=rows,
        memory={group: sampler.memory(group) for group in ("workers", "servers")},
        cpu=cpu,
        rates=rates.per_second(seconds),
    )


def _verify_one_chain(parts: Parts) -> None:
    store = str(parts.one("SELECT min(store_id) FROM optimizer.stores"))
    with closing(Database(parts.supervisor.running.database_url, "audit", 1)) as database:
        tables = LedgerTables(database)
        head = tables.head(store)
        assert head is not None
        verdict = verify_chain(tables.chain(store), head)
    if not verdict.ok:
        raise NotFinished(f"our chain of store {store} is broken: {verdict.broken}")
