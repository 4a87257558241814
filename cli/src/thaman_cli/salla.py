"""The local Salla's control API: make stores, install the app, look behind the counter."""

from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx

from thaman_cli.errors import DemoFailed

_REDIRECTS = 10


class LocalSalla:
    """Asks the sandbox's control API under ``/_sandbox``."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.AsyncClient(base_url=f"{url}/_sandbox", timeout=30, trust_env=False)

    async def get(self, path: str, **params: Any) -> Any:
        """GET a control path."""
        return _read(await self._client.get(path, params=params))

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        """POST to a control path."""
        return _read(await self._client.post(path, json=body))

    async def put(self, path: str, body: dict[str, Any]) -> Any:
        """PUT to a control path."""
        return _read(await self._client.put(path, json=body))

    async def patch(self, path: str, body: dict[str, Any]) -> Any:
        """PATCH a control path."""
        return _read(await self._client.patch(path, json=body))

    async def delete(self, path: str) -> Any:
        """DELETE a control path."""
        return _read(await self._client.delete(path))

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def browse(url: str, store_id: str | None = None) -> httpx.Response:
    """Follow ``url`` as a merchant's browser with cookies would, approving at Salla as ``store_id``; the last page."""
    async with httpx.AsyncClient(timeout=60, trust_env=False) as browser:
        for _ in range(_REDIRECTS):
            answer = await browser.get(_as_merchant(url, store_id))
            if not answer.is_redirect:
                return answer
            url = str(answer.url.join(answer.headers["location"]))
    raise DemoFailed("The browser was sent round in circles", f"more than {_REDIRECTS} redirects, last {url}")


def _as_merchant(url: str, store_id: str | None) -> str:
    parts = urlsplit(url)
    if store_id is None or not parts.path.endswith("/oauth2/auth"):
        return url
    query = [*parse_qsl(parts.query), ("store_id", store_id), ("approve", "auto")]
    return urlunsplit(parts._replace(query=urlencode(query)))


def _read(answer: httpx.Response) -> Any:
    if not answer.is_success:
        raise DemoFailed(
            f"The local Salla answered {answer.status_code} to {answer.request.method} {answer.request.url.path}",
            answer.text[:500],
            "Read <home>/logs/sandbox.log.",
        )
    return answer.json() if answer.content else None
