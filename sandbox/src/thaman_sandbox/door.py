"""The door of the imitated Salla: token endpoint, user info, Merchant API and introspection, as one ASGI app.

Every call passes here: faults, authentication, budget, counters, the write log's last word. The state is committed
before an answer leaves, so whoever got an answer can rely on it after a crash.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from thaman_sandbox import introspection, ratelimit
from thaman_sandbox.errors import ConnectionCut, NotAllowed, OAuthError, SallaRefusal, TooManyRequests
from thaman_sandbox.faults import FaultPlan
from thaman_sandbox.merchant.call import Call
from thaman_sandbox.merchant.routes import Operation, find
from thaman_sandbox.models import Attempt, CallCount, Grant, Store, Token
from thaman_sandbox.oauth.exchange import exchange, read_form
from thaman_sandbox.oauth.userinfo import user_info
from thaman_sandbox.refusals import answer_of, html_error, oauth_answer, server_error, too_many
from thaman_sandbox.tokens import digest_of, new_attempt, peek, use_access
from thaman_sandbox.users import check_user
from thaman_sandbox.wire import Answer
from thaman_sandbox.world import World

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

API = "/admin/v2"
LARGEST_BODY = 8_000_000
USER_INFO = "GET /oauth2/user/info"
"""How calls to user info on the accounts host are counted."""


class Request:
    """The parts of an ASGI request that the door needs."""

    __slots__ = ("body", "client", "headers", "method", "path", "query", "scheme")

    def __init__(self, scope: Scope, body: bytes) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: str = scope["query_string"].decode("latin-1")
        self.scheme: str = scope["scheme"]
        self.client: str = (scope.get("client") or ("",))[0]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.body = body

    def header(self, name: bytes) -> str:
        """A header's value, empty if absent."""
        return self.headers.get(name, b"").decode("latin-1")

    def bearer(self) -> str:
        """The bearer token, empty if there is none."""
        kind, _, token = self.header(b"authorization").partition(" ")
        return token.strip() if kind.lower() == "bearer" else ""


def is_ours(path: str) -> bool:
    """Whether the door, and not the pages and control API, serves this path."""
    return path.startswith(API) or path in ("/oauth2/token", "/oauth2/user/info") or path == introspection.PATH


