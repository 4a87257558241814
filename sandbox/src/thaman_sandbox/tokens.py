"""Tokens: issued, used, rotated, revoked; and the ledger that remembers all of it.

A grant is one authorisation. Each refresh uses up its refresh token for ever; using one again ends the whole grant
(RFC 6819, 5.2.2.3). Tokens themselves are never kept, only their SHA-256.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from thaman_sandbox.errors import OAuthError, TokenInvalid
from thaman_sandbox.models import Attempt, Grant, Token
from thaman_sandbox.world import World

USES_KEPT = 20
"""How many moments of use the ledger keeps for one token (the count goes on)."""

INVALID_GRANT = (
    "The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is "
    "invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued "
    "to another client. The OAuth 2.0 Client ID from this request does not match the ID during the initial token "
    "issuance."
)


def digest_of(token: str) -> str:
    """The form in which a token is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def fingerprint(token: str) -> str:
    """A short name for a token that gives nothing away."""
    return digest_of(token)[:16]


@dataclass(frozen=True, slots=True)
class Issued:
    """Fresh tokens, in clear for the one answer that carries them."""

    access_token: str
    refresh_token: str | None
    scope: str
    lifetime: int
    expires_at: int
    store_id: int


def new_grant(world: World, store_id: int, scope: str, via: Literal["code", "easy"]) -> Grant:
    """A store authorises the app."""
    grant = Grant(world.state.next_id(), store_id, scope, world.clock.now(), via)
    world.state.add_grant(grant)
    store = world.state.store(store_id)
    store.installed_at = store.installed_at or world.clock.now()
    world.state.add_store(store)
    return grant


def issue(world: World, grant: Grant) -> Issued:
    """A new access token for a grant, with a refresh token if ``offline_access`` was granted."""
    lifetime = world.switches.access_token_seconds
    access = _mint(world, grant, "access", lifetime)
    offline = "offline_access" in grant.scope.split()
    refresh = _mint(world, grant, "refresh", world.switches.refresh_token_seconds) if offline else None
    expires_at = int(world.clock.timestamp()) + lifetime
    return Issued(access, refresh, grant.scope, lifetime, expires_at, grant.store_id)


def _mint(world: World, grant: Grant, kind: Literal["access", "refresh"], lifetime: int) -> str:
    prefix = "ory_at_" if kind == "access" else "ory_rt_"
    text = f"{prefix}{secrets.token_urlsafe(32)}.{secrets.token_urlsafe(32)}"
    now = world.clock.now()
    expires = now + timedelta(seconds=lifetime) if lifetime else None
    world.state.add_token(Token(digest_of(text), kind, grant.id, grant.store_id, now, expires))
    return text


def peek(world: World, text: str) -> Token | None:
    """The token, without counting it as used."""
    return world.state.tokens.get(digest_of(text))


def use_access(world: World, text: str) -> tuple[Token, Grant]:
    """Check an access token and count the use; :class:`TokenInvalid` if it does not hold (any more)."""
    token = peek(world, text)
    if token is None or token.kind != "access":
        raise TokenInvalid("unknown")
    _count_use(world, token)
    grant = world.state.grants[token.grant_id]
    if token.status != "active" or not grant.active or _expired(world, token):
        raise TokenInvalid("revoked or expired")
    return token, grant


def refresh(world: World, text: str, attempt: Attempt) -> Issued:
    """Rotate: use up the refresh token, give new tokens. ``attempt`` is told the outcome."""
    token = peek(world, text)
    attempt.fingerprint = fingerprint(text)
    if token is None or token.kind != "refresh":
        attempt.outcome = "unknown"
        raise _invalid_grant(world)
    attempt.store_id = token.store_id
    _count_use(world, token)
    grant = world.state.grants[token.grant_id]
    refusal = _refresh_refusal(world, token, grant)
    if refusal is not None:
        attempt.outcome = refusal
        if refusal == "reused":
            end_grant(world, grant, "refresh token reused")
        raise _invalid_grant(world)
    token.status = "used"
    world.state.add_token(token)
    if world.switches.old_access_revoked_on_refresh:
        _revoke_tokens(world, grant, "access")
    attempt.outcome = "rotated"
    return issue(world, grant)


def _refresh_refusal(world: World, token: Token, grant: Grant) -> str | None:
    if token.status == "used":
        return "reused"
    if token.status == "revoked" or not grant.active:
        return "revoked"
    return "expired" if _expired(world, token) else None


def _invalid_grant(world: World) -> OAuthError:
    return OAuthError("invalid_grant", INVALID_GRANT, world.switches.refresh_reuse_status)


def end_grant(world: World, grant: Grant, reason: str) -> None:
    """Revoke every token of a grant for ever."""
    if grant.active:
        grant.active = False
        grant.ended_because = reason
        world.state.add_grant(grant)
    _revoke_tokens(world, grant, "access")
    _revoke_tokens(world, grant, "refresh")


def end_store_grants(world: World, store_id: int, reason: str) -> int:
    """Revoke all that a store has granted; returns how many grants ended."""
    living = [grant for grant in world.state.grants.values() if grant.store_id == store_id and grant.active]
    for grant in living:
        end_grant(world, grant, reason)
    return len(living)


def _revoke_tokens(world: World, grant: Grant, kind: str) -> None:
    for digest in world.state.tokens_by_grant.get(grant.id, []):
        token = world.state.tokens[digest]
        if token.kind == kind and token.status == "active":
            token.status = "revoked"
            world.state.add_token(token)


def _expired(world: World, token: Token) -> bool:
    return token.expires_at is not None and world.clock.now() >= token.expires_at


def _count_use(world: World, token: Token) -> None:
    token.uses += 1
    token.used_at.append(world.clock.now())
    del token.used_at[:-USES_KEPT]
    world.state.add_token(token)


def new_attempt(world: World, grant_type: str) -> Attempt:
    """Open a ledger entry for a request to the token endpoint."""
    world.state.meta.attempts += 1
    world.state.save("meta", "0", world.state.meta)
    attempt = Attempt(world.state.meta.attempts, world.clock.now(), grant_type, None, "", "refused")
    world.state.add_attempt(attempt)
    return attempt


def ledger(world: World, store_id: int | None = None) -> dict[str, object]:
    """Every token and every request to the token endpoint, without any token in clear."""
    wanted = [one for one in world.state.tokens.values() if store_id in (None, one.store_id)]
    attempts = [one for one in world.state.attempts if store_id is None or one.store_id == store_id]
    return {
        "tokens": [_token_row(world, token) for token in wanted],
        "attempts": attempts,
        "refreshes": sum(one.grant_type == "refresh_token" for one in attempts),
        "rotations": sum(one.outcome == "rotated" for one in attempts),
        "reused_refresh_tokens": sum(one.outcome == "reused" for one in attempts),
    }


def _token_row(world: World, token: Token) -> dict[str, object]:
    expired = token.status == "active" and _expired(world, token)
    return {
        "store_id": token.store_id,
        "kind": token.kind,
        "fingerprint": token.digest[:16],
        "grant_id": token.grant_id,
        "issued_at": token.issued_at,
        "expires_at": token.expires_at,
        "used_at": token.used_at,
        "uses": token.uses,
        "status": "expired" if expired else token.status,
    }
