"""One careful HTTP call to Salla: what was sent for certain, what is uncertain, and answers without floats."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import httpx

from thaman_kit.redaction import redact_text
from thaman_onboarding.errors import (
    SallaBusy,
    SallaMalformed,
    SallaRefused,
    SallaUncertain,
    SallaUnreachable,
)

MAX_ANSWER = 4_000_000
"""Bytes; a page of 60 products stays far below."""

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def send(client: httpx.Client, method: str, url: str, **arguments: Any) -> httpx.Response:
    """Send one request.

    Raises:
        SallaUnreachable: no connection came about, so nothing was sent.
        SallaUncertain: the request may have arrived, but no whole answer did, or a server error.
        SallaBusy: 429.
    """
    try:
        response = client.request(method, url, **arguments)
    except _NOT_SENT as error:
        raise SallaUnreachable(f"{_place(url)} cannot be reached: {type(error).__name__}") from error
    except httpx.HTTPError as error:
        raise SallaUncertain(f"{_place(url)} gave no whole answer: {type(error).__name__}") from error
    if response.status_code == 429:
        raise SallaBusy(retry_after(response.headers))
    if response.status_code >= 500 or response.is_redirect:
        raise SallaUncertain(f"{_place(url)} answered {response.status_code}")
    return response


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds Salla asks to wait; one where it does not say."""
    try:
        return min(max(float(headers.get("Retry-After", "1")), 0.1), 3_600.0)
    except ValueError:
        return 1.0


def read_object(response: httpx.Response) -> dict[str, Any]:
    """The body as a JSON object, numbers with decimals as :class:`~decimal.Decimal`.

    Raises:
        SallaMalformed: it is none.
    """
    if len(response.content) > MAX_ANSWER:
        raise SallaMalformed(f"an answer of {len(response.content)} bytes")
    try:
        body = json.loads(response.content, parse_float=Decimal, parse_constant=_refuse)
    except ValueError as error:
        raise SallaMalformed(f"status {response.status_code} without readable JSON") from error
    if not isinstance(body, dict):
        raise SallaMalformed(f"status {response.status_code} with JSON that is not an object")
    return body


def refusal(response: httpx.Response) -> SallaRefused:
    """A 4xx answer as an error, from either of Salla's two error shapes or none."""
    try:
        body = read_object(response)
    except SallaMalformed:
        return SallaRefused(response.status_code, "unreadable", "the answer is not JSON")
    error = body.get("error")
    if isinstance(error, dict):
        code, message = str(error.get("code", "error")), str(error.get("message", ""))
    else:
        code, message = str(error or "error"), str(body.get("error_description", ""))
    # Salla's words go into events and logs.
    return SallaRefused(response.status_code, code, redact_text(message))


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")


def _place(url: str) -> str:
    parts = httpx.URL(url)
    return f"{parts.host}{parts.path}"
