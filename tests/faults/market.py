"""Stores, merchants and rivals of a running system: everything that goes on while things break."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

from tests.faults.database import execute, let_lost_writes_time_out, rows
from tests.support.system import System, wait_until

from thaman_cli.demo.connecting import connect, open_store
from thaman_cli.demo.stores import DemoStore
from thaman_cli.errors import ApiRefused
from thaman_cli.world import NotQuiet, WorldReport
from thaman_contracts.events.onboarding import InstallPath
from thaman_contracts.events.settings import AutomationMode

T = TypeVar("T")
TRADES = ("perfumes", "coffee", "electronics")
MODES = (AutomationMode.FULL_AUTO, AutomationMode.FULL_AUTO, AutomationMode.SEMI_AUTO, AutomationMode.MANUAL)
EAGER: dict[str, Any] = {
    "watch_until": None,
    "cooldown_minutes": 0,
    "changes_per_day": 24,
    "week_move_bp": 10_000,
    "max_step_bp": 5_000,
    "manual_edit_hold_hours": 0,
    "risk_tolerance": "high",
    "breaker": {"enabled": False},
}
"""A policy under which every round changes prices."""
UNDER_WAY, MOST_SLOTS = "still_under_way", 3
"""The rule that also a slot of the clock breaks, and how many may fall due while one looks."""


POLICIES: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({"strategy": "undercut", "offset_bp": 100}, {"stage": "canary", "share_bp": 4_000}),
    ({"strategies": [{"kind": "position", "against": "lowest", "by_bp": 100}]}, {"stage": "live"}),
    ({"strategy": "demand"}, {"stage": "shadow"}),
)
"""What stores are priced by, in turn; under each of them every round still changes prices."""


class Market:
    """Some stores of a running system, the shops of their rivals, and merchants who approve and edit."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.stores: list[str] = []
        self.asked: dict[str, str] = {}
        self._links: dict[str, list[dict[str, Any]]] = {}
        self._levels: dict[str, dict[str, int]] = {}

    async def open(self, stores: int, products: int) -> None:
        """Open and connect stores in all three ways and modes, and tell where their rivals are."""
        for number in range(stores):
            mode, via = MODES[number % len(MODES)], list(InstallPath)[number % 3]
            store_id = await self.add(f"Store {number}", products, mode, via, seed=100 + number)
            self._links[store_id] = await self.system.salla.get(f"/stores/{store_id}/competitor-links")
            prices = await self.system.salla.get(f"/stores/{store_id}/prices")
            self._levels[store_id] = {key: price["effective"] for key, price in prices.items()}
            await self._tell_links(store_id)
            await self._let(store_id, *POLICIES[number % len(POLICIES)])
            self.stores.append(store_id)

    async def _let(self, store_id: str, policy: dict[str, Any], stage: dict[str, Any]) -> None:
        """Draft a policy and let it so far."""
        path = f"/stores/{store_id}/policies"
        drafted = await persistently(lambda: self.system.api.post("optimizer", path, {"title": "tried"} | policy))
        await self.system.api.put("optimizer", f"{path}/{drafted['version']}/stage", stage)

    async def add(self, name: str, products: int, mode: AutomationMode, via: InstallPath, *, seed: int) -> str:
        """Open and connect one more store, without rivals; it is not among ``stores``."""
        store_id = await self.open_only(name, products, seed=seed)
        await connect(self.system.api, self.system.salla, store_id, via)
        await self.system.api.patch("onboarding", f"/stores/{store_id}/settings", EAGER | {"mode": mode.value})
        return store_id

    async def open_only(self, name: str, products: int, *, seed: int) -> str:
        """Open a store at Salla that does not know of us yet."""
        store = DemoStore(
            name=name,
            catalogue=TRADES[seed % len(TRADES)],
            language="en",
            products=products,
            prices_include_vat=seed % 2 == 0,
            via=InstallPath.WEBHOOK,
            mode=AutomationMode.FULL_AUTO,
            seed=seed,
        )
        return await open_store(self.system.salla, store)

    async def move(self, dice: random.Random, share: float = 0.5) -> None:
        """Rivals change the prices of a share of what they sell, around where the stores began."""
        for store_id, links in self._links.items():
            products: dict[str, list[str]] = {}
            for link in links:
                products.setdefault(_key(link), []).append(link["url"])
            for key, urls in products.items():
                if dice.random() < share:
                    await self._offer(urls, self._levels[store_id][key] * dice.uniform(0.97, 1.06), dice)

    async def edit_by_hand(self, dice: random.Random) -> None:
        """Each merchant changes one price at Salla."""
        for store_id in self.stores:
            prices = await self.system.salla.get(f"/stores/{store_id}/prices")
            key = dice.choice(sorted(prices))
            product, _, variant = key.partition("/")
            edit = {"base": round(prices[key]["base"] * dice.uniform(0.98, 1.04))}
            body = edit | ({"variant_id": int(variant)} if variant else {})
            await self.system.salla.patch(f"/stores/{store_id}/products/{product}", body)

    async def price_all(self) -> None:
        """Ask for a run of every store, again and again until each request is accepted."""
        await asyncio.gather(*(self.price(store_id) for store_id in self.stores))

    async def price(self, store_id: str) -> None:
        """Ask for a run of one store."""
        key = uuid4().hex

        async def ask() -> dict[str, Any]:
            found: dict[str, Any] = await self.system.api.post(
                "optimizer", f"/stores/{store_id}/runs", **{"Idempotency-Key": key}
            )
            return found

        self.asked[store_id] = (await persistently(ask))["run_id"]

    async def approve_all(self) -> None:
        """Every merchant lets through whatever waits for an answer."""
        for store_id in self.stores:
            more = True
            while more:
                answer = await persistently(
                    lambda path=f"/stores/{store_id}/proposals/approve": self.system.api.post("optimizer", path, {})
                )
                more = answer["more"]

    async def undo(self, store_id: str, **wanted: Any) -> dict[str, Any]:
        """A merchant puts earlier prices back; sent again until it is answered, and still done once."""
        key = {"Idempotency-Key": uuid4().hex}
        path = f"/stores/{store_id}/undo"
        done: dict[str, Any] = await persistently(lambda: self.system.api.post("optimizer", path, wanted, **key))
        return done

    async def undo_some(self, dice: random.Random) -> None:
        """One merchant regrets a run, another the last minute."""
        regretful, sorry = dice.sample(self.stores, 2)
        await self.undo(regretful, scope="run", run_id=self.asked[regretful])
        minute_ago = datetime.now(UTC) - timedelta(minutes=1)
        await self.undo(sorry, scope="as_of", at=minute_ago.isoformat())

    async def prices(self, store_id: str) -> dict[str, int]:
        """Base prices at Salla, by item."""
        found = await self.system.salla.get(f"/stores/{store_id}/prices")
        return {key: price["base"] for key, price in found.items()}

    async def sweep(self) -> None:
        """Every store is read again, as at its next observation; this finds what lost webhooks did not tell."""
        jobs = [
            {"key": f"sweep:{store_id}:{uuid4()}", "store_id": store_id, "payload": json.dumps({"cause": "sweep"})}
            for store_id in self.stores
        ]
        insert = (
            "INSERT INTO onboarding.jobs (queue, key, store_id, payload, run_at)"
            " VALUES ('observe', %(key)s, %(store_id)s, %(payload)s, now())"
            " ON CONFLICT DO NOTHING"
        )
        for job in jobs:
            await execute(self.system, insert, job)

    async def trade(self, dice: random.Random, rounds: int = 2) -> None:
        """What people do in a busy hour: rivals move, runs are asked for, prices are approved, undone and edited."""
        for _ in range(rounds):
            await self.move(dice)
            await self.price_all()
            await asyncio.sleep(dice.uniform(0.5, 3))  # people are not synchronised with machines
            await self.approve_all()
            await self.undo_some(dice)
            await self.edit_by_hand(dice)
            await self.sweep()

    async def wait_priced(self, within: float = 150.0) -> None:
        """Wait until every run that was asked for has completed."""
        try:
            await wait_until(self._all_ended, within, "the end of every run that was asked for")
        except AssertionError as error:
            error.add_note(await self._what_became_of_the_runs())
            raise
        failed = [run for run in await self._runs() if run["state"] != "completed"]
        assert not failed, failed

    async def settle(self, within: float = 120.0, *, hurry: bool = True) -> None:
        """Wait until everything is done and quiet; then the world has to be in order.

        ``hurry`` shortens the five minutes after which a queued write that Salla lost is made again.
        """
        await self.system.wait_ready()
        await self.wait_priced(within)
        report = await self._quiet_report(within, hurry=hurry)
        for _ in range(MOST_SLOTS):
            if any(violation.rule != UNDER_WAY for violation in report.violations) or not report.violations:
                break
            # A slot fell due between the quiet and the look at it; what it asks for has to end like anything else.
            report = await self._quiet_report(within, hurry=hurry)
        assert not report.violations, "\n".join(map(str, report.violations))

    async def _quiet_report(self, within: float, *, hurry: bool) -> WorldReport:
        quiet = asyncio.create_task(self.system.wait_quiet(within))
        while not quiet.done():
            await asyncio.wait([quiet], timeout=3)
            if hurry and not quiet.done():
                await let_lost_writes_time_out(self.system)
        try:
            await quiet
        except NotQuiet as error:
            raise AssertionError(error.why) from error
        return await self.system.check_world()

    async def _all_ended(self) -> bool:
        try:
            return all(run["ended_at"] for run in await self._runs())
        except ApiRefused:
            return False  # its end has not arrived here yet, or the API is not back yet

    async def _what_became_of_the_runs(self) -> str:
        """What every service knows of the runs that were asked for, to see where one was left behind."""
        found = []
        for store_id, run_id in self.asked.items():
            of = {"store": store_id, "run": run_id}
            known = await rows(self.system, "SELECT * FROM optimizer.runs WHERE run_id = %(run)s", of)
            jobs = await rows(self.system, "SELECT * FROM optimizer.jobs WHERE store_id = %(store)s", of)
            told = await rows(
                self.system,
                "SELECT position, type, recorded_at FROM audit.ledger"
                " WHERE store_id = %(store)s ORDER BY position DESC LIMIT 12",
                of,
            )
            found.append(f"{of}\n  run: {known}\n  jobs: {jobs}\n  ledger: {told}")
        return "\n".join(found)

    async def _runs(self) -> Sequence[dict[str, Any]]:
        return await asyncio.gather(
            *(
                self.system.api.get("optimizer", f"/stores/{store_id}/runs/{run_id}")
                for store_id, run_id in self.asked.items()
            )
        )

    async def _offer(self, urls: Sequence[str], level: float, dice: random.Random) -> None:
        for url in urls:
            _, shop, _, slug = urlsplit(url).path.strip("/").split("/")
            offer = {"price": max(100, round(level * dice.uniform(0.99, 1.01))), "availability": "InStock"}
            await self.system.salla.put(f"/shops/{shop}/offers/{slug}", offer)

    async def _tell_links(self, store_id: str) -> None:
        items: dict[str, dict[str, Any]] = {}
        for link in self._links[store_id]:
            variant = str(link["variant_id"]) if link["variant_id"] else None
            fresh = {"product_id": str(link["product_id"]), "variant_id": variant, "links": []}
            items.setdefault(_key(link), fresh)["links"].append({"competitor": link["name"], "url": link["url"]})
        body = {"items": list(items.values())}
        await persistently(lambda: self.system.api.put("optimizer", f"/stores/{store_id}/competitor-links", body))


async def persistently(call: Callable[[], Awaitable[T]], within: float = 90) -> T:
    """Call until it is answered well; what is refused at the end is raised."""
    loop = asyncio.get_running_loop()
    end = loop.time() + within
    while True:
        try:
            return await call()
        except ApiRefused:
            if loop.time() > end:
                raise
            await asyncio.sleep(0.2)


def _key(link: dict[str, Any]) -> str:
    return f"{link['product_id']}/{link['variant_id']}" if link["variant_id"] else str(link["product_id"])
