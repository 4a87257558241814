"""What the Merchant API tells about a store when it is connected, and the registration of its webhooks."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

import httpx

from thaman_onboarding.adapters.salla_http import read_object, refusal, send
from thaman_onboarding.domain.store import StoreFacts
from thaman_onboarding.errors import SallaMalformed, SallaRefused, SallaUnauthorized

VAT_SETTING = "product_price_included_tax"
SAUDI = frozenset({"SA", "SAU", "Saudi Arabia", "السعودية", "المملكة العربية السعودية"})

WEBHOOK_EVENTS = (
    "product.created",
    "product.deleted",
    "product.price.updated",
    "product.status.updated",
    "product.quantity.low",
    "order.created",
    "order.updated",
    "order.status.updated",
    "order.cancelled",
    "order.refunded",
    "order.deleted",
    "order.products.updated",
    "order.payment.updated",
)
"""The store events asked for. The deprecated ``product.updated`` is understood, but not asked for."""


class SallaStores:
    """A few calls of the Merchant API. Blocking; call it from threads."""

    def __init__(self, api_url: str, timeout: float) -> None:
        self._base = api_url
        self._http = httpx.Client(
            timeout=httpx.Timeout(timeout, connect=5.0),
            # Shorter than servers keep a connection, so that none is used at the moment it is closed.
            limits=httpx.Limits(keepalive_expiry=2.0),
            headers={"Accept": "application/json"},
        )

    def facts(self, access_token: str, scopes: tuple[str, ...]) -> StoreFacts:
        """Name, plan, currency and VAT basis of the token's store.

        Raises:
            SallaUnauthorized: the token does not work, or lacks a scope (the message names it).
            SallaError: no clear answer.
        """
        info = self._data(access_token, "/store/info")
        if not isinstance(info, dict) or not str(info.get("id", "")).isdecimal():
            raise SallaMalformed("store info names no store id")
        return StoreFacts(
            store_id=str(info["id"]),
            name=str(info.get("name") or info["id"])[:300],
            domain=_text(info.get("domain")),
            plan=str(info.get("plan") or "unknown"),
            store_type=str(info.get("type") or "live"),
            currency=str(info.get("currency") or ""),
            prices_include_vat=prices_include_vat(self._data(access_token, "/settings", {"entity": "products"})),
            vat_bp=vat_bp(self._data(access_token, "/taxes")),
            scopes=scopes,
        )

    def offered_events(self, access_token: str) -> frozenset[str]:
        """The events that Salla offers to send. Errors as above."""
        rows = self._data(access_token, "/webhooks/events")
        if not isinstance(rows, list):
            raise SallaMalformed("the webhook events are not a list")
        return frozenset(str(row.get("event")) for row in rows if isinstance(row, dict))

    def subscribe(self, access_token: str, event: str, url: str, strategy: str, secret: str) -> None:
        """Ask for one kind of webhook; the same address again renews it.

        Raises:
            SallaUnauthorized, SallaError: as above; 422 when Salla cannot reach ``url``.
        """
        body = {
            "name": f"Thaman {event}",
            "event": event,
            "url": url,
            "version": 2,
            "security_strategy": strategy,
            "secret": secret,
        }
        self._call(access_token, "POST", "/webhooks/subscribe", json=body)

    def close(self) -> None:
        """Let the client go."""
        self._http.close()

    def _data(self, access_token: str, path: str, query: dict[str, str] | None = None) -> Any:
        body = read_object(self._call(access_token, "GET", path, params=query))
        if "data" not in body:
            raise SallaMalformed(f"{path} answered without data")
        return body["data"]

    def _call(self, access_token: str, method: str, path: str, **arguments: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {access_token}"}
        response = send(self._http, method, f"{self._base}{path}", headers=headers, **arguments)
        if response.is_success:
            return response
        error = refusal(response)
        if response.status_code == 401:
            raise SallaUnauthorized(error.status, error.code, error.message)
        raise SallaRefused(error.status, error.code, f"{path}: {error.message}")


def prices_include_vat(data: Any) -> bool:
    """Whether prices typed in Salla contain VAT, from the product settings in either of their shapes.

    Raises:
        SallaMalformed: the setting is missing. It is not guessed: every floor depends on it.
    """
    for slug, value in _settings(data):
        if slug.split(".")[-1] == VAT_SETTING:
            if isinstance(value, bool):
                return value
            if str(value).lower() in ("true", "1", "false", "0"):
                return str(value).lower() in ("true", "1")
    raise SallaMalformed(f"the product settings do not say {VAT_SETTING}")


def vat_bp(data: Any) -> int:
    """The VAT rate in basis points: the Saudi one, else the highest that is active; 0 when none is.

    The highest errs on the safe side, because a higher rate raises every floor.

    Raises:
        SallaMalformed: the list cannot be read.
    """
    if not isinstance(data, list):
        raise SallaMalformed("the taxes are not a list")
    taxes = [tax for tax in data if isinstance(tax, dict)]
    active = [tax for tax in taxes if str(tax.get("status", "active")) in ("active", "1", "True")]
    saudi = [tax for tax in active if str(tax.get("country")) in SAUDI]
    return max((_rate_bp(tax.get("tax")) for tax in saudi or active), default=0)


def _rate_bp(value: Any) -> int:
    try:
        rate = int(Decimal(str(value)) * 100)
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise SallaMalformed(f"a tax of {value!r} cannot be read") from error
    if not 0 <= rate <= 10_000:
        raise SallaMalformed(f"a tax of {value!r} % makes no sense")
    return rate


def _settings(data: Any) -> Iterator[tuple[str, Any]]:
    """(name, value) of every setting: rows with a slug, or plain keys, at any depth."""
    if isinstance(data, list):
        for entry in data:
            yield from _settings(entry)
    elif isinstance(data, dict):
        if "slug" in data and "value" in data:
            yield str(data["slug"]), data["value"]
        for name, value in data.items():
            yield str(name), value
            if isinstance(value, dict | list):
                yield from _settings(value)


def _text(value: Any) -> str | None:
    return str(value) if value else None
