"""The Merchant API of Salla: reading products and orders, writing base prices.

Every call says exactly what is known about its effect: refusals (nothing was done), :class:`SallaUnreachable`
(nothing was sent), :class:`SallaUncertain` (sent, outcome unknown). JSON numbers become ``Decimal``, never floats.
Nothing here retries, except once after a 401 for which the vault got a new token.
"""

import json
import time
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Generic, NoReturn, Protocol, Self, TypeVar

import httpx
from pydantic import ValidationError

from thaman_contracts.money import MoneyError, riyals
from thaman_onboarding.adapters import salla_measures as measures
from thaman_onboarding.adapters.rate_budget import RateBudget
from thaman_onboarding.adapters.salla_connections import SpreadTransport
from thaman_onboarding.adapters.salla_errors import BudgetSpent, FieldsRefused, SallaBlocked, SallaGone, SallaTrouble
from thaman_onboarding.adapters.salla_shapes import OrderHead, OrderItem, Pages, Product, Shape, Sku
from thaman_onboarding.domain.unauthorized import Action
from thaman_onboarding.errors import (
    SallaBusy,
    SallaMalformed,
    SallaRefused,
    SallaUnauthorized,
    SallaUncertain,
    SallaUnreachable,
)

PER_PAGE = 60
CONNECT_SECONDS = 5.0
SUCCESS = frozenset({200, 201, 202, 204})
S = TypeVar("S", bound=Shape)