class Door:
    """The ASGI app."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; raises :class:`ConnectionCut` where the answer must not leave."""
        request = Request(scope, await _read(receive))
        if request.path == "/oauth2/token":
            await self._token(request, send)
        elif request.path == introspection.PATH:
            self._count(0, f"{request.method} {request.path}")
            await self._send(send, introspection.introspect(self._world, request.header(b"s-source"), request.body))
        else:
            await self._api(request, send)

    # -- token endpoint ------------------------------------------------------------------------------------------

    async def _token(self, request: Request, send: Send) -> None:
        world = self._world
        form = read_form(request.body)
        plan = world.faults(_store_of(world, form))
        if plan.token_delay_ms:
            await asyncio.sleep(plan.token_delay_ms / 1000)
        attempt = new_attempt(world, form.get("grant_type", ""))
        answer = self._exchange(request, form, attempt, plan)
        self._count(attempt.store_id or 0, "POST /oauth2/token")
        if world.dice.falls(plan, plan.token_p_cut_after):
            world.state.flush()
            raise ConnectionCut("after the token request")
        await self._send(send, answer)
        attempt.answered = True
        world.state.add_attempt(attempt)
        world.state.flush()

    def _exchange(self, request: Request, form: dict[str, str], attempt: Attempt, plan: FaultPlan) -> Answer:
        if request.method != "POST":
            attempt.outcome = "wrong_method"
            return oauth_answer(OAuthError("invalid_request", "The HTTP method must be POST."))
        if self._world.dice.falls(plan, plan.token_p_5xx):
            attempt.outcome = "server_error"
            return html_error(503) if plan.html_errors else server_error()
        try:
            return exchange(self._world, form, request.header(b"authorization"), attempt)
        except OAuthError as refusal:
            return oauth_answer(refusal)
        finally:
            self._world.state.add_attempt(attempt)

    # -- Merchant API --------------------------------------------------------------------------------------------

    async def _api(self, request: Request, send: Send) -> None:
        world = self._world
        token = peek(world, request.bearer())
        store_id = token.store_id if token else None
        plan = world.faults(store_id)
        if plan.latency_ms:
            await asyncio.sleep(plan.latency_ms / 1000)
        try:
            who = self._authenticate(request)
            store = who[2]
            operation, params = self._find(request)
            self._count(store.id, operation.name if operation else USER_INFO)
            headers = self._spend(store, operation)
        except SallaRefusal as refusal:
            await self._refuse(send, refusal, store_id, request)
            return
        call = _call(world, request, who, params, plan)
        answer = self._serve(call, operation, request)
        await self._finish(send, call, answer, headers, changing=request.method != "GET")

    def _authenticate(self, request: Request) -> tuple[Token, Grant, Store]:
        world = self._world
        token, grant = use_access(world, request.bearer())
        app = world.state.app
        if app is not None and app.trusted_ips and request.client not in app.trusted_ips:
            raise NotAllowed("this address is not among the app's trusted ones")
        store = world.state.store(token.store_id)
        check_user(store)
        return token, grant, store

    def _find(self, request: Request) -> tuple[Operation | None, tuple[str, ...]]:
        if request.path == "/oauth2/user/info":
            return None, ()
        return find(request.method, request.path[len(API) :].rstrip("/"))

    def _spend(self, store: Store, operation: Operation | None) -> dict[str, str]:
        """Spend one call of the store's budget; user info on the accounts host is free."""
        if operation is None or not self._world.switches.rate_limits:
            return {}
        return ratelimit.spend(self._world, store).headers()

    def _serve(self, call: Call, operation: Operation | None, request: Request) -> Answer:
        world, plan = self._world, call.plan
        changing = request.method != "GET"
        if world.dice.falls(plan, plan.p_429):
            self._count_429(call.store.id, operation)
            return too_many(1, html=plan.html_errors)
        if world.dice.falls(plan, plan.p_5xx):
            return html_error(503) if plan.html_errors else server_error()
        call.cut_before = changing and world.dice.falls(plan, plan.p_cut_before_write)
        try:
            if operation is None:
                return user_info(world, call.store, call.token, call.grant)
            operation.check_scopes(call.grant.scope)
            return operation.handler(call)
        except SallaRefusal as refusal:
            return answer_of(world, refusal)
        except ConnectionCut:
            _close_entries(call, 0)
            world.state.flush()
            raise

    async def _finish(self, send: Send, call: Call, answer: Answer, headers: dict[str, str], *, changing: bool) -> None:
        world, plan = self._world, call.plan
        written = changing and answer.status < 400
        if written and world.dice.falls(plan, plan.p_5xx_after_write):
            answer = html_error(500) if plan.html_errors else server_error()
        _close_entries(call, answer.status)
        if written and world.dice.falls(plan, plan.p_cut_after_write):
            world.state.flush()
            raise ConnectionCut("after the write")
        answer.headers |= headers | {"X-Request-Id": call.request_id}
        await self._send(send, answer)
        if call.writes:
            for entry in call.writes:
                entry.answered = True
                world.state.add_write(entry)
            world.state.flush()

    async def _refuse(self, send: Send, refusal: SallaRefusal, store_id: int | None, request: Request) -> None:
        answer = answer_of(self._world, refusal)
        if isinstance(refusal, TooManyRequests) and store_id is not None:
            self._count_429(store_id, self._find(request)[0])
            answer.headers |= ratelimit.budget(self._world, self._world.state.store(store_id)).headers()
        else:
            self._count(store_id or 0, f"{request.method} (refused)")
        await self._send(send, answer)

    # -- counting and sending ------------------------------------------------------------------------------------

    def _counter(self, store_id: int, route: str) -> CallCount:
        return self._world.state.calls.get((store_id, route)) or CallCount(store_id, route)

    def _count(self, store_id: int, route: str) -> None:
        counter = self._counter(store_id, route)
        counter.calls += 1
        self._world.state.add_call(counter)

    def _count_429(self, store_id: int, operation: Operation | None) -> None:
        counter = self._counter(store_id, operation.name if operation else USER_INFO)
        counter.refused_429 += 1
        self._world.state.add_call(counter)

    async def _send(self, send: Send, answer: Answer) -> None:
        payload = answer.payload()
        self._world.state.flush()
        headers = [(b"content-type", answer.content_type.encode()), (b"content-length", str(len(payload)).encode())]
        headers += [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": payload})


def _store_of(world: World, form: dict[str, str]) -> int | None:
    token = peek(world, form.get("refresh_token", ""))
    code = world.state.codes.get(digest_of(form.get("code", "")))
    known = token or code
    return known.store_id if known else None


def _close_entries(call: Call, status: int) -> None:
    for entry in call.writes:
        entry.status = status
        call.world.state.add_write(entry)


def _call(
    world: World, request: Request, who: tuple[Token, Grant, Store], params: tuple[str, ...], plan: FaultPlan
) -> Call:
    token, grant, store = who
    language = request.header(b"accept-language")[:2].lower()
    return Call(
        world=world,
        store=store,
        token=token,
        grant=grant,
        params=params,
        query_string=request.query,
        language=language if language in ("ar", "en") else store.language,
        body=request.body,
        base_url=f"{request.scheme}://{request.header(b'host')}{request.path}",
        request_id=uuid.uuid4().hex,
        plan=plan,
    )


async def _read(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionCut("the client went away")
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            raise ConnectionCut("the body is too large")
        if not message.get("more_body", False):
            return bytes(body)
