"""The HTTP application: every error is a problem, nothing leaks, every answer has its headers."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import psycopg
import pytest
from fastapi import APIRouter, FastAPI, Query, Request
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, Response

from thaman_kit import metrics, telemetry
from thaman_kit.domain import current_cause
from thaman_kit.errors import Conflict
from thaman_kit.http import create_api
from thaman_kit.problems import Fault, Problem, not_found, of_status, pointer, unprocessable
from thaman_kit.settings import ServiceSettings

SECRET = "hunter2-hunter2"
router = APIRouter()


class OutOfStock(Exception):
    """A domain error."""


class SoldOut(OutOfStock):
    """A more special one."""


class Line(BaseModel):
    """A part of a body."""

    price: int = Field(ge=0)


class Order(BaseModel):
    """A body."""

    lines: list[Line]
    password: str = Field(max_length=5)


@router.post("/orders")
def post_order(order: Order) -> dict[str, int]:
    """A validated body."""
    return {"lines": len(order.lines)}


@router.get("/stores/{store_id}/items/{number}")
def get_item(store_id: str, number: int, limit: Annotated[int, Query(le=100)] = 10) -> dict[str, Any]:
    """Validated parameters; says what a stored event would carry."""
    return {"limit": limit, "meta": current_cause().model_dump()}


ERRORS: dict[str, Exception] = {
    "boom": RuntimeError(f"password={SECRET}"),
    "conflict": Conflict("version 7 of aggregate-1234"),
    "database": psycopg.OperationalError(f"connection to db with {SECRET} failed"),
    "mapped": SoldOut("p1"),
    "problem": unprocessable("below_floor", "Below the floor.", "Raise it.", [Fault("low", "floor", pointer("p/~"))]),
}


@router.get("/fail/{how}")
def fail(how: str) -> None:
    """Raise."""
    raise ERRORS[how]


@router.post("/raw")
async def raw(request: Request) -> int:
    """The raw body's size."""
    return len(await request.body())


def page(request: Request, problem: Problem) -> Response | None:
    """A page for people."""
    return HTMLResponse(f"<p>{problem.code}</p>", problem.status)


def make_app(**options: Any) -> FastAPI:
    """The application under test."""
    settings = ServiceSettings.load(database_url="postgresql://a:b@c/d", api_key_pepper="p" * 32, **options)
    return create_api(
        settings, "Demo", [router], error_map={OutOfStock: lambda _: not_found("item")}, html_problem=page
    )


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(make_app()), base_url="http://demo") as client:
        yield client


