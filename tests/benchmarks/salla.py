"""The local Salla that a side works against: a process of its own, in memory, without rate limits and echoes."""

import json
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

import httpx

from tests.benchmarks.processes import Process, environment
from tests.benchmarks.workload import Size
from thaman_contracts.events.onboarding import CatalogItem
from thaman_kit.embedded.process import free_port
from thaman_onboarding.adapters.salla_shapes import Product
from thaman_onboarding.domain.vat import VatBasis
from thaman_onboarding.observation.mapping import seen_items

CLIENT_ID, CLIENT_SECRET, WEBHOOK_SECRET = "benchmark", "benchmark-secret", "benchmark-webhook-secret"
VAT_BP = 1_500
PER_PAGE = 60
SEED = 20_261
# Writes echo no webhooks, on neither side: what a webhook costs is not what is compared here.
SWITCHES = {"rate_limits": False, "echo_webhooks": False}
Prices = dict[str, dict[str, dict[str, int | None]]]


class Salla:
    """One sandbox with its stores; ``with Salla(folder) as salla: ...``."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        app = {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "redirect_uris": ["http://127.0.0.1:1/oauth/callback"],
            "webhook_secret": WEBHOOK_SECRET,
        }
        command = [sys.executable, "-m", "thaman_sandbox", "--port", str(port), "--app-config", json.dumps(app)]
        self._process = Process("sandbox", folder / "sandbox", command, environment(), signal.SIGTERM)
        self._http = httpx.Client(base_url=self.url, timeout=300.0, trust_env=False)

    def __enter__(self) -> Self:
        """Start it."""
        self._process.start(self._answers)
        self.control("PUT", "/_sandbox/switches", SWITCHES)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self._http.close()
        self._process.stop()

    @property
    def pids(self) -> dict[str, int]:
        """Its process."""
        return self._process.pids

    def control(self, method: str, path: str, body: object = None) -> Any:
        """One call of the control API."""
        response = self._http.request(method, path, json=body)
        response.raise_for_status()
        return response.json()

    def open_stores(self, size: Size) -> list[str]:
        """Open the stores; the same size gives the same stores, products and ids every time."""
        body = {"count": size.stores, "products": size.products, "seed": SEED}
        return [str(one) for one in self.control("POST", "/_sandbox/stores/bulk", body)["store_ids"]]

    def register_webhook(self, public_url: str) -> None:
        """Tell Salla where the app takes webhooks."""
        app = {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "redirect_uris": [f"{public_url}/oauth/callback"],
            "webhook_secret": WEBHOOK_SECRET,
            "webhook_url": f"{public_url}/webhooks/salla",
        }
        self.control("POST", "/_sandbox/app", app)

    def install(self, stores: list[str]) -> None:
        """Install the app in every store, from Salla's side."""
        with ThreadPoolExecutor(4) as pool:
            path = "/_sandbox/stores/{}/install"
            list(pool.map(lambda one: self.control("POST", path.format(one), {"mode": "easy"}), stores))

    def token(self, store_id: str) -> str:
        """An access token of a store."""
        return str(self.control("POST", f"/_sandbox/stores/{store_id}/tokens")["access_token"])

    def basis(self, store_id: str) -> VatBasis:
        """Whether the store's prices contain VAT."""
        store = self.control("GET", f"/_sandbox/stores/{store_id}")
        return VatBasis(bool(store["prices_include_vat"]), VAT_BP)

    def catalogue(self, token: str, basis: VatBasis) -> Iterator[CatalogItem]:
        """A store's items as the Merchant API shows them, read by the same rules as onboarding reads them."""
        page, pages = 1, 1
        while page <= pages:
            query: dict[str, str | int] = {"page": page, "per_page": PER_PAGE}
            headers = {"Authorization": f"Bearer {token}"}
            answer = json.loads(
                self._http.get("/admin/v2/products", params=query, headers=headers).content, parse_float=Decimal
            )
            pages = answer["pagination"]["totalPages"]
            for row in answer["data"]:
                for seen in seen_items(Product.model_validate(row), basis, "SAR"):
                    yield seen.item
            page += 1

    def calls(self) -> int:
        """Merchant API calls since the last :meth:`forget_calls`."""
        return int(self.control("GET", "/_sandbox/calls")["total"])

    def forget_calls(self) -> None:
        """Count calls from now on."""
        self.control("DELETE", "/_sandbox/calls")

    def prices(self) -> Prices:
        """Every item's base and effective price."""
        prices: Prices = self.control("GET", "/_sandbox/prices")
        return prices

    def effective_writes(self) -> int:
        """How many price writes changed something."""
        return sum(one["effective"] for one in self.control("GET", "/_sandbox/write-log"))

    def _answers(self) -> bool:
        try:
            return self._http.get("/_sandbox/health", timeout=1.0).status_code == 200
        except httpx.TransportError:
            return False
