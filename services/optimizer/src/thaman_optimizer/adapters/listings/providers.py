"""Search engines with an API. What they say of a page is never taken for a fact; the page is read itself.

Their address is the operator's setting, so it is called plainly: not through what guards against strangers' addresses.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import SecretStr

from thaman_optimizer.domain.addresses import is_web_address, without_fragment
from thaman_optimizer.domain.reading.letters import shown
from thaman_optimizer.errors import SearchFailed, SearchRefused
from thaman_optimizer.listing_ports import Hit

MOST_BYTES = 1_000_000
"""A larger answer is not read to its end."""

CALL_S = 20.0
"""Most time for one query, in seconds."""

_MOST_LETTERS = 200
_REFUSALS: Mapping[int, str] = {
    401: "refuses the key; check THAMAN_OPTIMIZER_SEARCH_KEY",
    402: "asks to be paid first; look into its account",
    403: "refuses the key; check THAMAN_OPTIMIZER_SEARCH_KEY",
    429: "has had too many queries; it is asked again at the next look",
    # Tavily's own: the plan's limit, and that of paying as one goes.
    432: "has given all of the plan's queries; look into its account",
    433: "has given all that may be spent; look into its account",
}


@dataclass(frozen=True, slots=True)
class _Api:
    """What one search engine wants and answers; ``hits`` is the name of the list in its answer, ``names`` what a hit
    calls its address, title and text."""

    name: str
    base: str
    headers: Callable[[str], dict[str, str]]
    body: Callable[[str, int], dict[str, Any]]
    hits: str
    names: tuple[str, str, str]


_TAVILY = _Api(
    # https://docs.tavily.com/documentation/api-reference/endpoint/search: a basic search costs one credit.
    name="tavily",
    base="https://api.tavily.com",
    headers=lambda key: {"authorization": f"Bearer {key}"},
    body=lambda query, most: {
        "query": query,
        "topic": "general",
        "search_depth": "basic",
        "max_results": most,
        "country": "saudi arabia",
        "include_answer": False,
        "include_raw_content": False,
        "include_images": False,
    },
    hits="results",
    names=("url", "title", "content"),
)
_SERPER = _Api(
    # https://serper.dev: Google's organic results, as seen from Saudi Arabia in Arabic.
    name="serper",
    base="https://google.serper.dev",
    headers=lambda key: {"x-api-key": key},
    body=lambda query, most: {"q": query, "gl": "sa", "hl": "ar", "num": most},
    hits="organic",
    names=("link", "title", "snippet"),
)
_APIS = {api.name: api for api in (_TAVILY, _SERPER)}


class HttpSearch:
    """A search engine that is asked by one POST for each query."""

    def __init__(self, name: str, key: SecretStr, url: str | None = None, call_s: float = CALL_S) -> None:
        """The engine ``tavily`` or ``serper``; ``url`` is the base address of its API where it is not its own."""
        self.name = name
        self._api = _APIS[name]
        self._key = key
        self._url = f"{(url or self._api.base).rstrip('/')}/search"
        self._call_s = call_s

    async def search(self, query: str, most: int) -> list[Hit]:
        """The best ``most`` hits whose addresses are usable.

        Raises:
            SearchRefused: it will answer no query for now.
            SearchFailed: no answer to this one, or none that is understood.
        """
        answer = await self._answer(self._api.body(query, most))
        hits = answer.get(self._api.hits)
        if not isinstance(hits, list):
            raise SearchFailed(f"{self.name} did not answer with a list of hits")
        found = [hit for hit in map(self._hit, hits) if hit is not None]
        return found[:most]

    async def _answer(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(self._call_s):
                status, text = await self._post(body)
        except TimeoutError:
            raise SearchFailed(f"{self.name} gave no answer within {self._call_s:g} s") from None
        except httpx.HTTPError as error:
            raise SearchFailed(f"{self.name} could not be reached: {type(error).__name__}") from None
        # Without the body: it may repeat what was sent.
        if status in _REFUSALS:
            raise SearchRefused(f"{self.name} {_REFUSALS[status]} (it answered {status})")
        if status != httpx.codes.OK:
            raise SearchFailed(f"{self.name} answered {status}")
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise SearchFailed(f"{self.name} did not answer with a JSON object")
        return answer

    async def _post(self, body: Mapping[str, Any]) -> tuple[int, bytes]:
        content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        headers = {
            "content-type": "application/json",
            "accept": "application/json",
            **self._api.headers(self._key.get_secret_value()),
        }
        async with (
            httpx.AsyncClient(timeout=self._call_s, trust_env=False) as client,
            client.stream("POST", self._url, content=content, headers=headers) as response,
        ):
            parts = bytearray()
            async for part in response.aiter_bytes():
                parts += part
                if len(parts) > MOST_BYTES:
                    raise SearchFailed(f"{self.name}'s answer is larger than {MOST_BYTES} bytes")
            return response.status_code, bytes(parts)

    def _hit(self, value: Any) -> Hit | None:
        if not isinstance(value, dict):
            return None
        url, title, text = (value.get(name) for name in self._api.names)
        if not isinstance(url, str) or not is_web_address(url.strip()):
            return None
        said = [shown(one, _MOST_LETTERS) if isinstance(one, str) else "" for one in (title, text)]
        return Hit(without_fragment(url.strip()), *said)
