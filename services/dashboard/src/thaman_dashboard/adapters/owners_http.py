"""Requests to the owners' APIs, with the dashboard's own key; what they answer is told as an owner's error."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from thaman_dashboard.owner_ports import OwnerAway, OwnerError, OwnerRefused, OwnerUnsure
from thaman_kit.logging import get_logger

TIMEOUT = httpx.Timeout(20.0, connect=3.0)
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
log = get_logger(__name__)


class OwnersHttp:
    """Asks over HTTP. Use it from threads; :meth:`close` it at the end."""

    def __init__(self, key: str, addresses: Mapping[str, str]) -> None:
        """``key`` is an operator's; ``addresses`` are the owners', by service."""
        headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        self._addresses = addresses
        self._http = httpx.Client(headers=headers, timeout=TIMEOUT)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def ask(self, service: str, method: str, path: str, **given: Any) -> httpx.Response:
        """One request to a service; ``path`` begins with a slash.

        Raises:
            OwnerRefused: it said no.
            OwnerAway: it cannot be reached or cannot work now.
            OwnerUnsure: no answer came, so it may have been done.
        """
        try:
            answer = self._http.request(method, self._addresses[service] + path, **given)
        except _UNSENT as error:
            raise OwnerAway(f"{method} {path}: {type(error).__name__}") from error
        except httpx.TransportError as error:
            raise OwnerUnsure(f"{method} {path}: {type(error).__name__}") from error
        if answer.is_success:
            return answer
        raise _refusal(answer)

    @contextmanager
    def stream(self, service: str, path: str, **given: Any) -> Iterator[httpx.Response]:
        """What a service sends, to be read as it comes.

        Raises:
            As :meth:`ask`, before anything was read; afterwards what httpx raises.
        """
        try:
            with self._http.stream("GET", self._addresses[service] + path, **given) as answer:
                if not answer.is_success:
                    answer.read()
                    raise _refusal(answer)
                yield answer
        except _UNSENT as error:
            raise OwnerAway(f"GET {path}: {type(error).__name__}") from error


def _refusal(answer: httpx.Response) -> OwnerError:
    try:
        problem = answer.json()
        code, detail = str(problem["code"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        code, detail = "unreadable", f"status {answer.status_code} without a problem's document"
    if answer.status_code == 503 and code == "temporarily_unavailable":
        return OwnerAway(detail)
    if answer.status_code >= 500:
        return OwnerUnsure(f"{code}: {detail}")
    if answer.status_code in (401, 403):
        log.error("owners_key_refused", code=code)
        return OwnerAway("the owner does not accept the dashboard's key (THAMAN_DASHBOARD_API_KEY)")
    return OwnerRefused(code, detail)
