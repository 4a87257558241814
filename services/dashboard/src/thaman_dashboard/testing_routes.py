"""For the dashboard's tests: every route of the application, and owners that only note what they are asked."""

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from fastapi import FastAPI
from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel

from thaman_dashboard.visits import SAFE, visit_of

_UNKNOWN = {"code": "not_found", "detail": "Nothing is known here."}


@dataclass(frozen=True, slots=True)
class Entry:
    """One method of a route; ``signed_in``: it takes a session's visit."""

    method: str
    path: str
    path_names: tuple[str, ...]
    query_names: tuple[str, ...]
    signed_in: bool

    @property
    def safe(self) -> bool:
        """Whether it changes nothing."""
        return self.method in SAFE

    def at(self, values: dict[str, str]) -> str:
        """Its address with these parameters."""
        address = self.path
        for name in self.path_names:
            for written in (f"{{{name}}}", f"{{{name}:path}}"):
                address = address.replace(written, values[name])
        return address


def entries(app: FastAPI) -> list[Entry]:
    """All of them, as the router knows them; the kit's health, OpenAPI and the like are no routes of pages."""
    found = []
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if not isinstance(route, APIRoute) or context.path is None:
            continue
        names = [tuple(_names(part)) for part in (route.dependant.path_params, route.dependant.query_params)]
        for method in sorted((route.methods or set()) - {"HEAD"}):
            found.append(Entry(method, context.path, names[0], names[1], _takes_visit(route.dependant)))
    return found


def _names(fields: Iterable[ModelField]) -> Iterator[str]:
    """Of parameters; a model stands for its fields."""
    for one in fields:
        model = one.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            yield from model.model_fields
        else:
            yield one.alias


def _takes_visit(dependant: Dependant) -> bool:
    return any(one.call is visit_of or _takes_visit(one) for one in dependant.dependencies)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an owner was asked; ``path`` has its query."""

    method: str
    path: str
    body: str


@dataclass(frozen=True, slots=True)
class Noting:
    """Owners at ``url`` that know nothing and note everything."""

    url: str
    asked: list[Asked]


@contextmanager
def noting_owners() -> Iterator[Noting]:
    """Owners that answer 404 to everything."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        asked: ClassVar[list[Asked]] = []

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode(errors="replace")
            self.asked.append(Asked(self.command, self.path, body))
            answer = json.dumps(_UNKNOWN).encode()
            self.send_response(404)
            self.send_header("Content-Type", "application/problem+json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield Noting(f"http://127.0.0.1:{server.server_address[1]}", Handler.asked)
        finally:
            server.shutdown()
            thread.join()
