"""What surrounds every HTTP request: its id, span, metrics, log line, size limit, headers, and the last catch."""

import re
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping

from opentelemetry.trace import Span, SpanKind, StatusCode
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from thaman_kit import telemetry
from thaman_kit.domain import EventMeta, caused_by
from thaman_kit.logging import get_logger, log_context
from thaman_kit.metrics import HTTP_REQUESTS
from thaman_kit.problems import Problem, internal, of_status

REQUEST_ID = "X-Request-Id"
MAX_BODY = 1_000_000
UNMATCHED = "(unmatched)"
_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_FRAMED = re.compile(r"frame-ancestors (?!'none')")
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_QUIET = frozenset(("/livez", "/readyz"))

Render = Callable[[Request, Problem], Response]
log = get_logger(__name__)


class Observation:
    """Gives each request an id, a span that continues the caller's trace, a metric and a log line.

    Events that the request stores carry the id as their correlation and the span as their trace. An exception that
    nothing else handled is logged here and answered with a bare 500.
    """

    def __init__(self, app: ASGIApp, render: Render) -> None:
        self._app = app
        self._render = render

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _request_id(headers)
        scope.setdefault("state", {})["request_id"] = request_id
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        span = telemetry.tracer(__name__).start_as_current_span(
            method,
            context=telemetry.extract(dict(headers)),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": method},
            # An exception's text may carry what must not leave the process; the log redacts it, a span would not.
            record_exception=False,
            set_status_on_exception=False,
        )
        with span as current, log_context(request_id=request_id), caused_by(_meta(request_id)):
            exchange = _Exchange(scope, send, request_id, method, current)
            await self._run(exchange, receive)

    async def _run(self, exchange: "_Exchange", receive: Receive) -> None:
        try:
            await self._app(exchange.scope, receive, exchange.send)
        except Exception as error:
            log.exception("request_failed", method=exchange.method, route=exchange.route)
            if exchange.status is not None:
                raise
            exchange.error = type(error).__name__
            response = self._render(Request(exchange.scope), internal())
            await response(exchange.scope, receive, exchange.send)
        finally:
            exchange.finish()


class _Exchange:
    """One request and what became of it."""

    def __init__(self, scope: Scope, send: Send, request_id: str, method: str, span: Span) -> None:
        self.scope = scope
        self.method = method
        self.status: int | None = None
        self.error: str | None = None
        self._send = send
        self._request_id = request_id
        self._span = span
        self._begin = time.perf_counter()

    @property
    def route(self) -> str:
        """The route's template; paths themselves are without number and would flood the metrics."""
        return str(getattr(self.scope.get("route"), "path", UNMATCHED))

    async def send(self, message: Message) -> None:
        """Pass an answer on, noting its status and marking it with the request's id."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            MutableHeaders(scope=message)[REQUEST_ID] = self._request_id
        await self._send(message)

    def finish(self) -> None:
        """Record the outcome; without an answer (the client left) the status is 499."""
        seconds = time.perf_counter() - self._begin
        status = self.status or 499
        HTTP_REQUESTS.labels(self.method, self.route, str(status)).observe(seconds)
        self._span.update_name(f"{self.method} {self.route}")
        self._span.set_attributes({"http.route": self.route, "http.response.status_code": status})
        if status >= 500:
            self._span.set_status(StatusCode.ERROR, self.error)
        self._log(status, seconds)

    def _log(self, status: int, seconds: float) -> None:
        store_id = (self.scope.get("path_params") or {}).get("store_id")
        fields = {"store_id": str(store_id)} if store_id is not None else {}
        tell = log.debug if self.scope["path"] in _QUIET else log.info
        milliseconds = round(seconds * 1000, 1)
        tell("http_request", method=self.method, route=self.route, status=status, ms=milliseconds, **fields)


class BodyLimit:
    """Refuses bodies over ``limit`` bytes: at once where Content-Length says so, else when they grow past it."""

    def __init__(self, app: ASGIApp, render: Render, limit: int = MAX_BODY) -> None:
        self._app = app
        self._render = render
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "")
        if length.isdecimal() and int(length) > self._limit:
            response = self._render(Request(scope), of_status(413, {"Connection": "close"}))
            await response(scope, receive, send)
            return
        await self._app(scope, self._counting(receive), send)

    def _counting(self, receive: Receive) -> Callable[[], Awaitable[Message]]:
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._limit:
                # FastAPI passes this one on; any other exception it would turn into 400.
                raise HTTPException(413, headers={"Connection": "close"})
            return message

        return counted


class SecurityHeaders:
    """Adds headers that make browsers careful; what a page sets itself stays.

    A page whose own policy says who may frame it gets no X-Frame-Options, which can only say nobody.
    """

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = dict(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                is_framed = _FRAMED.search(headers.get("Content-Security-Policy", "")) is not None
                for name, value in self._headers.items():
                    if not (is_framed and name == "X-Frame-Options"):
                        headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


def security_headers(public_url: str) -> dict[str, str]:
    """The headers for an installation that browsers reach at ``public_url``; HSTS only where that is HTTPS."""
    headers = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    if public_url.startswith("https://"):
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return headers


def _request_id(headers: Headers) -> str:
    given = headers.get(REQUEST_ID, "")
    return given if _ACCEPTABLE_ID.fullmatch(given) else uuid.uuid4().hex


def _meta(request_id: str) -> EventMeta:
    trace = telemetry.inject()
    return EventMeta(
        correlation_id=request_id, traceparent=trace.get("traceparent"), tracestate=trace.get("tracestate")
    )