_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": "thaman"}
_TIMEOUT = httpx.Timeout(20.0, connect=CONNECT_SECONDS)
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class Tokens(Protocol):
    """Where access tokens come from; the vault of this service."""

    async def access_token(self, store_id: str) -> str:
        """A usable access token; raises when the store has to be reconnected."""
        ...

    async def report_unauthorized(self, store_id: str, message: str, token: str | None = None) -> Action:
        """Tell that Salla answered 401 to ``token``, and learn whether a new one makes another try sensible."""
        ...


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One entry of a list that could not be read: its id as far as known, and why."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Page(Generic[S]):
    """One page of a list; ``pages`` is the number of pages Salla says there are."""

    rows: tuple[S, ...]
    pages: int
    unreadable: tuple[Unreadable, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    query: Mapping[str, str | int] | None
    body: str | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class SallaApi:
    """The client; one for the process.

    Args:
        base_url: e.g. ``https://api.salla.dev/admin/v2``.
        transport: shared connections. Requests go to it as they are: redirects, cookies and proxies have no place here,
            and httpx's client above it costs more than the call.
        timeout: of each step of a call.
    """

    def __init__(
        self,
        base_url: str,
        transport: httpx.AsyncBaseTransport,
        tokens: Tokens,
        budget: RateBudget,
        timeout: httpx.Timeout = _TIMEOUT,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._transport = transport
        self._tokens = tokens
        self._budget = budget
        self._extensions = {"timeout": timeout.as_dict()}

    def room(self, store_id: str) -> int | None:
        """How many calls the store's budget allows at once now; ``None`` when nothing is known against it."""
        return self._budget.room(store_id)

    def window_left(self, store_id: str) -> float:
        """Seconds until the store's budget is full again."""
        return self._budget.window_left(store_id)

    @classmethod
    def connect(
        cls, base_url: str, tokens: Tokens, budget: RateBudget, *, timeout_seconds: float, connections: int
    ) -> Self:
        """A client with connections of its own, to be closed.

        Args:
            connections: calls at the same time; with enough of them the pool never makes a call wait.
        """
        timeout = httpx.Timeout(timeout_seconds, connect=CONNECT_SECONDS)
        return cls(base_url, SpreadTransport(connections), tokens, budget, timeout)

    async def close(self) -> None:
        """Let the connections go."""
        await self._transport.aclose()

    # -- reading --------------------------------------------------------------------------------------------------

    async def product_page(self, store_id: str, page: int, wanted: Container[str] | None = None) -> Page[Product]:
        """One page of the catalogue, 60 products with their variants; of these only the ``wanted`` if any are named."""
        answer = await self._call(store_id, "GET", "/products", {"page": page, "per_page": PER_PAGE})
        return _page(answer, Product, wanted)

    async def product(self, store_id: str, product_id: str) -> Product:
        """One product with its variants; :class:`SallaGone` when there is none."""
        return _one(await self._call(store_id, "GET", f"/products/{product_id}"), Product)

    async def order_page(self, store_id: str, page: int, since: date) -> Page[OrderHead]:
        """One page of the orders created since a day, newest first."""
        query: dict[str, str | int] = {
            "page": page,
            "per_page": PER_PAGE,
            "from_date": since.isoformat(),
            "sort_by": "created_at-desc",
        }
        return _page(await self._call(store_id, "GET", "/orders", query), OrderHead)

    async def order_items(self, store_id: str, order_id: str) -> Page[OrderItem]:
        """The lines of one order."""
        return _page(await self._call(store_id, "GET", "/orders/items", {"order_id": order_id}), OrderItem)

    # -- writing --------------------------------------------------------------------------------------------------

    async def set_product_price(self, store_id: str, product_id: str, base: int) -> Product:
        """Set a simple product's base price; the answer is the product as it is now."""
        body = f'{{"price":{_price(base)}}}'
        return _written(await self._call(store_id, "PUT", f"/products/{product_id}", body=body), Product)

    async def set_variant_price(self, store_id: str, variant_id: str, base: int) -> Sku:
        """Set a variant's base price; the answer is the variant as it is now."""
        body = f'{{"price":{_price(base)}}}'
        return _written(await self._call(store_id, "PUT", f"/products/variants/{variant_id}", body=body), Sku)

    async def queue_prices(self, store_id: str, prices: Iterable[tuple[str, int]]) -> None:
        """Queue base prices of many simple products. Accepted is not applied: read until they show."""
        rows = ",".join(f'{{"id":{int(product_id)},"price":{_price(base)}}}' for product_id, base in prices)
        await self._call(store_id, "POST", "/products/prices/bulkPrice", body=f'{{"products":[{rows}]}}')

    # -- one call -------------------------------------------------------------------------------------------------

    async def _call(
        self,
        store_id: str,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None = None,
        body: str | None = None,
    ) -> Any:
        token = await self._tokens.access_token(store_id)
        request = _Request(method, path, query, body)
        try:
            return await self._attempt(store_id, token, request)
        except SallaUnauthorized as error:
            if await self._tokens.report_unauthorized(store_id, error.message, token) is not Action.RETRY:
                raise
        token = await self._tokens.access_token(store_id)
        return await self._attempt(store_id, token, request)

    async def _attempt(self, store_id: str, token: str, request: _Request) -> Any:
        try:
            self._budget.begin(store_id)
        except BudgetSpent:
            measures.BUDGET_WAITS.inc()
            raise
        response: httpx.Response | None = None
        began = time.perf_counter()
        try:
            response = await self._transport.handle_async_request(self._message(token, request))
            await response.aread()
        except _NOT_SENT as error:
            raise SallaUnreachable(f"{request}: {type(error).__name__}") from error
        except httpx.HTTPError as error:
            raise SallaUncertain(f"{request}: {type(error).__name__}") from error
        finally:
            answered = None if response is None else response.headers
            status = 0 if response is None else response.status_code
            self._budget.end(store_id, answered, refused=status == 429)
            measures.CALLS.labels(request.method, f"{status // 100}xx" if status else "silence").inc()
            measures.CALL_SECONDS.labels(request.method).observe(time.perf_counter() - began)
        if response.status_code not in SUCCESS:
            self._refuse(response)
        return _json(response, writing=request.body is not None)

    def _message(self, token: str, request: _Request) -> httpx.Request:
        headers = {"Authorization": f"Bearer {token}", **_HEADERS}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        url = self._base_url + request.path
        return httpx.Request(
            request.method,
            url,
            params=request.query,
            headers=headers,
            content=request.body,
            extensions=self._extensions,
        )

    def _refuse(self, response: httpx.Response) -> NoReturn:
        status = response.status_code
        if status == 429:
            raise SallaBusy(self._budget.retry_after(response.headers))
        if status >= 500:
            raise SallaTrouble(f"Salla answered {status}")
        code, message, fields = _error_of(response)
        match status:
            case 401:
                raise SallaUnauthorized(status, code, message)
            case 403:
                raise SallaBlocked(status, code, message)
            case 404 | 410:
                raise SallaGone(status, code, message)
            case 422:
                raise FieldsRefused(status, code, message, fields)
            case _:
                raise SallaRefused(status, code, message)


def _price(halalas: int) -> Decimal:
    """A price as a JSON number with two decimals at most; zero is refused here, whatever was decided."""
    if halalas <= 0:
        raise ValueError(f"a price of {halalas} halalas is never written")
    return riyals(halalas)


def _json(response: httpx.Response, *, writing: bool) -> Any:
    if not response.content:
        return {}
    try:
        return json.loads(response.content, parse_float=Decimal)
    except ValueError as error:
        text = f"an answer with status {response.status_code} is not JSON"
        raise (SallaUncertain if writing else SallaMalformed)(text) from error


def _error_of(response: httpx.Response) -> tuple[str, str, dict[str, str]]:
    """Code, message and fields of an error body of any known form; HTML and nothing are known forms."""
    try:
        body = json.loads(response.content, parse_float=Decimal)
    except ValueError:
        return "", response.reason_phrase, {}
    if not isinstance(body, dict):
        return "", response.reason_phrase, {}
    error = body.get("error")
    if not isinstance(error, dict):
        return str(error or ""), str(body.get("error_description") or response.reason_phrase), {}
    fields = error.get("fields")
    named = {str(name): _flat(texts) for name, texts in fields.items()} if isinstance(fields, dict) else {}
    return str(error.get("code", "")), str(error.get("message", "")), named


def _flat(texts: Any) -> str:
    return " ".join(str(text) for text in texts) if isinstance(texts, list) else str(texts)


def _one(answer: Any, shape: type[S]) -> S:
    data = answer.get("data") if isinstance(answer, dict) else None
    try:
        return shape.model_validate(data)
    except (ValidationError, MoneyError) as error:
        raise SallaMalformed(f"{shape.__name__}: {_why(error)}") from error


def _written(answer: Any, shape: type[S]) -> S:
    """A write's answer. One that cannot be read says nothing about the effect."""
    try:
        return _one(answer, shape)
    except SallaMalformed as error:
        raise SallaUncertain(f"the write was accepted, but its answer cannot be read: {error}") from error


def _page(answer: Any, shape: type[S], wanted: Container[str] | None = None) -> Page[S]:
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list):
        raise SallaMalformed(f"a list of {shape.__name__} was expected")
    if wanted is not None:
        data = [entry for entry in data if not isinstance(entry, dict) or str(entry.get("id")) in wanted]
    rows, unreadable = readable(data, shape)
    pages = Pages.model_validate(answer.get("pagination") or {}).total_pages or 1
    return Page(rows, pages, unreadable)


def readable(data: Sequence[Any], shape: type[S]) -> tuple[tuple[S, ...], tuple[Unreadable, ...]]:
    """The entries that can be read, and what is wrong with the others."""
    rows: list[S] = []
    bad: list[Unreadable] = []
    for entry in data:
        try:
            rows.append(shape.model_validate(entry))
        except ValidationError as error:
            found = entry.get("id") if isinstance(entry, dict) else None
            bad.append(Unreadable(str(found), _why(error)))
    return tuple(rows), tuple(bad)


def _why(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False)[:3])
