"""Salla's OAuth server: the authorise address, tokens for a code, tokens for a refresh token, who authorised."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx

from thaman_kit.clock import Clock
from thaman_onboarding.adapters.salla_http import read_object, refusal, send
from thaman_onboarding.errors import ClientMisconfigured, SallaMalformed, SallaRefused, SallaUnauthorized

_OUR_FAULT = frozenset({"invalid_client", "unauthorized_client"})
_TIMESTAMP_FROM = 1_000_000_000
"""An expiry above this is a moment (Unix seconds), below it a duration in seconds (salla.md 1.4)."""


@dataclass(frozen=True, slots=True)
class TokenSet:
    """Both tokens of one store. Printing it shows neither."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: datetime
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Client:
    """Who we are to Salla."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    scopes: str


def challenge_of(verifier: str) -> str:
    """The PKCE challenge (S256) of a verifier."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def token_set(body: Mapping[str, Any], now: datetime) -> TokenSet:
    """Read a token answer, or the data of ``app.store.authorize``; they name the expiry differently.

    Raises:
        SallaMalformed: a token or the expiry is missing or unreadable. An answer without a refresh token is such a
            case: falling back on the old one would send it twice.
    """
    access, refresh = body.get("access_token"), body.get("refresh_token")
    if not (isinstance(access, str) and access and isinstance(refresh, str) and refresh):
        raise SallaMalformed("the token answer lacks a token; was offline_access granted?")
    return TokenSet(access, refresh, _expiry(body, now), tuple(str(body.get("scope") or "").split()))


def _expiry(body: Mapping[str, Any], now: datetime) -> datetime:
    value = body.get("expires_in", body.get("expires"))
    try:
        seconds = int(str(value))
        if seconds <= 0:
            raise ValueError("not in the future")
        moment = datetime.fromtimestamp(seconds, UTC) if seconds > _TIMESTAMP_FROM else now + timedelta(seconds=seconds)
    except (ValueError, OverflowError, OSError) as error:
        raise SallaMalformed(f"the token answer's expiry {value!r} cannot be read") from error
    return moment


class SallaAccounts:
    """The OAuth server. Blocking; call it from threads.

    Every call opens its own connection: a kept one that Salla closed meanwhile would look like a cut answer, and a
    cut answer to a refresh costs the merchant a reconnect.
    """

    def __init__(self, base_url: str, client: Client, clock: Clock, timeout: float) -> None:
        self._base = base_url
        self._client = client
        self._clock = clock
        self._http = httpx.Client(
            timeout=httpx.Timeout(timeout, connect=min(timeout, 5.0)),
            limits=httpx.Limits(max_keepalive_connections=0),
            headers={"Accept": "application/json"},
        )

    def authorize_url(self, state: str, verifier: str) -> str:
        """Where to send the merchant's browser."""
        query = {
            "client_id": self._client.client_id,
            "response_type": "code",
            "redirect_uri": self._client.redirect_uri,
            "scope": self._client.scopes,
            "state": state,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        return f"{self._base}/oauth2/auth?{urlencode(query)}"

    def exchange(self, code: str, verifier: str | None) -> TokenSet:
        """Tokens for a one-time code; ``verifier`` is absent when Salla began the installation.

        Raises:
            SallaError, ClientMisconfigured: see :meth:`refresh`.
        """
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._client.redirect_uri}
        return self._tokens(form | ({"code_verifier": verifier} if verifier else {}))

    def refresh(self, refresh_token: str) -> TokenSet:
        """New tokens for a refresh token, which is dead from then on.

        Raises:
            SallaUnreachable, SallaBusy: not processed, safe to send again.
            SallaUncertain: perhaps processed; never send it again.
            SallaRefused: Salla said no; ``code`` says why.
            SallaMalformed: processed, but the answer is useless.
            ClientMisconfigured: Salla does not know us.
        """
        return self._tokens({"grant_type": "refresh_token", "refresh_token": refresh_token})

    def merchant_id(self, access_token: str) -> str:
        """The store a token belongs to.

        Raises:
            SallaUnauthorized: the token does not work.
            SallaError: no clear answer.
        """
        headers = {"Authorization": f"Bearer {access_token}"}
        response = send(self._http, "GET", f"{self._base}/oauth2/user/info", headers=headers)
        if response.status_code == 401:
            error = refusal(response)
            raise SallaUnauthorized(error.status, error.code, error.message)
        if response.status_code != 200:
            raise refusal(response)
        body = read_object(response)
        data = body.get("data", body)  # the kit says there is no envelope, everything else says there is
        merchant = data.get("merchant") if isinstance(data, dict) else None
        store_id = str(merchant.get("id", "")) if isinstance(merchant, dict) else ""
        if not store_id.isdecimal():
            raise SallaMalformed("user info names no merchant id")
        return store_id

    def close(self) -> None:
        """Let the client go."""
        self._http.close()

    def _tokens(self, form: dict[str, str]) -> TokenSet:
        credentials = {"client_id": self._client.client_id, "client_secret": self._client.client_secret}
        response = send(self._http, "POST", f"{self._base}/oauth2/token", data=form | credentials)
        if response.is_success:
            return token_set(read_object(response), self._clock.now())
        error = refusal(response)
        if error.code in _OUR_FAULT:
            raise ClientMisconfigured(f"Salla does not accept our client id and secret ({error.code})")
        raise error


def is_terminal(error: SallaRefused) -> bool:
    """Whether a refused refresh token is dead for good. Judged by ``error``, as the status differs by version."""
    return error.code in ("invalid_grant", "token_inactive")
