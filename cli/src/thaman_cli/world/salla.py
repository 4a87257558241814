"""What ``check_world`` asks of Salla: the prices it shows, and (of the local one) its books.

The books are an oracle that only the sandbox has; against the real Salla the prices alone are compared, and what needs
the books is left out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

TIMEOUT_S = 30.0
Prices = Mapping[str, Mapping[str, int]]
"""Base price in halalas by store and item key."""


@dataclass(frozen=True, slots=True)
class PriceWrite:
    """One price in one write request that reached Salla; base prices in halalas."""

    number: int
    store_id: str
    item: str
    new_base: int | None
    touches_sale: bool
    effective: bool


@dataclass(frozen=True, slots=True)
class Refresh:
    """One refresh token sent to Salla, by its fingerprint."""

    store_id: str
    fingerprint: str
    outcome: str


class SallaView(Protocol):
    """Salla as far as it can be seen; ``None`` says that this view cannot see it."""

    def prices(self, stores: Iterable[str]) -> Prices:
        """What Salla shows now for those of the stores that it knows."""

    def writes(self) -> list[PriceWrite] | None:
        """Every price write request, in order."""

    def refreshes(self) -> list[Refresh] | None:
        """Every refresh request, in order."""


class SandboxSalla:
    """The sandbox's control API; ``transport`` replaces the network in tests."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        self._url = url
        self._transport = transport

    def prices(self, stores: Iterable[str]) -> Prices:
        """What the sandbox shows now."""
        wanted = set(stores)
        document = self._get("/_sandbox/prices")
        return {
            store: {item: price["base"] for item, price in items.items()}
            for store, items in document.items()
            if store in wanted
        }

    def writes(self) -> list[PriceWrite]:
        """The write log; entries of a request that found no product are left out, for nothing can have happened."""
        return [_write(row) for row in self._get("/_sandbox/write-log") if row["product_id"] is not None]

    def refreshes(self) -> list[Refresh]:
        """The token ledger's refresh requests."""
        return [
            Refresh(str(row["store_id"]), row["fingerprint"], row["outcome"])
            for row in self._get("/_sandbox/token-ledger")["attempts"]
            if row["grant_type"] == "refresh_token"
        ]

    def _get(self, path: str) -> Any:
        with _client(self._url, self._transport) as client:
            return client.get(path).raise_for_status().json()


class OnboardingSalla:
    """The real Salla, through onboarding's live prices; ``key`` is an operator's."""

    def __init__(self, url: str, key: str, transport: httpx.BaseTransport | None = None) -> None:
        self._url = url
        self._transport = transport
        self._headers = {"Authorization": f"Bearer {key}"}

    def prices(self, stores: Iterable[str]) -> Prices:
        """What Salla shows now, store by store, page by page."""
        with _client(self._url, self._transport) as client:
            return {store: dict(self._prices_of(client, store)) for store in stores}

    def writes(self) -> None:
        """Salla keeps no write log for us."""

    def refreshes(self) -> None:
        """Salla keeps no token ledger for us."""

    def _prices_of(self, client: httpx.Client, store: str) -> Iterable[tuple[str, int]]:
        after = ""
        while True:
            params = {"live": "true", "after": after}
            answer = client.get(f"/stores/{store}/prices", params=params, headers=self._headers)
            page = answer.raise_for_status().json()
            yield from ((item["key"], item["base_price"]) for item in page["items"])
            if page["next"] is None:
                return
            after = page["next"]


def _client(url: str, transport: httpx.BaseTransport | None) -> httpx.Client:
    return httpx.Client(base_url=url, timeout=TIMEOUT_S, trust_env=False, transport=transport)


def _write(row: Mapping[str, Any]) -> PriceWrite:
    item = str(row["product_id"]) + (f"/{row['variant_id']}" if row["variant_id"] is not None else "")
    return PriceWrite(
        number=row["n"],
        store_id=str(row["store_id"]),
        item=item,
        new_base=row["new_base"],
        touches_sale=row["new_sale"] is not None,
        effective=row["effective"],
    )
