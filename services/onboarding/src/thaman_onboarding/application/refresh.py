"""Access tokens, and the one careful way of renewing them.

A refresh token may be sent once in its life: a second time ends the installation (salla.md 1.6). Hence:

1. One refresh per store at a time over all processes, by a lock that dies with its holder; inside, state is read again.
2. ``refresh_started_at`` is committed *before* the token is sent. Whoever finds it set without an outcome knows that
   the token may be used up, also after a crash.
3. Only an answer that proves the token unused (no connection, 429, a refusal of ourselves) clears the mark.
4. Everything else is ambiguous: the token is blocked and never sent again. The present access token is tried; while
   it works the store goes on until it expires, else the merchant has to reconnect.
"""

from enum import StrEnum
from typing import NoReturn

from thaman_contracts.events.onboarding import ReauthorizationReason
from thaman_kit.clock import Clock
from thaman_kit.faultpoint import faultpoint
from thaman_kit.logging import get_logger
from thaman_onboarding.adapters.salla_oauth import SallaAccounts, TokenSet, is_terminal
from thaman_onboarding.adapters.vault_store import StoredTokens, TokenVault
from thaman_onboarding.application import measures
from thaman_onboarding.application.stores import Stores
from thaman_onboarding.domain.unauthorized import Action, Unauthorized, classify
from thaman_onboarding.errors import (
    ClientMisconfigured,
    NotConnected,
    SallaBusy,
    SallaError,
    SallaMalformed,
    SallaRefused,
    SallaUnauthorized,
    SallaUncertain,
    SallaUnreachable,
)

log = get_logger(__name__)

MARGIN_SECONDS = 600.0
"""An access token that lives shorter is renewed before it is used."""

_REASONS = {
    Unauthorized.SCOPE_MISSING: ReauthorizationReason.SCOPE_MISSING,
    Unauthorized.USER_GONE: ReauthorizationReason.USER_GONE,
    Unauthorized.REFRESH_REUSED: ReauthorizationReason.REFRESH_REJECTED,
}


class Outcome(StrEnum):
    """How a refresh went, as it is counted."""

    REFRESHED = "refreshed"
    NOT_SENT = "not_sent"
    AMBIGUOUS = "ambiguous"
    REJECTED = "rejected"
    MALFORMED = "malformed"
    OUTDATED = "outdated"


