"""The services' HTTP APIs, asked with the operator's key."""

from collections.abc import Mapping
from typing import Any, Self

import httpx

from thaman_cli.errors import ApiRefused, NotRunning
from thaman_cli.state import Home


class Api:
    """Asks services by name. Every answer that is not a success becomes ``ApiRefused``."""

    def __init__(self, urls: Mapping[str, str], key: str) -> None:
        self._urls = urls
        self._client = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {key}"}, timeout=30, trust_env=False, follow_redirects=False
        )

    @classmethod
    def of(cls, home: Home) -> Self:
        """The running installation of a folder.

        Raises:
            NotRunning: nothing runs there.
        """
        running, key = home.running(), home.load_secrets().operator_key
        if running is None or key is None:
            raise not_running(home)
        return cls(running.urls, key.get_secret_value())

    def url(self, service: str) -> str:
        """Where a service is, without a slash at the end."""
        return self._urls[service]

    async def get(self, service: str, path: str, **params: Any) -> Any:
        """GET a path of a service."""
        return await self.send("GET", service, path, params=params)

    async def post(self, service: str, path: str, body: Any = None, **headers: str) -> Any:
        """POST a JSON body to a path of a service."""
        return await self.send("POST", service, path, json=body, headers=headers)

    async def patch(self, service: str, path: str, body: Any) -> Any:
        """PATCH a path of a service."""
        return await self.send("PATCH", service, path, json=body)

    async def put(self, service: str, path: str, body: Any) -> Any:
        """PUT a path of a service."""
        return await self.send("PUT", service, path, json=body)

    async def delete(self, service: str, path: str) -> Any:
        """DELETE a path of a service."""
        return await self.send("DELETE", service, path)

    async def items(self, service: str, path: str, **params: Any) -> list[Any]:
        """Every item of a list, page after page."""
        found: list[Any] = []
        cursor: str | None = None
        while True:
            page = await self.get(service, path, **params, **({"cursor": cursor} if cursor else {}))
            found += page["items"]
            cursor = page.get("next")
            if not cursor:
                return found

    async def send(self, method: str, service: str, path: str, **request: Any) -> Any:
        """Send a request; the JSON of its answer, ``None`` for an empty one."""
        url = f"{self._urls[service]}{path}"
        try:
            answer = await self._client.request(method, url, **request)
        except httpx.TransportError as error:
            raise ApiRefused(
                0, "", f"{service} cannot be reached", f"{method} {url}: {error!r}", "Run `thaman status`."
            ) from error
        if not answer.is_success:
            raise _refused(service, method, path, answer)
        return answer.json() if answer.content else None

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def not_running(home: Home) -> NotRunning:
    """Nothing runs in the folder."""
    return NotRunning(
        "Thaman is not running", f"no supervisor holds {home.folder}", "Start it with `thaman up` (or `make demo`)."
    )


def _refused(service: str, method: str, path: str, answer: httpx.Response) -> ApiRefused:
    problem: dict[str, Any] = {}
    if "json" in answer.headers.get("content-type", ""):
        problem = answer.json()
    errors = "; ".join(f"{item.get('pointer', '?')}: {item.get('detail', '')}" for item in problem.get("errors") or [])
    why = " ".join(part for part in (str(problem.get("detail") or answer.text[:300]), errors) if part)
    return ApiRefused(
        answer.status_code,
        str(problem.get("code", "")),
        f"{service} answered {answer.status_code} to {method} {path}: {problem.get('title', answer.reason_phrase)}",
        why,
        str(problem.get("next_step") or ""),
    )
