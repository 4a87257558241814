"""Every read model, emptied and made again from events, is row by row what it was.

Each table of each schema is named here once, as a read model or as something else; a table that is not named fails.
"""

import asyncio
import json
import random
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.faults.database import execute, rows
from tests.faults.market import Market
from tests.support.system import System, wait_until

from thaman_audit.adapters.moment import Moment
from thaman_cli.rebuilding.catalogue import REBUILT
from thaman_cli.rebuilding.rebuilding import rebuild as make_again
from thaman_cli.replaying.chain import Chain, wait_for_ledger
from thaman_cli.replaying.rebuilding import rebuilt
from thaman_cli.replaying.state import read_models
from thaman_cli.world.reading import connect
from thaman_contracts.subjects import SERVICES

pytestmark = [pytest.mark.faults, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="session")]

StoreRows = dict[str, dict[str, list[dict[str, Any]]]]
"""Rows by service and table."""

SCRIPT = Path(__file__).with_name("rebuild_models.py")

READ_MODELS: dict[str, dict[str, tuple[str, ...]]] = {
    "onboarding": {
        "stores": ("updated_at",),
        "item_rules": (),
        "system_settings": ("updated_at",),
        "items": ("write_version",),
        "orders": ("head_digest", "refunded", "observed_at", "provider_time"),
        "api_keys": (),
    },
    "scheduler": {"installation": (), "schedules": (), "due": ("claim", "claimed_until"), "api_keys": ()},
    "optimizer": {
        "stores": (),
        "system_settings": (),
        "items": (),
        "item_rules": (),
        "edits": (),
        "orders": (),
        "weeks": (),
        "links": (),
        "sources": (),
        "looks": (),
        "matches": (),
        "offers": (),
        "runs": (),
        "proposals": (),
        "decisions": (),
        "policies": (),
        "shadow_prices": (),
        "assessments": (),
        "api_keys": (),
    },
    "audit": {
        "stores": (),
        "runs": (),
        "item_events": (),
        "prices": (),
        "price_history": ("id",),
        "api_keys": (),
    },
}
"""By service: tables made from events, with the columns that tell of the making and not of the events."""

RECORDS: dict[str, set[str]] = {
    "onboarding": {"tokens", "oauth_states", "installs", "webhook_inbox", "product_hints"}
    | {"decisions", "order_sweeps", "unreadable_items", "call_blocks", "breaker_signals", "breaker_sweeps"}
    | {"store_keys", "store_profiles", "forgettings"},
    "scheduler": set(),
    "optimizer": {"pages", "source_pages", "searches"},
    "audit": {"ledger", "heads", "checkpoint_heads", "checkpoint_histories", "history_nodes"},
}
"""Secrets, work in hand, caches, and the ledger itself: what events must not or need not carry."""

COMMON = {"jobs", "jobs_archive", "dead_letters", "parked_stores", "migrations"}


async def dump(system: System, service: str) -> dict[str, list[str]]:
    """Every read model of a service as sorted lines, one for each row."""
    found: dict[str, list[str]] = {}
    for table, volatile in READ_MODELS[service].items():
        kept = await rows(
            system,
            f"SELECT to_jsonb(t) - %(volatile)s::text[] AS row FROM {service}.{table} t",
            {"volatile": list(volatile)},
        )
        found[table] = sorted(json.dumps(one["row"], sort_keys=True, ensure_ascii=False) for one in kept)
    return found


async def rebuild(system: System, service: str) -> None:
    """Empty the tables and run the service's own rebuild in the service's own environment."""
    for table in READ_MODELS[service]:
        await execute(system, f"DELETE FROM {service}.{table}")
    environment = dict(system.supervisor.children[f"{service}-worker"].spec.env)
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SCRIPT), service, env=environment, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0, errors.decode()


async def the_command_agrees(system: System, service: str) -> None:
    """`thaman rebuild --dry-run` finds nothing to change, though its sources and its way are others."""
    url = system.supervisor.servers.admin_url
    found = await asyncio.to_thread(make_again, url, service, REBUILT[service], lambda *_: None, dry_run=True)
    assert [one for one in found.tables if one.changed] == []
    assert sum(one.before for one in found.tables) > 10


async def use_everything(market: Market) -> None:
    """Make sure that rules of items, settings of the installation, advice and matches exist; they change no price."""
    store_id = market.stores[0]
    key = min(await market.system.salla.get(f"/stores/{store_id}/prices"))
    product, _, variant = key.partition("/")
    rule = {"product_id": product, "variant_id": variant or None, "min_price": 100}
    await market.system.api.put("onboarding", f"/stores/{store_id}/item-rules", {"rules": [rule]})
    await market.system.api.patch("onboarding", "/system/settings", {"retention_keep_days": 399})
    await market.system.api.patch("onboarding", f"/stores/{store_id}/settings", {"advice": "crew"})
    await find_listings(market, store_id)