class Tokens:
    """Working access tokens of stores. Blocking; :class:`AsyncTokens` is its face for coroutines."""

    def __init__(
        self, vault: TokenVault, accounts: SallaAccounts, stores: Stores, clock: Clock, grace_seconds: float
    ) -> None:
        """``grace_seconds``: how long a refresh under way is left to its process before it counts as lost."""
        self._vault = vault
        self._accounts = accounts
        self._stores = stores
        self._clock = clock
        self._grace = grace_seconds

    def current(self, store_id: str) -> StoredTokens:
        """Tokens whose access token may be used now, renewed if need be.

        Raises:
            NotConnected: the merchant has to (re)connect the store.
            SallaBusy, SallaUnreachable: a renewal is needed and not possible now; try again later.
        """
        stored = self._connected(store_id)
        if stored.usable_at(self._clock.now(), MARGIN_SECONDS):
            return stored
        if stored.refresh_blocked:
            if stored.usable_at(self._clock.now(), 0.0):
                return stored
            self._lost(
                store_id,
                ReauthorizationReason.REFRESH_AMBIGUOUS,
                "the access token expired after a refresh whose outcome is unknown",
            )
        return self.renew(store_id, stored.version)

    def renew(self, store_id: str, seen_version: int) -> StoredTokens:
        """New tokens instead of those of ``seen_version``; whoever came second gets what the first one made.

        Raises:
            as :meth:`current`.
        """
        with self._vault.lock(store_id):
            stored = self._connected(store_id)
            if stored.version != seen_version:
                return stored
            if stored.refresh_blocked:
                return self._settle(stored)
            if stored.refresh_age is not None:
                return self._found_unfinished(stored, stored.refresh_age)
            if not self._vault.start_refresh(stored):
                return self._connected(store_id)
            faultpoint("onboarding.refresh.started")
            return self._send(stored)

    def renew_if_due(self, store_id: str, within_seconds: float) -> bool:
        """Renew when the access token expires within that time; a store without tokens is left alone.

        Raises:
            SallaBusy, SallaUnreachable: as :meth:`current`.
        """
        stored = self._vault.load(store_id)
        if stored is None or not stored.connected or stored.refresh_blocked:
            return False
        if stored.usable_at(self._clock.now(), within_seconds):
            return False
        try:
            self.renew(store_id, stored.version)
        except NotConnected:
            return False
        return True

    def report_unauthorized(self, store_id: str, message: str, token: str | None = None) -> Action:
        """The Merchant API answered 401 with ``message`` to ``token``; what to do now.

        A caller that does not say which token it used is taken at its word only when the present one is not fresh.

        Raises:
            SallaBusy, SallaUnreachable: not decided yet; report again later.
        """
        case = classify(message)
        try:
            stored = self._connected(store_id)
            if token is not None and token != stored.tokens.access:
                return Action.RETRY
            if case is not Unauthorized.ACCESS_INVALID:
                self._lost(store_id, _REASONS[case], message)
            if stored.obtained_by == "refresh" and stored.age < self._grace:
                if token is None:
                    return Action.RETRY
                self._lost(store_id, ReauthorizationReason.ACCESS_REVOKED, "Salla refuses a token it has just issued")
            self.renew(store_id, stored.version)
        except NotConnected:
            return Action.STOP
        return Action.RETRY

    # -- one refresh --------------------------------------------------------------------------------------------------

    def _send(self, stored: StoredTokens) -> StoredTokens:
        try:
            fresh = self._accounts.refresh(stored.tokens.refresh)
        except (SallaUnreachable, SallaBusy, ClientMisconfigured) as error:
            self._not_sent(stored, error)
            raise
        except SallaUncertain as error:
            self._count(stored, Outcome.AMBIGUOUS, str(error))
            return self._block_and_settle(stored)
        except SallaMalformed as error:
            self._count(stored, Outcome.MALFORMED, str(error))
            self._lost(stored.store_id, ReauthorizationReason.MALFORMED_ANSWER, str(error))
        except SallaRefused as error:
            if is_terminal(error):
                self._count(stored, Outcome.REJECTED, error.code)
                self._lost(stored.store_id, ReauthorizationReason.REFRESH_REJECTED, f"Salla refused it: {error.code}")
            self._not_sent(stored, error)
            raise SallaBusy(60.0) from error
        faultpoint("onboarding.refresh.answered")
        return self._save(stored, fresh)

    def _save(self, stored: StoredTokens, fresh: TokenSet) -> StoredTokens:
        saved = self._vault.finish_refresh(stored, fresh)
        faultpoint("onboarding.refresh.saved")
        self._count(stored, Outcome.REFRESHED if saved else Outcome.OUTDATED)
        return self._connected(stored.store_id)

    def _not_sent(self, stored: StoredTokens, error: Exception) -> None:
        self._vault.abandon_refresh(stored)
        self._count(stored, Outcome.NOT_SENT, str(error))

    def _found_unfinished(self, stored: StoredTokens, age: float) -> StoredTokens:
        """A refresh began and nobody saw its end. While its process may still wait for the answer, so do we."""
        if age < self._grace:
            raise SallaBusy(max(self._grace - age, 0.1))
        self._count(stored, Outcome.AMBIGUOUS, "the process that sent it died")
        return self._block_and_settle(stored)

    def _block_and_settle(self, stored: StoredTokens) -> StoredTokens:
        self._vault.block_refresh(stored)
        log.error("refresh_ambiguous", store_id=stored.store_id, next_step="the merchant should reconnect the store")
        return self._settle(stored)

    def _settle(self, stored: StoredTokens) -> StoredTokens:
        """The refresh token is blocked: go on with the access token while it works."""
        reason = ReauthorizationReason.REFRESH_AMBIGUOUS
        if not stored.usable_at(self._clock.now(), 0.0):
            self._lost(stored.store_id, reason, "a refresh had no clear outcome and the access token expired")
        try:
            self._accounts.merchant_id(stored.tokens.access)
        except SallaUnauthorized:
            self._lost(stored.store_id, reason, "a refresh had no clear outcome and the access token is dead")
        except SallaError as error:
            raise SallaBusy(30.0) from error
        return self._connected(stored.store_id)

    # -- helpers ------------------------------------------------------------------------------------------------------

    def _connected(self, store_id: str) -> StoredTokens:
        stored = self._vault.load(store_id)
        if stored is None or not stored.connected:
            raise NotConnected(f"store {store_id} has to be connected by its merchant")
        return stored

    def _lost(self, store_id: str, reason: ReauthorizationReason, detail: str) -> NoReturn:
        self._stores.require_reauthorization(store_id, reason, detail)
        raise NotConnected(f"store {store_id} has to be reconnected: {detail}")

    def _count(self, stored: StoredTokens, outcome: Outcome, detail: str = "") -> None:
        measures.REFRESHES.labels(outcome).inc()
        log.info("token_refresh", store_id=stored.store_id, outcome=outcome, detail=detail)