def check_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """It is a complete problem document of that kind."""
    document: dict[str, Any] = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, document["status"], document["code"]) == (status, status, code)
    assert document["type"] == f"urn:thaman:problem:{code}"
    assert document["instance"] == response.request.url.path
    assert document["request_id"] == response.headers["x-request-id"]
    assert document["title"]
    assert document["detail"]
    assert SECRET not in response.text
    return document


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("DELETE", "/orders", 405, "method_not_allowed"),
        ("GET", "/fail/boom", 500, "internal_error"),
        ("GET", "/fail/conflict", 409, "concurrent_change"),
        ("GET", "/fail/database", 503, "temporarily_unavailable"),
        ("GET", "/fail/mapped", 404, "not_found"),
        ("GET", "/fail/problem", 422, "below_floor"),
    ],
)
async def test_every_error_is_a_problem(
    client: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    response = await client.request(method, path)
    document = check_problem(response, status, code)
    assert document["next_step"]
    for word in ("Traceback", "RuntimeError", "psycopg", "SoldOut", "aggregate-1234"):
        assert word not in response.text
    if status == 405:
        assert response.headers["allow"] == "POST"
    if status == 503:
        assert response.headers["retry-after"] == "5"
    if code == "below_floor":
        assert document["errors"] == [
            {"detail": "low", "code": "floor", "pointer": "/p/~/~1/~0".replace("/~/~1", "/~1")}
        ]


async def test_wrong_fields_are_pointed_at_without_their_values(client: httpx.AsyncClient) -> None:
    response = await client.post("/orders", json={"lines": [{"price": 1}, {"price": -5}], "password": SECRET})
    document = check_problem(response, 422, "invalid_request")
    assert document["detail"] == "2 field(s) are missing or wrong."
    assert [error["pointer"] for error in document["errors"]] == ["/lines/1/price", "/password"]
    response = await client.get("/stores/1/items/x?limit=101")
    document = check_problem(response, 422, "invalid_request")
    assert [error["parameter"] for error in document["errors"]] == ["number", "limit"]


@pytest.mark.parametrize("body", [b"{", b"", b"[1,", b'{"lines": NaN', b"\xff\xfe{}", b"[" * 50_000])
async def test_broken_bodies(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post("/orders", content=body, headers={"content-type": "application/json"})
    assert response.status_code in {400, 422}
    check_problem(response, response.status_code, response.json()["code"])


async def test_large_bodies_are_refused_announced_or_not(client: httpx.AsyncClient) -> None:
    async def unannounced() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b"x" * 100_000

    assert (await client.post("/raw", content=b"x" * 1_000_000)).json() == 1_000_000
    for content in (b"x" * 1_000_001, unannounced()):
        check_problem(await client.post("/raw", content=content), 413, "body_too_large")
    json_type = {"content-type": "application/json"}
    check_problem(await client.post("/orders", content=unannounced(), headers=json_type), 413, "body_too_large")


async def test_browsers_get_a_page(client: httpx.AsyncClient) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    response = await client.get("/fail/boom", headers=browser)
    assert (response.status_code, response.text) == (500, "<p>internal_error</p>")
    check_problem(await client.get("/nowhere", headers={"accept": "application/json, text/html"}), 404, "not_found")


@pytest.mark.parametrize("path", ["/livez", "/nowhere", "/fail/boom", "/stores/1/items/2"])
async def test_security_headers_are_everywhere(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in headers


async def test_hsts_where_the_installation_has_https() -> None:
    transport = httpx.ASGITransport(make_app(public_url="https://t.example.com"))
    async with httpx.AsyncClient(transport=transport, base_url="http://demo") as client:
        assert "max-age" in (await client.get("/livez")).headers["strict-transport-security"]


async def test_a_good_request_id_is_kept_and_a_bad_one_replaced(client: httpx.AsyncClient) -> None:
    good = await client.get("/livez", headers={"X-Request-Id": "abc-123_4.5"})
    assert good.headers["x-request-id"] == "abc-123_4.5"
    for bad in ("x", "a" * 65, "a b c d e f", "<script>alert"):
        assert (await client.get("/livez", headers={"X-Request-Id": bad})).headers["x-request-id"] != bad


async def test_span_metric_and_event_meta_of_a_request(client: httpx.AsyncClient) -> None:
    exporter = InMemorySpanExporter()
    telemetry.setup("demo", [SimpleSpanProcessor(exporter)])
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01", "X-Request-Id": "request-1"}
    meta = (await client.get("/stores/7/items/2?code=s3cret", headers=headers)).json()["meta"]
    (span,) = exporter.get_finished_spans()
    assert span.context is not None
    assert format(span.context.trace_id, "032x") == trace_id
    assert span.name == "GET /stores/{store_id}/items/{number}"
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "http.route": "/stores/{store_id}/items/{number}",
        "http.response.status_code": 200,
    }
    assert meta["correlation_id"] == "request-1"
    assert meta["traceparent"] == f"00-{trace_id}-{span.context.span_id:016x}-01"
    await client.get("/fail/boom")
    failed = exporter.get_finished_spans()[-1]
    assert failed.status.description == "RuntimeError"
    assert not failed.events
    await client.request("BREW", "/anything/123")
    rendered = metrics.render().decode()
    assert 'route="/stores/{store_id}/items/{number}",status="200"' in rendered
    assert 'method="OTHER",route="(unmatched)",status="404"' in rendered
    assert "/anything/123" not in rendered


async def test_health_pages_of_the_api_tell_strangers_little() -> None:
    def broken() -> None:
        raise ConnectionError(SECRET)

    settings = ServiceSettings.load(database_url="postgresql://a:b@c/d", api_key_pepper="p" * 32)
    app = create_api(settings, "Demo", [], readiness={"database": broken})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://demo") as client:
        response = await client.get("/readyz")
        assert (response.status_code, response.json()) == (503, {"status": "unready", "failing": ["database"]})
        assert (await client.get("/metrics")).status_code == 404
        assert (await client.get("/docs")).status_code == 404


async def test_openapi_documents_problems_as_the_only_errors(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    assert document["components"]["schemas"]["Problem"]["required"]
    for operations in document["paths"].values():
        for operation in operations.values():
            assert set(operation["responses"]) == {"200", "default"}
            assert list(operation["responses"]["default"]["content"]) == ["application/problem+json"]
    assert "HTTPValidationError" not in json.dumps(document)


@given(st.lists(st.text() | st.integers(0)))
def test_pointers_can_be_read_back(location: list[str | int]) -> None:
    text = pointer(location)
    parts = [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]
    assert parts == [str(part) for part in location]


@given(st.integers(400, 599))
def test_every_status_has_a_problem(status: int) -> None:
    problem = of_status(status)
    assert problem.status == (status if status < 500 else 500)
    assert problem.document("/x", "r")["title"]
