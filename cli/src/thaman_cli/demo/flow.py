"""The demo's steps, in order, each shown while it goes on."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from thaman_cli.api import Api
from thaman_cli.demo.connecting import connect, open_store
from thaman_cli.demo.reading import StoreStory, read_story
from thaman_cli.demo.stores import DemoStore
from thaman_cli.errors import ApiRefused, DemoFailed
from thaman_cli.output import Output
from thaman_cli.salla import LocalSalla
from thaman_cli.waiting import until
from thaman_contracts.events.settings import AdviceMode, Strategy

_HOW = {
    "callback": "by OAuth in the merchant's browser",
    "webhook": "by the app.store.authorize webhook",
    "salla": "from Salla's app store, with a foreign state",
}
_RUN_SECONDS, _SETTLE_SECONDS, _LOOK_SECONDS = 120.0, 120.0, 120.0
_NOT_YET = frozenset({"not_found", "items_unknown"})


@dataclass
class Player:
    """Plays the demo on a running installation; ``crew``: a worker with a crew is among its processes."""

    api: Api
    salla: LocalSalla
    out: Output
    crew: bool = False

    async def play(self, stores: Sequence[DemoStore]) -> list[StoreStory]:
        """Connect, set up, price, wait; the stories of what happened, in the stores' order."""
        with self.out.step("opening three stores at the local Salla, with two weeks of sales"):
            ids = {await open_store(self.salla, store): store for store in stores}
        fresh = {}
        for store_id, store in ids.items():
            with self.out.step(f"connecting {store.name} {_HOW[store.via]}"):
                fresh[store_id] = await connect(self.api, self.salla, store_id, store.via)
        with self.out.step("settings: manual, semi-auto, full-auto; demand learned from sales; watching time off"):
            await asyncio.gather(*(self._set_up(store_id, store) for store_id, store in ids.items()))
        with self.out.step("reading the catalogues, and telling where rivals sell the same products"):
            await asyncio.gather(*(self._tell_links(store_id, store) for store_id, store in ids.items()))
        for store_id, store in ids.items():
            if store.feed is not None:
                with self.out.step(f"{store.name}: finding its own products in a rival's feed"):
                    await self._find_in_feed(store_id, store.feed)
        with self.out.step("pricing runs: scout, analyst, executor"):
            runs = await asyncio.gather(*(self._run(store_id, store) for store_id, store in ids.items()))
        stories = []
        for (store_id, store), run_id in zip(ids.items(), runs, strict=True):
            with self.out.step(f"{store.name}, {store.mode.value}: prices written and read back"):
                story = await self._settled(store_id, store, run_id)
            story.newly_connected = fresh[store_id]
            story.orders = (await self.salla.get(f"/stores/{store_id}"))["orders"]
            stories.append(story)
        return stories

    async def _set_up(self, store_id: str, store: DemoStore) -> None:
        wanted = {"mode": store.mode.value, "strategy": Strategy.DEMAND.value, "watch_until": None}
        wanted["advice"] = (AdviceMode.CREW if self.crew and store.crew else AdviceMode.OFF).value
        now = await self.api.get("onboarding", f"/stores/{store_id}/settings")
        if any(now["settings"][name] != value for name, value in wanted.items()):
            await self.api.patch("onboarding", f"/stores/{store_id}/settings", wanted)

    async def _tell_links(self, store_id: str, store: DemoStore) -> None:
        by_item: dict[tuple[Any, Any], list[dict[str, str]]] = {}
        for link in await self.salla.get(f"/stores/{store_id}/competitor-links"):
            if link["competitor"] == store.feed:
                continue
            place = by_item.setdefault((link["product_id"], link["variant_id"]), [])
            place.append({"competitor": link["name"], "url": link["url"]})
        items = [
            {"product_id": str(product), "variant_id": str(variant) if variant else None, "links": links}
            for (product, variant), links in by_item.items()
        ]

        async def tell() -> bool | None:
            try:
                await self.api.put("optimizer", f"/stores/{store_id}/competitor-links", {"items": items})
            except ApiRefused as error:
                if error.code in _NOT_YET:
                    return None
                raise
            return True

        await until(f"the optimizer knows the catalogue of {store.name}", tell)

    async def _find_in_feed(self, store_id: str, shop: str) -> None:
        address = f"{self.salla.url}/shops/{shop}/feed.csv"
        source = {"source_id": shop, "kind": "feed", "url": address, "competitor": shop}
        path = f"/stores/{store_id}/sources"
        await self.api.put("optimizer", path, {"items": [source]})

        async def look() -> dict[str, Any] | None:
            (told,) = (await self.api.get("optimizer", path))["items"]
            last: dict[str, Any] | None = told["last_look"]
            return last

        last = await until(f"the feed of {shop} was looked into", look, _LOOK_SECONDS)
        if last["outcome"] != "read":
            raise DemoFailed(
                f"The feed of {shop} could not be read",
                str(last["detail"] or last["problems"]),
                "Read <home>/logs/optimizer-worker.log.",
            )

    async def _run(self, store_id: str, store: DemoStore) -> str:
        asked = await self.api.post("optimizer", f"/stores/{store_id}/runs", **{"Idempotency-Key": str(uuid4())})
        run_id = str(asked["run_id"])

        async def look() -> dict[str, Any] | None:
            try:
                run: dict[str, Any] = await self.api.get("optimizer", f"/stores/{store_id}/runs/{run_id}")
            except ApiRefused as error:
                if error.status == 404:
                    return None
                raise
            return run if run["ended_at"] else None

        run = await until(f"the run of {store.name} is through", look, _RUN_SECONDS)
        if run["failure"]:
            raise DemoFailed(
                f"The run of {store.name} failed", run["failure"], "Read <home>/logs/optimizer-worker.log."
            )
        return run_id

    async def _settled(self, store_id: str, store: DemoStore, run_id: str) -> StoreStory:
        async def look() -> StoreStory | None:
            story = await read_story(self.api, store_id, store, run_id)
            return story if story.is_settled else None

        return await until(f"every price of {store.name} is settled", look, _SETTLE_SECONDS)
