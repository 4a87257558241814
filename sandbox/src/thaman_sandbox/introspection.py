"""Embedded pages: short-lived tokens for the iframe, and the endpoint that checks them."""

import secrets
from datetime import timedelta

from thaman_sandbox.models import Store, Token
from thaman_sandbox.tokens import digest_of, peek
from thaman_sandbox.wire import Answer, loads, ok
from thaman_sandbox.world import World

PATH = "/exchange-authority/v1/introspect"
LIFE = timedelta(minutes=30)


def embedded_token(world: World, store: Store) -> str:
    """A token as Salla appends it to an embedded page's address."""
    text = f"em_tok_{secrets.token_urlsafe(32)}"
    now = world.clock.now()
    world.state.add_token(Token(digest_of(text), "embedded", 0, store.id, now, now + LIFE))
    return text


def introspect(world: World, source: str, body: bytes) -> Answer:
    """``POST /exchange-authority/v1/introspect`` with ``S-Source: <app id>``."""
    app = world.state.app
    token = peek(world, _token_in(body))
    known = token is not None and token.kind == "embedded" and app is not None and source == str(app.app_id)
    if token is None or not known or token.expires_at is None or token.expires_at <= world.clock.now():
        return Answer(401, {"status": 401, "success": False, "error": {"message": "Decryption failed", "code": 0}})
    store = world.state.store(token.store_id)
    expires = token.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return ok({"merchant_id": store.id, "user_id": store.owner_id, "exp": expires})


def _token_in(body: bytes) -> str:
    try:
        value = loads(body)
    except ValueError:
        return ""
    token = value.get("token") if isinstance(value, dict) else None
    return token if isinstance(token, str) else ""
