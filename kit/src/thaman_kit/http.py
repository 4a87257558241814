"""The HTTP application of a service: :func:`create_api` puts routers, problems, health, auth and headers together."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, TypeVar

import psycopg
from eventsourcing.persistence import InterfaceError, OperationalError
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.telemetry import TelemetryConfig
from psycopg_pool import PoolTimeout, TooManyRequests
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from thaman_kit.auth import ApiKeys
from thaman_kit.errors import Conflict
from thaman_kit.health import Check, Health
from thaman_kit.logging import get_logger
from thaman_kit.middleware import MAX_BODY, BodyLimit, Observation, Render, SecurityHeaders, security_headers
from thaman_kit.problems import (
    MEDIA_TYPE,
    Fault,
    Problem,
    conflict,
    internal,
    invalid_request,
    of_status,
    pointer,
    unavailable,
)
from thaman_kit.settings import ServiceSettings

E = TypeVar("E", bound=Exception)
ErrorMap = Mapping[type[Any], Callable[[Any], Problem]]
HtmlProblem = Callable[[Request, Problem], Response | None]
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
log = get_logger(__name__)

# What the database says while it is away or overloaded; the request changed nothing and may be sent again.
_UNAVAILABLE = (psycopg.OperationalError, OperationalError, InterfaceError, PoolTimeout, TooManyRequests)

# FastAPI's own spans would carry the whole query, and with it the code and state of an OAuth callback.
_OWN_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}

_PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457 problem details. code is stable; next_step says what to do.",
    "required": ["type", "title", "status", "detail", "instance", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri", "examples": ["urn:thaman:problem:not_found"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "The request's path."},
        "code": {"type": "string"},
        "next_step": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail", "code"],
                "properties": {
                    "detail": {"type": "string"},
                    "code": {"type": "string"},
                    "pointer": {"type": "string", "description": "JSON pointer into the body."},
                    "parameter": {"type": "string", "description": "Name of a query, path or header parameter."},
                },
            },
        },
    },
}
_DEFAULT_RESPONSE: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}


def create_api(
    settings: ServiceSettings,
    title: str,
    routers: Sequence[APIRouter],
    readiness: Mapping[str, Check] | None = None,
    error_map: ErrorMap | None = None,
    *,
    api_keys: ApiKeys | None = None,
    html_problem: HtmlProblem | None = None,
    lifespan: Lifespan | None = None,
    max_body: int = MAX_BODY,
    version: str = "1",
) -> FastAPI:
    """The service's application, ready for :func:`thaman_kit.process.run_api`.

    Args:
        settings: the service's own.
        title: of the OpenAPI document.
        routers: the endpoints.
        readiness: checks behind ``/readyz``, by the name of the part.
        error_map: the service's errors as problems; a subclass takes its nearest base's entry.
        api_keys: what ``require_operator`` and ``require_store`` verify keys against.
        html_problem: makes a page of a problem for browsers (where ``None`` comes back, JSON is sent).
        lifespan: opens and closes what the service needs.
        max_body: most bytes a request may carry.
        version: of the OpenAPI document.
    """
    render = partial(render_problem, html=html_problem)
    health = Health(readiness)
    app = FastAPI(
        title=title,
        version=version,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        responses=_DEFAULT_RESPONSE,
        telemetry=_OWN_TELEMETRY,
        exception_handlers=_handlers(render, error_map or {}),
        routes=[*health.routes()],
        middleware=[
            Middleware(SecurityHeaders, headers=security_headers(settings.public_url)),
            Middleware(Observation, render=render),
            Middleware(BodyLimit, render=render, limit=max_body),
        ],
    )
    for router in routers:
        app.include_router(router)
    app.state.health = health
    app.state.api_keys = api_keys
    _describe_problem(app)
    return app


def render_problem(request: Request, problem: Problem, html: HtmlProblem | None = None) -> Response:
    """``problem`` as the answer to ``request``: a page for browsers where ``html`` makes one, else JSON."""
    if html is not None and _wants_html(request):
        page = html(request, problem)
        if page is not None:
            return page
    request_id = getattr(request.state, "request_id", None)
    document = problem.document(request.url.path, request_id)
    return JSONResponse(document, status_code=problem.status, media_type=MEDIA_TYPE, headers=problem.headers)


def _handlers(render: Render, error_map: ErrorMap) -> dict[Any, Callable[..., Any]]:
    table: dict[type[Any], Callable[[Any], Problem]] = {
        Problem: lambda error: error,
        HTTPException: _of_http_exception,
        RequestValidationError: _of_validation_error,
        Conflict: lambda _: conflict(
            "concurrent_change", "Somebody else changed the same thing at this moment.", "Read it again and retry."
        ),
        **dict.fromkeys(_UNAVAILABLE, _of_unavailable),
        **error_map,
    }
    return {error: _handler(render, make) for error, make in table.items()}


def _handler(render: Render, make: Callable[[E], Problem]) -> Callable[[Request, E], Any]:
    async def handle(request: Request, error: E) -> Response:
        return render(request, make(error))

    return handle


def _of_unavailable(error: Exception) -> Problem:
    log.warning("dependency_unavailable", error=f"{type(error).__name__}: {error}")
    return unavailable()


def _of_http_exception(error: HTTPException) -> Problem:
    return of_status(error.status_code, error.headers)


def _of_validation_error(error: RequestValidationError) -> Problem:
    items = error.errors()
    if any(item["type"] == "json_invalid" for item in items):
        return Problem(
            400,
            "malformed_json",
            "Malformed JSON",
            "The body is not JSON.",
            "Check the body's syntax and send it again.",
        )
    if not items:
        return internal()
    return invalid_request([_fault(item) for item in items])


def _fault(item: Mapping[str, Any]) -> Fault:
    # Only the rule is told, never the input: it may be a secret, or somebody else's.
    place, *rest = item["loc"]
    detail = str(item["msg"]).removeprefix("Value error, ")
    if place == "body":
        return Fault(detail, str(item["type"]), pointer=pointer(rest))
    return Fault(detail, str(item["type"]), parameter=str(rest[0]) if rest else str(place))


def _wants_html(request: Request) -> bool:
    accepted = request.headers.get("accept", "")
    html, json = accepted.find("text/html"), accepted.find("json")
    return html >= 0 and (json < 0 or html < json)


def _describe_problem(app: FastAPI) -> None:
    original = app.openapi

    def openapi() -> dict[str, Any]:
        document = original()
        document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = _PROBLEM_SCHEMA
        return document

    # FastAPI's documented way to change the generated document is to replace this method.
    app.openapi = openapi  # type: ignore[method-assign]
