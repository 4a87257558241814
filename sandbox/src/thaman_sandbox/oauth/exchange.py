"""``POST /oauth2/token``: a code or a refresh token for new tokens."""

import base64
import binascii
import hashlib
import hmac
from urllib.parse import parse_qsl, unquote_plus

from thaman_sandbox.errors import OAuthError
from thaman_sandbox.models import Attempt, Code
from thaman_sandbox.tokens import INVALID_GRANT, Issued, digest_of, end_grant, fingerprint, issue, new_grant, refresh
from thaman_sandbox.webhooks import app_events
from thaman_sandbox.webhooks.publish import publish_app_event
from thaman_sandbox.wire import Answer
from thaman_sandbox.world import World

HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache"}
CONTENT_TYPE = "application/json;charset=UTF-8"


def read_form(raw: bytes) -> dict[str, str]:
    """The form's fields; the last of a repeated field counts."""
    return dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))


def exchange(world: World, form: dict[str, str], authorization: str, attempt: Attempt) -> Answer:
    """Do what the form asks for; ``attempt`` is told the outcome. Raises :class:`OAuthError`."""
    try:
        _check_client(world, form, authorization)
    except OAuthError:
        attempt.outcome = "invalid_client"
        raise
    kind = form.get("grant_type", "")
    if kind == "authorization_code":
        issued = _use_code(world, form, attempt)
    elif kind == "refresh_token":
        issued = refresh(world, form.get("refresh_token", ""), attempt)
    else:
        attempt.outcome = "unsupported_grant_type"
        raise OAuthError("unsupported_grant_type", "The authorization grant type is not supported by the server.")
    return Answer(200, token_body(world, issued), dict(HEADERS), content_type=CONTENT_TYPE)


def token_body(world: World, issued: Issued) -> dict[str, object]:
    """The token answer, keys in alphabetical order as Hydra writes them."""
    body: dict[str, object] = {"access_token": issued.access_token}
    naming = world.switches.token_expiry_field
    if naming in ("expires", "both"):
        body["expires"] = issued.lifetime
    if naming == "timestamp":
        body["expires"] = issued.expires_at
    if naming in ("expires_in", "both"):
        body["expires_in"] = issued.lifetime
    if issued.refresh_token is not None:
        body["refresh_token"] = issued.refresh_token
    return body | {"scope": issued.scope, "token_type": "bearer"}


def _check_client(world: World, form: dict[str, str], authorization: str) -> None:
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    if authorization.lower().startswith("basic ") and world.switches.accept_basic_auth:
        client_id, secret = _basic(authorization)
    app = world.state.app
    known = app is not None and hmac.compare_digest(app.client_id.encode(), client_id.encode())
    if app is None or not known or not hmac.compare_digest(app.client_secret.encode(), secret.encode()):
        raise OAuthError(
            "invalid_client",
            "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported "
            "authentication method).",
        )


def _basic(authorization: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(authorization[6:], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    client_id, _, secret = text.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)


def _use_code(world: World, form: dict[str, str], attempt: Attempt) -> Issued:
    text = form.get("code", "")
    code = world.state.codes.get(digest_of(text))
    attempt.fingerprint = fingerprint(text)
    if code is None:
        attempt.outcome = "unknown"
        raise OAuthError("invalid_grant", INVALID_GRANT)
    attempt.store_id = code.store_id
    problem = _code_problem(world, code, form)
    if problem is not None:
        attempt.outcome = problem
        raise OAuthError("invalid_grant", INVALID_GRANT)
    store, app = world.state.store(code.store_id), world.state.app
    first_time = store.installed_at is None
    grant = new_grant(world, store.id, code.scope, "code")
    if first_time and app is not None and app.webhook_url:
        publish_app_event(world, store, "app.installed", app_events.installed(app, store, world.clock.now()))
    code.grant_id = grant.id
    world.state.add_code(code)
    attempt.outcome = "exchanged"
    return issue(world, grant)


def _code_problem(world: World, code: Code, form: dict[str, str]) -> str | None:
    if code.grant_id is not None:
        if world.switches.code_reuse_revokes:
            end_grant(world, world.state.grants[code.grant_id], "authorisation code reused")
        return "code_reused"
    if world.clock.now() >= code.expires_at:
        return "expired"
    if form.get("redirect_uri", "") != code.redirect_uri:
        return "redirect_mismatch"
    if world.switches.verify_pkce and code.challenge and not _verified(code, form.get("code_verifier", "")):
        return "pkce_mismatch"
    return None


def _verified(code: Code, verifier: str) -> bool:
    if code.challenge_method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        verifier = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(verifier.encode(), code.challenge.encode())
