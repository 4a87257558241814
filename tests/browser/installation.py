"""One real installation for all browser tests: the services as ``thaman up`` starts them, with stores priced as in
``thaman demo``, at the local Salla."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.commands import Thaman
from thaman_cli.api import Api
from thaman_cli.demo.flow import Player
from thaman_cli.demo.stores import DemoStore
from thaman_cli.output import Output
from thaman_cli.salla import LocalSalla
from thaman_cli.state import Home
from thaman_contracts.events.onboarding import InstallPath
from thaman_contracts.events.settings import AutomationMode
from thaman_kit.testing import wait_until

FEED = "alraed"
"""The rival whose listings come in a feed, among which the asking store's products are found."""

ASKING = DemoStore("عطور الديرة", "perfumes", "ar", 8, True, InstallPath.CALLBACK, AutomationMode.MANUAL, 11, feed=FEED)
WRITING = DemoStore("Riyadh Tech", "electronics", "en", 8, False, InstallPath.WEBHOOK, AutomationMode.FULL_AUTO, 33)
AT_ONCE = {
    # A price can be proven only from the next checkpoint on; an hour, as without this, is longer than any test.
    "THAMAN_AUDIT_CHECKPOINT_SECONDS": "5",
    # Each run reads rivals' pages anew, so that what a rival changes is seen.
    "THAMAN_OPTIMIZER_REFETCH_MINUTES": "0",
}
"""What nobody waits for in a test."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What runs, and the two stores: one asks a person for each price, one writes by itself."""

    thaman: Thaman
    urls: dict[str, str]
    http: httpx.Client
    asking: str
    writing: str

    @property
    def stores(self) -> tuple[str, str]:
        """Both."""
        return self.asking, self.writing

    @property
    def url(self) -> str:
        """The dashboard."""
        return self.urls["dashboard"]

    def get(self, service: str, path: str, **params: Any) -> Any:
        """What a service answers an operator."""
        answer = self.http.get(f"{self.urls[service]}{path}", params=params)
        answer.raise_for_status()
        return answer.json()

    def items(self, service: str, path: str, **params: Any) -> list[dict[str, Any]]:
        """Every thing of a list."""
        found: list[dict[str, Any]] = []
        following: dict[str, Any] = {}
        while True:
            page = self.get(service, path, **params, **following)
            found += page["items"]
            if not page["next"]:
                return found
            following = {"after" if service == "onboarding" else "cursor": page["next"]}

    def salla_prices(self, store: str) -> dict[str, dict[str, int]]:
        """What Salla sells for, by item: ``base`` in halalas."""
        found: dict[str, dict[str, int]] = self.get("sandbox", f"/_sandbox/stores/{store}/prices")
        return found

    def link(self, store: str, role: str = "owner") -> str:
        """A one-time link into a store."""
        answer = self.http.post(f"{self.url}/links", json={"store_id": store, "role": role})
        answer.raise_for_status()
        return str(answer.json()["url"])


@contextmanager
def installation(folder: Path) -> Iterator[Installation]:
    """Start everything, connect and price both stores; stop everything at the end."""
    thaman = Thaman(folder)
    thaman.env |= AT_ONCE
    try:
        process = thaman.start("up", "--crew")
        thaman.wait_ready(process)
        home = Home(folder)
        running, key = home.running(), home.load_secrets().operator_key
        assert running is not None and key is not None
        asking, writing = asyncio.run(_play(home, running.urls, (ASKING, WRITING)))
        headers = {"Authorization": f"Bearer {key.get_secret_value()}"}
        with httpx.Client(headers=headers, trust_env=False, timeout=30) as http:
            made = Installation(thaman, running.urls, http, asking, writing)
            for store in made.stores:
                wait_until(lambda: _has_heard(made, store), 60, "the dashboard has heard everything")  # noqa: B023
            yield made
        assert thaman.run("down", "--json").returncode == 0
        assert process.wait(30) == 0
    finally:
        thaman.close()


async def _play(home: Home, urls: dict[str, str], stores: Sequence[DemoStore]) -> list[str]:
    async with Api.of(home) as api, LocalSalla(urls["sandbox"]) as salla:
        stories = await Player(api, salla, Output(as_json=True)).play(stores)
    return [story.store_id for story in stories]


def _has_heard(made: Installation, store: str) -> bool:
    """Whether the pages know the end of the store's run."""
    link = made.http.post(f"{made.url}/links", json={"store_id": store, "role": "viewer"})
    if link.status_code != 201:
        return False
    run = made.items("optimizer", f"/stores/{store}/runs")[0]
    decided = len(made.items("optimizer", f"/stores/{store}/decisions", state="applied"))
    with httpx.Client(trust_env=False, follow_redirects=True, headers={"Accept-Language": "en"}) as visitor:
        url = link.json()["url"]
        visitor.post(url, headers={"Origin": made.url})
        page = visitor.get(f"{made.url}/runs/{run['run_id']}")
        applied = visitor.get(f"{made.url}/activity", params={"kind": "PriceApplied"})
    return page.status_code == 200 and applied.text.count("/products/") >= decided