async def find_listings(market: Market, store_id: str) -> None:
    """Let a rival's feed be looked into, and answer one match. The pages are linked already, so no offer is new."""
    api, path = market.system.api, f"/stores/{store_id}/sources"
    feed = f"{market.system.salla.url}/shops/citymart/feed.csv"
    await api.put("optimizer", path, {"items": [{"source_id": "feed", "kind": "feed", "url": feed}]})

    async def is_looked() -> bool:
        return (await api.get("optimizer", path))["items"][0]["last_look"] is not None

    await wait_until(is_looked, 60, "the feed was looked into")
    (match, *_) = (await api.get("optimizer", f"/stores/{store_id}/matches"))["items"]
    await api.post("optimizer", f"/stores/{store_id}/matches/{match['match_id']}/confirm", {})


@pytest.mark.parametrize("service", SERVICES)
async def test_read_models_are_rebuilt_from_events(market: Market, service: str) -> None:
    system, dice = market.system, random.Random(11)
    await use_everything(market)
    await market.trade(dice, rounds=1)
    for store_id in market.stores:  # so that no slot falls due between the two looks
        await system.api.post("onboarding", f"/stores/{store_id}/pause", {"reason": "read models are being rebuilt"})
    await market.settle()
    worker = system.supervisor.children[f"{service}-worker"]
    await worker.stop()
    try:
        before = await dump(system, service)
        empty = {table for table, lines in before.items() if not lines}
        assert not empty, f"nothing to rebuild in {empty}"
        await rebuild(system, service)
        after = await dump(system, service)
    finally:
        await worker.start()
    for table in READ_MODELS[service]:
        if service == "scheduler" and table == "due":
            continue  # when to look next is found by the next tick
        assert after[table] == before[table], f"{service}.{table}"

    async def all_as_before() -> bool:
        return await dump(system, service) == before

    await wait_until(all_as_before, 90, f"every read model of {service} as it was, with the worker running")
    await the_command_agrees(system, service)
    for store_id in market.stores:
        await system.api.post("onboarding", f"/stores/{store_id}/resume")
    await market.settle()


async def test_the_dashboards_read_models_are_what_the_logs_say(market: Market) -> None:
    """It has no log of its own: what it shows was heard from four streams, in whatever order they came."""
    await use_everything(market)
    await market.trade(random.Random(13), rounds=1)
    await market.settle()
    await the_command_agrees(market.system, "dashboard")


async def test_the_ledger_alone_makes_each_store_again(market: Market) -> None:
    """As `thaman replay` does, in a database of its own: what onboarding, scheduler, optimizer and audit show of it."""
    system, dice = market.system, random.Random(12)
    await use_everything(market)
    await market.trade(dice, rounds=1)
    for store_id in market.stores:
        await system.api.post("onboarding", f"/stores/{store_id}/pause", {"reason": "it is being made again"})
    await market.settle()
    url = system.supervisor.servers.admin_url
    for store_id in market.stores:
        made, live = await asyncio.to_thread(made_and_live, url, store_id)
        for service, tables in live.items():
            for table, found in tables.items():
                assert made[service][table] == found, f"{service}.{table} of {store_id}"
        assert len(made["onboarding"]["items"]) > 20
        await system.api.post("onboarding", f"/stores/{store_id}/resume")
    await market.settle()


def made_and_live(url: str, store_id: str) -> tuple[StoreRows, StoreRows]:
    """A store's read models of this moment, made of the ledger, and as they are."""
    now = datetime.now(UTC)
    wait_for_ledger(url, store_id, now)
    with Moment.of(url) as ledger, rebuilt(url, Chain(ledger, store_id, now).messages()) as scratch:
        made = read_models(scratch, store_id)
    with connect(url) as live:
        return made, read_models(live, store_id)


async def test_every_table_is_named(market: Market) -> None:
    found = await rows(
        market.system,
        "SELECT table_schema AS service, table_name AS name FROM information_schema.tables"
        " WHERE table_schema = ANY (%(services)s) AND table_type = 'BASE TABLE'",
        {"services": list(SERVICES)},
    )
    own = {service: {f"{service}_events", f"{service}_tracking"} for service in SERVICES}
    named = {service: READ_MODELS[service].keys() | RECORDS[service] | COMMON | own[service] for service in SERVICES}
    unnamed = [f"{row['service']}.{row['name']}" for row in found if row["name"] not in named[row["service"]]]
    assert not unnamed
