"""Logins begun by a browser, and stores on their way in."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from thaman_contracts.events.onboarding import InstallPath
from thaman_kit.application import UnitOfWork
from thaman_kit.database import Database, load_queries
from thaman_onboarding.adapters.salla_oauth import TokenSet
from thaman_onboarding.adapters.sealing import Sealer
from thaman_onboarding.adapters.vault_store import open_tokens, sealed_tokens

_SQL = load_queries("thaman_onboarding", "adapters/queries_tokens.sql")


@dataclass(frozen=True, slots=True)
class Login:
    """A login that came back. ``fresh`` is false when it took too long."""

    browser_hash: str
    verifier: str = field(repr=False)
    fresh: bool


@dataclass(frozen=True, slots=True)
class Install:
    """A store on its way in; ``tokens`` are there while ``state`` is ``received``."""

    install_id: UUID
    via: InstallPath
    state: str
    store_id: str | None
    detail: str | None
    provider_time: datetime | None = None
    tokens: TokenSet | None = None


def digest(text: str) -> str:
    """How states, codes and browser cookies are kept: as SHA-256, since they are secrets of full entropy."""
    return hashlib.sha256(text.encode()).hexdigest()


class LoginStore:
    """The table of logins. Blocking."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def begin(self, state: str, browser: str, verifier: str, lifetime_seconds: int) -> None:
        """Remember a login for a while; state and browser only as hashes, the verifier sealed."""
        state_hash = digest(state)
        key = self._sealer.new_key(f"login|{state_hash}")
        self._database.execute(
            _SQL["insert_state"],
            {
                "state_hash": state_hash,
                "browser_hash": digest(browser),
                "wrapped_key": key.wrapped,
                "verifier": key.seal(verifier, "verifier"),
                "lifetime_seconds": lifetime_seconds,
            },
        )

    def take(self, state: str) -> Login | None:
        """The login of a state, forgotten as it is read; ``None`` when there is none."""
        state_hash = digest(state)
        row = self._database.fetch_one(_SQL["take_state"], {"state_hash": state_hash})
        if row is None:
            return None
        key = self._sealer.open_key(f"login|{state_hash}", row["wrapped_key"])
        return Login(row["browser_hash"], key.open(row["verifier"], "verifier"), row["fresh"])

    def forget_expired(self) -> int:
        """Drop logins that nobody finished."""
        return self._database.execute(_SQL["forget_states"])


class InstallStore:
    """The table of installations. Blocking."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def begin(self, install_id: UUID, via: InstallPath, code: str) -> Install | None:
        """Commit that ``code`` is about to be sent. If it was seen before, what became of it then."""
        code_hash = digest(code)
        parameters = {"install_id": install_id, "via": via, "code_hash": code_hash}
        if self._database.fetch_all(_SQL["begin_install"], parameters):
            return None
        row = self._database.fetch_one(_SQL["install_of_code"], {"code_hash": code_hash})
        assert row is not None
        return Install(row["install_id"], InstallPath(row["via"]), row["state"], row["store_id"], row["detail"])

    def receive(self, uow: UnitOfWork, install_id: UUID, tokens: TokenSet) -> None:
        """The exchange's tokens are in hand."""
        sealed = sealed_tokens(self._sealer, f"installs|{install_id}", tokens)
        uow.execute(_SQL["receive_install"], sealed | {"install_id": install_id}, must_touch=1)

    def receive_by_webhook(
        self, uow: UnitOfWork, install_id: UUID, store_id: str, provider_time: datetime, tokens: TokenSet
    ) -> None:
        """Tokens came by webhook, for the store that Salla names."""
        sealed = sealed_tokens(self._sealer, f"installs|{install_id}", tokens)
        values: dict[str, Any] = {
            "install_id": install_id,
            "via": InstallPath.WEBHOOK,
            "store_id": store_id,
            "provider_time": provider_time,
        }
        uow.execute(_SQL["insert_received_install"], sealed | values)

    def get(self, install_id: UUID) -> Install | None:
        """One installation, or ``None``."""
        row = self._database.fetch_one(_SQL["install"], {"install_id": install_id})
        if row is None:
            return None
        received = row["state"] == "received"
        return Install(
            install_id=install_id,
            via=InstallPath(row["via"]),
            state=row["state"],
            store_id=row["store_id"],
            detail=row["detail"],
            provider_time=row["provider_time"],
            tokens=open_tokens(self._sealer, f"installs|{install_id}", row) if received else None,
        )

    def finish(self, uow: UnitOfWork, install_id: UUID, state: str, store_id: str | None, detail: str | None) -> None:
        """An installation ended; in the transaction of what it led to. Refused when it had ended already."""
        values = {"install_id": install_id, "state": state, "store_id": store_id, "detail": detail}
        uow.execute(_SQL["finish_install"], values, must_touch=1)

    def fail(self, install_id: UUID, state: str, detail: str) -> None:
        """An installation ended without a store."""
        values = {"install_id": install_id, "state": state, "store_id": None, "detail": detail}
        self._database.execute(_SQL["finish_install"], values)

    def interrupt(self, age_seconds: float) -> list[UUID]:
        """Mark exchanges whose process died; returns them."""
        rows = self._database.fetch_all(_SQL["interrupt_installs"], {"age_seconds": age_seconds})
        return [row["install_id"] for row in rows]

    def lying(self, age_seconds: float) -> list[tuple[UUID, str | None]]:
        """Installations whose tokens are in hand for so long, with their stores where known."""
        rows = self._database.fetch_all(_SQL["lying_installs"], {"age_seconds": age_seconds})
        return [(row["install_id"], row["store_id"]) for row in rows]

    def listing(self, state: str | None, limit: int) -> list[dict[str, Any]]:
        """Installations, newest first, without anything secret."""
        return self._database.fetch_all(_SQL["installs"], {"state": state, "limit": limit})
