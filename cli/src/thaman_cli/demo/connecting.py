"""Opening demo stores at the local Salla and connecting them, each in its own way."""

from typing import Any

import httpx

from thaman_cli.api import Api
from thaman_cli.demo.stores import ORDERS_PER_DAY, SALES_DAYS, DemoStore
from thaman_cli.errors import ApiRefused, DemoFailed
from thaman_cli.salla import LocalSalla, browse
from thaman_cli.waiting import until
from thaman_contracts.events.onboarding import InstallPath


async def open_store(salla: LocalSalla, store: DemoStore) -> str:
    """The store's id; opened with two weeks of sales unless an earlier run did so."""
    for known in await salla.get("/stores"):
        if known["name"] == store.name:
            return str(known["store_id"])
    opened = await salla.post("/stores", store.opening())
    sales = {"days": SALES_DAYS, "seed": store.seed, "orders_per_day": ORDERS_PER_DAY}
    await salla.post(f"/stores/{opened['store_id']}/simulate-sales", sales)
    return str(opened["store_id"])


async def connect(api: Api, salla: LocalSalla, store_id: str, via: InstallPath) -> bool:
    """Connect a store unless it is connected; whether that was needed."""
    if await _connected(api, store_id):
        return False
    if via is InstallPath.WEBHOOK:
        await salla.post(f"/stores/{store_id}/install", {"mode": "easy"})
    elif via is InstallPath.SALLA:
        started = await salla.post(f"/stores/{store_id}/install", {"mode": "salla_callback"})
        _check_page(await browse(started["url"]))
    else:
        _check_page(await browse(f"{api.url('onboarding')}/oauth/authorize", store_id))
    await until(f"store {store_id} is connected", lambda: _connected(api, store_id))
    return True


async def _connected(api: Api, store_id: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = await api.get("onboarding", f"/stores/{store_id}")
    except ApiRefused as error:
        if error.status == 404:
            return None
        raise
    return found if found["connected"] else None


def _check_page(page: httpx.Response) -> None:
    if not page.is_success:
        raise DemoFailed(
            f"The merchant's browser ended on a page with status {page.status_code}",
            f"{page.url.copy_with(query=None)}: {page.text[:300]}",
            "Read <home>/logs/onboarding-api.log.",
        )
