"""For each fault point, the way through the system that passes it, and what makes good what was interrupted."""

import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import uuid4

import httpx
import pytest
from tests.faults.database import execute
from tests.faults.market import Market, persistently
from tests.faults.points import Doomed
from tests.support.system import wait_until

from thaman_cli.demo.connecting import connect
from thaman_cli.errors import ApiRefused
from thaman_cli.salla import browse
from thaman_contracts.events.onboarding import InstallPath
from thaman_contracts.events.settings import AutomationMode

Arm = Callable[[], Awaitable[Doomed]]
Walk = Callable[[Market, Arm], Awaitable[None]]
MORE_THAN_A_SAVE = 175
"""Products of a store whose run needs more than one save."""


@dataclass(frozen=True)
class Scenario:
    """The process that passes the point, and the way there."""

    process: str
    walk: Walk


async def price(market: Market, arm: Arm) -> None:
    """Rivals move and every store is priced."""
    doomed = await arm()
    await market.move(random.Random(uuid4().int), share=1.0)
    await market.price_all()
    await doomed.wait_dead()


async def price_a_large_store(market: Market, arm: Arm) -> None:
    """A run that is stored in several parts."""
    name = f"Large {uuid4().hex[:6]}"
    store_id = await market.add(name, MORE_THAN_A_SAVE, AutomationMode.FULL_AUTO, InstallPath.WEBHOOK, seed=201)
    await market.system.wait_quiet()
    doomed = await arm()
    await market.price(store_id)
    await doomed.wait_dead()
    await market.wait_priced()
    del market.asked[store_id]


async def miss_slots(market: Market, arm: Arm) -> None:
    """Two days pass without the scheduler, and one catch-up run of each store is due."""
    doomed = await arm()
    await execute(
        market.system,
        "UPDATE scheduler.due SET after = after - interval '2 days', fires_at = now() WHERE job = 'optimise'",
    )
    await doomed.wait_dead()


async def renew(market: Market, arm: Arm) -> None:
    """A store's access token is about to expire; whatever is left of it, its merchant can connect it again."""
    store_id = await market.add(f"Renewed {uuid4().hex[:6]}", 3, AutomationMode.MANUAL, InstallPath.WEBHOOK, seed=301)
    await market.system.wait_quiet()
    doomed = await arm()
    aged = "UPDATE onboarding.tokens SET expires_at = now() + interval '1 hour' WHERE store_id = %(store_id)s"
    await execute(market.system, aged, {"store_id": store_id})
    await execute(
        market.system,
        "INSERT INTO onboarding.jobs (queue, key, store_id, payload, run_at)"
        " VALUES ('refresh', %(key)s, %(store_id)s, %(payload)s, now())",
        {"key": uuid4().hex, "store_id": store_id, "payload": json.dumps({"reason": "before_expiry"})},
    )
    await doomed.wait_dead()
    await market.system.wait_quiet()
    await market.system.salla.post(f"/stores/{store_id}/install", {"mode": "easy"})
    await _connected(market, store_id)


async def install(market: Market, arm: Arm) -> None:
    """Salla sends a new store's tokens; the store is connected by itself."""
    store_id = await market.open_only(f"Installed {uuid4().hex[:6]}", 3, seed=401)
    doomed = await arm()
    await market.system.salla.post(f"/stores/{store_id}/install", {"mode": "easy"})
    await doomed.wait_dead()
    await _connected(market, store_id)


async def authorize(market: Market, arm: Arm) -> None:
    """A merchant's browser loses us on its way; the merchant begins again and is connected."""
    store_id = await _lose_browser(market, arm)
    await market.system.wait_ready()
    await connect(market.system.api, market.system.salla, store_id, InstallPath.CALLBACK)


async def authorize_and_leave(market: Market, arm: Arm) -> None:
    """A merchant's browser loses us when the tokens are safe; the store is connected without it."""
    await _connected(market, await _lose_browser(market, arm))


