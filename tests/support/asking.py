"""Asks a service's API in this process, with keys of its own making."""

import asyncio
from typing import Any

import httpx
from fastapi import FastAPI

from thaman_contracts.events import onboarding
from thaman_kit.keys import NewKey

PEPPER = "p" * 40


class Api:
    """Asks the application in this process, without a port."""

    def __init__(self, app: FastAPI) -> None:
        self.headers: dict[str, str] = {}
        self._transport = httpx.ASGITransport(app=app)

    def request(self, method: str, path: str, *, headers: dict[str, str] | None = None, **given: Any) -> httpx.Response:
        """One request with the default headers and these."""

        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://optimizer") as client:
                return await client.request(method, path, headers=self.headers | (headers or {}), **given)

        return asyncio.run(ask())

    def get(self, path: str, **given: Any) -> httpx.Response:
        """GET."""
        return self.request("GET", path, **given)

    def post(self, path: str, **given: Any) -> httpx.Response:
        """POST."""
        return self.request("POST", path, **given)

    def put(self, path: str, **given: Any) -> httpx.Response:
        """PUT."""
        return self.request("PUT", path, **given)


def issue(world: Any, store_id: str | None) -> str:
    """A new key of a store, or of an operator; ``world`` is told of it as onboarding would tell."""
    key = NewKey.generate(PEPPER)
    world.tell(
        onboarding.ApiKeyIssued(
            store_id=store_id or "system",
            occurred_at=world.clock.now(),
            key_id=key.key_id,
            key_hash=key.key_hash,
            scope="store" if store_id else "operator",
            label="test",
        )
    )
    secret: str = key.key.get_secret_value()
    return secret
