"""What each worker process keeps open: one database connection and one connection to Salla."""

import functools
import json
from decimal import Decimal
from typing import Any

import requests
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

from tests.benchmarks.peer.settings import Settings
from thaman_contracts.money import halalas_from, riyals

PER_PAGE = 60
TIMEOUT_SECONDS = 20.0


class PriceNotShown(Exception):
    """Salla took a price and shows another."""


def engine_for(database_url: str, pool_size: int = 1) -> Engine:
    """An engine on psycopg 3."""
    url = database_url.replace("postgresql://", "postgresql+psycopg://", 1)
    return create_engine(url, pool_size=pool_size, max_overflow=0)


@functools.cache
def sessions() -> sessionmaker[Session]:
    """Sessions of this process."""
    return sessionmaker(engine_for(Settings.load().database_url), expire_on_commit=False)


class SallaClient:
    """The calls of the Merchant API that writing needs, on one kept connection."""

    def __init__(self, url: str) -> None:
        self._base = f"{url}/admin/v2"
        self._http = requests.Session()
        self._http.trust_env = False

    def set_price(self, token: str, product_id: str, variant_id: str | None, base: int) -> int:
        """Write one base price; the base price that the answer shows."""
        path = f"/products/{product_id}" if variant_id is None else f"/products/variants/{variant_id}"
        return _base_of(self._call("PUT", path, token, f'{{"price":{riyals(base)}}}')["data"])

    def base_price(self, token: str, product_id: str, variant_id: str | None) -> int:
        """The base price that Salla shows of a product or of one of its variants."""
        shown = self._call("GET", f"/products/{product_id}", token)["data"]
        return _prices_of(shown)[variant_id or product_id]

    def queue_prices(self, token: str, prices: list[tuple[str, int]]) -> None:
        """Queue base prices of simple products."""
        rows = ",".join(f'{{"id":{int(product)},"price":{riyals(base)}}}' for product, base in prices)
        self._call("POST", "/products/prices/bulkPrice", token, f'{{"products":[{rows}]}}')

    def base_prices(self, token: str) -> dict[str, int]:
        """The base prices of all products and variants, as they show now."""
        shown: dict[str, int] = {}
        page, pages = 1, 1
        while page <= pages:
            answer = self._call("GET", f"/products?page={page}&per_page={PER_PAGE}", token)
            pages = answer["pagination"]["totalPages"]
            for row in answer["data"]:
                shown |= _prices_of(row)
            page += 1
        return shown

    def _call(self, method: str, path: str, token: str, body: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        response = self._http.request(method, self._base + path, headers=headers, data=body, timeout=TIMEOUT_SECONDS)
        response.raise_for_status()
        return json.loads(response.content, parse_float=Decimal)


@functools.cache
def salla() -> SallaClient:
    """The client of this process."""
    return SallaClient(Settings.load().salla_url)


def _prices_of(product: dict[str, Any]) -> dict[str, int]:
    """Base prices by id: the product's and its variants'."""
    return {str(one["id"]): _base_of(one) for one in (product, *product.get("skus", ()))}


def _base_of(shown: dict[str, Any]) -> int:
    regular = halalas_from(shown["regular_price"]["amount"])
    return regular or halalas_from(shown["price"]["amount"])