async def forget(market: Market, arm: Arm) -> None:
    """A store's time to be forgotten has come; it is forgotten once, whoever does it."""
    store_id = await market.open_only(f"Forgotten {uuid4().hex[:6]}", 3, seed=601)
    await connect(market.system.api, market.system.salla, store_id, InstallPath.WEBHOOK)
    await market.system.wait_quiet()
    path = f"/stores/{store_id}/forgetting"
    await market.system.api.post("onboarding", path, {"now": False})
    doomed = await arm()
    due = "UPDATE onboarding.forgettings SET due_at = now() WHERE store_id = %(store_id)s"
    await execute(market.system, due, {"store_id": store_id})
    await doomed.wait_dead()

    async def forgotten() -> bool:
        standing = await persistently(lambda: market.system.api.get("onboarding", path))
        return bool(standing["state"] == "forgotten" and not any(standing["held"].values()))

    await wait_until(forgotten, 60, f"store {store_id} is forgotten")


async def edit(market: Market, arm: Arm) -> None:
    """Merchants change prices and Salla says so."""
    doomed = await arm()
    await market.edit_by_hand(random.Random(uuid4().int))
    await doomed.wait_dead()
    await market.system.wait_ready()
    await market.sweep()  # the other edits' webhooks met a closed door


async def _lose_browser(market: Market, arm: Arm) -> str:
    store_id = await market.open_only(f"Browsed {uuid4().hex[:6]}", 3, seed=501)
    doomed = await arm()
    with pytest.raises(httpx.TransportError):
        await browse(f"{market.system.api.url('onboarding')}/oauth/authorize", store_id)
    await doomed.wait_dead()
    return store_id


async def _connected(market: Market, store_id: str) -> None:
    async def connected() -> bool:
        try:
            store = await persistently(lambda: market.system.api.get("onboarding", f"/stores/{store_id}"), within=0)
        except ApiRefused:
            return False
        return bool(store["connected"])

    await wait_until(connected, 60, f"store {store_id} is connected")


_API, _WORKER = "onboarding-api", "onboarding-worker"
SCENARIOS = {
    "optimizer.run.before_scouted": Scenario("optimizer-worker", price),
    "optimizer.run.after_scouted": Scenario("optimizer-worker", price),
    "optimizer.run.between_saves": Scenario("optimizer-worker", price_a_large_store),
    "optimizer.run.before_completed": Scenario("optimizer-worker", price),
    "optimizer.run.after_completed": Scenario("optimizer-worker", price),
    "scheduler.tick.after_claim": Scenario("scheduler-worker", miss_slots),
    "scheduler.tick.after_save": Scenario("scheduler-worker", miss_slots),
    "onboarding.refresh.started": Scenario(_WORKER, renew),
    "onboarding.refresh.answered": Scenario(_WORKER, renew),
    "onboarding.refresh.saved": Scenario(_WORKER, renew),
    "onboarding.install.before_commit": Scenario(_WORKER, install),
    "onboarding.install.committed": Scenario(_WORKER, install),
    "onboarding.forget.before_commit": Scenario(_WORKER, forget),
    "onboarding.forget.committed": Scenario(_WORKER, forget),
    "onboarding.authorize.remembered": Scenario(_API, authorize),
    "onboarding.callback.before_exchange": Scenario(_API, authorize),
    "onboarding.callback.after_exchange": Scenario(_API, authorize),
    "onboarding.callback.received": Scenario(_API, authorize_and_leave),
    "onboarding.webhook.durable": Scenario(_API, edit),
    "onboarding.write.intent.before": Scenario(_WORKER, price),
    "onboarding.write.intent.after": Scenario(_WORKER, price),
    "onboarding.write.call.before": Scenario(_WORKER, price),
    "onboarding.write.call.after": Scenario(_WORKER, price),
    "onboarding.write.result.before": Scenario(_WORKER, price),
    "onboarding.write.result.after": Scenario(_WORKER, price),
}
