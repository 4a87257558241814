"""The whole sandbox as one ASGI application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, MutableMapping
from functools import partial
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from thaman_sandbox import errors
from thaman_sandbox.bulk import apply_bulk
from thaman_sandbox.config import SandboxConfig
from thaman_sandbox.control import goods, shops, stores
from thaman_sandbox.control import world as control_world
from thaman_sandbox.door import Door, Receive, Scope, Send, is_ours
from thaman_sandbox.llm import routes as llm_routes
from thaman_sandbox.oauth import routes as oauth_routes
from thaman_sandbox.registering import app_from
from thaman_sandbox.shops import pages
from thaman_sandbox.webhooks.courier import Courier
from thaman_sandbox.world import World, build_world

_STATUS: dict[type[errors.ControlError], int] = {
    errors.UnknownStore: 404,
    errors.UnknownProduct: 404,
    errors.UnknownOrder: 404,
    errors.UnknownShopItem: 404,
    errors.NoAppConfigured: 409,
    errors.ControlRefused: 422,
}


class SandboxApp(FastAPI):
    """FastAPI for pages and control; Salla's own paths go straight to the door, which also cuts connections."""

    world: World
    door: Door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and is_ours(scope["path"]):
            try:
                await self.door(scope, receive, send)
            except errors.ConnectionCut:
                await cut(receive, send)
            return
        await super().__call__(scope, receive, _committing(self.world, send))


def _committing(world: World, send: Send) -> Send:
    async def commit_first(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            world.state.flush()
        await send(message)

    return commit_first


async def cut(receive: Receive, send: Send) -> None:
    """Close the client's connection without an answer.

    ASGI has no word for this, so the server's transport is closed directly; it then reports the disconnect, after
    which leaving without an answer is in order. Under another server the error itself ends the connection.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    # Other event loops have transports of their own, which are no asyncio.Transport but can all do this.
    abort = getattr(transport, "abort", None)
    if abort is None:
        raise errors.ConnectionCut("this server cannot close a connection from inside")
    abort()
    while (await receive())["type"] != "http.disconnect":
        continue


def create_app(config: SandboxConfig | None = None) -> SandboxApp:
    """A sandbox as ``config`` says; everything in memory without one."""
    chosen = config or SandboxConfig()
    world = build_world(chosen)
    if chosen.app is not None:
        world.state.set_app(app_from(chosen.app))
    app = SandboxApp(title="Thaman sandbox", docs_url="/_sandbox/docs", openapi_url="/_sandbox/openapi.json",
                     lifespan=partial(_life, world), redoc_url=None)  # fmt: skip
    app.world, app.door = world, Door(world)
    app.state.world = world
    controls = (control_world.router, goods.router, stores.router, shops.router)
    for router in (oauth_routes.router, *controls, pages.router, llm_routes.router):
        app.include_router(router)
    app.add_exception_handler(errors.ControlError, _control_error)
    world.agenda.handle("bulk", lambda number: apply_bulk(world, number))
    return app


@contextlib.asynccontextmanager
async def _life(world: World, _: FastAPI) -> AsyncIterator[None]:
    courier = Courier(world)
    agenda = asyncio.create_task(world.agenda.run())
    try:
        yield
    finally:
        agenda.cancel()
        await asyncio.gather(agenda, return_exceptions=True)
        await world.agenda.stop()
        await courier.close()
        world.state.close()


async def _control_error(_: Request, error: Exception) -> JSONResponse:
    status = _STATUS.get(type(error), 400) if isinstance(error, errors.ControlError) else 500
    return JSONResponse({"error": type(error).__name__, "detail": str(error)}, status)
