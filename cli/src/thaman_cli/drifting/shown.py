"""What Salla shows of a store now, through onboarding's door: it has the tokens and the pace."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from thaman_cli.errors import ApiRefused
from thaman_contracts.ids import split_item_key

BUSY, PATIENCE, TRIES = 503, 5.0, 14
"""Where Salla asks to wait, ask again after so many seconds, so many times: a store's minute, at the most."""

Sleep = Callable[[float], Awaitable[None]]


class Getter(Protocol):
    """What asks a service."""

    async def get(self, service: str, path: str, **params: Any) -> Any:
        """GET a path of a service."""
        ...


@dataclass(slots=True)
class Shown:
    """Base prices by item key, and products of which nothing can be said."""

    prices: dict[str, int] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)

    def take(self, page: dict[str, Any]) -> None:
        """Take in a page."""
        self.prices |= {item["key"]: item["base_price"] for item in page["items"]}
        self.unreadable |= set(page["unreadable"])

    def is_known(self, key: str) -> bool:
        """Whether anything can be said about the item."""
        return split_item_key(key)[0] not in self.unreadable


async def shown_by_salla(api: Getter, store_id: str, keys: Iterable[str], sleep: Sleep = asyncio.sleep) -> Shown:
    """Read the catalogue page by page; products of ``keys`` that it lacks are asked for one by one.

    Paging by number over a changing list can skip products, so a missing one is asked for before it is called gone.

    Raises:
        ApiRefused: the store is not connected, or Salla does not answer.
    """
    shown, after = Shown(), "1"
    while after:
        page = await _patiently(api, sleep, f"/stores/{store_id}/prices", live=True, after=after)
        shown.take(page)
        after = page["next"]
    missing = {split_item_key(key)[0] for key in keys if key not in shown.prices and shown.is_known(key)}
    for product in sorted(missing):
        shown.take(await _patiently(api, sleep, f"/stores/{store_id}/prices", live=True, product=product))
    return shown


async def _patiently(api: Getter, sleep: Sleep, path: str, **params: Any) -> Any:
    for left in range(TRIES, 0, -1):
        try:
            return await api.get("onboarding", path, **params)
        except ApiRefused as error:
            if error.status != BUSY or left == 1:
                raise
            await sleep(PATIENCE)
    raise AssertionError("unreachable")
