"""The numbers on the pages beside those of the services that own them, and of the ledger."""

import re
from typing import Any

import httpx
from playwright.sync_api import Locator

from tests.browser.installation import Installation
from thaman_dashboard.testing_pages import Markup

_AMOUNT = re.compile(r'<data value="(-?\d+)"')


class Reader:
    """A signed-in browser without a screen, that reads a store's pages."""

    def __init__(self, world: Installation, store: str, role: str = "owner") -> None:
        self.world = world
        self.store = store
        self._http = httpx.Client(trust_env=False, follow_redirects=True, headers={"Accept-Language": "en"})
        entered = self._http.post(world.link(store, role), headers={"Origin": world.url, "Accept": "text/html"})
        assert entered.status_code == 200

    def html(self, path: str) -> str:
        """A page that is there."""
        answer = self._http.get(f"{self.world.url}{path}", headers={"Accept": "text/html"})
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def text(self, path: str) -> str:
        """What a page says."""
        return Markup(self.html(path)).text

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()


def amounts_of(html: str) -> set[int]:
    """Every amount in a piece of a page, in halalas."""
    return {int(found) for found in _AMOUNT.findall(html)}


def overview_of(world: Installation, store: str) -> dict[str, int]:
    """The counts of the overview, made anew from the owners' answers."""
    proposals = world.items("optimizer", f"/stores/{store}/proposals", state="pending")
    waiting = [one for one in proposals if one["disposition"] == "ask"]
    return {
        "pending": len(waiting),
        "pending_high": sum(one["risk"] == "high" for one in waiting),
        "changes_24h": len(world.items("optimizer", f"/stores/{store}/decisions", state="applied")),
        "uncertain": len(world.items("optimizer", f"/stores/{store}/decisions", state="uncertain")),
    }


def prices_of(world: Installation, store: str) -> dict[str, dict[str, Any]]:
    """What onboarding knows each item to cost now, by key."""
    return {one["key"]: one for one in world.items("onboarding", f"/stores/{store}/prices")}


def rules_of(world: Installation, store: str) -> dict[str, dict[str, Any]]:
    """What the merchant said of single items, by key."""
    rules = world.items("onboarding", f"/stores/{store}/item-rules")
    return {key_of(one): one for one in rules}


def key_of(told: dict[str, Any]) -> str:
    """The item key of what is told by product and variant."""
    return "/".join(filter(None, (told["product_id"], told["variant_id"])))


def in_ledger(world: Installation, store: str, key: str) -> dict[str, Any]:
    """The newest price of an item in the ledger."""
    history: list[dict[str, Any]] = world.get("audit", f"/stores/{store}/prices/{key}/history", limit=1)["items"]
    return history[0]


def rows_of(table: Locator) -> list[list[Locator]]:
    """The cells of a table's body, row by row."""
    return [row.locator("th, td").all() for row in table.locator("tbody tr").all()]


def amount_in(cell: Locator) -> int | None:
    """The amount in a cell, in halalas; ``None`` where it is not known."""
    found = amounts_of(cell.inner_html())
    return found.pop() if found else None
