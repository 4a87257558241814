"""The token vault: which tokens of which store, and how far a refresh of them has come."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from thaman_kit.application import UnitOfWork
from thaman_kit.database import Database, load_queries
from thaman_kit.errors import UnknownKey, Unsealable
from thaman_kit.logging import get_logger
from thaman_onboarding.adapters.salla_oauth import TokenSet
from thaman_onboarding.adapters.sealing import OwnKey, Sealer
from thaman_onboarding.adapters.store_keys import Profile, StoreKeys
from thaman_onboarding.errors import SallaBusy

_SQL = load_queries("thaman_onboarding", "adapters/queries_tokens.sql")

log = get_logger(__name__)

_LOCK_TIMEOUT_S = 45
_PLACE = "tokens|"
"""Before a column's name where a key has more than one table."""


@dataclass(frozen=True, slots=True)
class StoredTokens:
    """A store's tokens as the vault has them.

    ``version`` rises with every new pair. ``refresh_age`` are the seconds since the refresh token was about to be sent
    without an outcome so far; ``refresh_blocked`` says that it may have been used and is never sent again.
    """

    store_id: str
    version: int
    tokens: TokenSet
    connected: bool
    age: float
    obtained_by: str
    refresh_age: float | None
    refresh_blocked: bool

    def usable_at(self, now: datetime, margin_seconds: float) -> bool:
        """Whether the access token lives longer than the margin."""
        return (self.tokens.expires_at - now).total_seconds() > margin_seconds


class TokenVault:
    """The table of tokens, each sealed under its store's key. Blocking."""

    def __init__(self, database: Database, sealer: Sealer, keys: StoreKeys, database_url: str) -> None:
        self._database = database
        self._sealer = sealer
        self._keys = keys
        self._url = database_url

    def load(self, store_id: str) -> StoredTokens | None:
        """The store's tokens, opened, or ``None`` when the vault has none, or not their key any more."""
        row = self._database.fetch_one(_SQL["tokens"], {"store_id": store_id})
        tokens = None if row is None else self._open(row)
        if row is None or tokens is None:
            return None
        return StoredTokens(
            store_id=store_id,
            version=row["version"],
            tokens=tokens,
            connected=row["connected"],
            age=row["age"],
            obtained_by=row["obtained_by"],
            refresh_age=row["refresh_age"],
            refresh_blocked=row["refresh_blocked"],
        )

    def put(self, uow: UnitOfWork, store_id: str, tokens: TokenSet, obtained_by: str) -> None:
        """Tokens of a new authorisation; they end any refresh under way."""
        sealed = self._sealed(store_id, self._keys.ensure(store_id), tokens)
        uow.execute(_SQL["put_tokens"], sealed | {"store_id": store_id, "obtained_by": obtained_by})

    def keep_profile(self, uow: UnitOfWork, store_id: str, profile: Profile) -> None:
        """What Salla tells of the store, sealed beside its tokens."""
        self._keys.put_profile(uow, store_id, profile)

    def delete(self, uow: UnitOfWork, store_id: str) -> None:
        """The store's tokens go."""
        uow.execute(_SQL["delete_tokens"], {"store_id": store_id})

    def destroy(self, uow: UnitOfWork, store_id: str) -> None:
        """The store's tokens go, and the only copy of the key of all its secrets."""
        self.delete(uow, store_id)
        self._keys.destroy(uow, store_id)

    def adopt(self) -> int:
        """Seal tokens under their store's key that still have a key of their own; returns how many. A row that changed
        meanwhile, or that does not open (logged), is met again in the next round.

        Not before processes of before are gone: they cannot read what is under a store's key.
        """
        adopted, after = 0, ""
        while self._keys.in_force() and (rows := self._database.fetch_all(_SQL["tokens_of_before"], {"after": after})):
            adopted += sum(self._adopted(row) for row in rows)
            after = rows[-1]["store_id"]
        return adopted

    def _adopted(self, row: dict[str, Any]) -> bool:
        store_id = row["store_id"]
        try:
            tokens = open_tokens(self._sealer, f"tokens|{store_id}", row)
            key = self._keys.ensure_for_tokens(store_id)
        except (UnknownKey, Unsealable) as error:
            log.error("tokens_do_not_open", store_id=store_id, reason=str(error))
            return False
        if key is None:
            return False
        sealed = _under(key, tokens) | {"store_id": store_id, "old": row["wrapped_key"]}
        return self._database.execute(_SQL["adopt_tokens"], sealed) > 0

    def start_refresh(self, stored: StoredTokens) -> bool:
        """Commit that the refresh token is about to be sent; ``False`` when it must not be."""
        return self._touched("start_refresh", stored)

    def finish_refresh(self, stored: StoredTokens, tokens: TokenSet) -> bool:
        """Save both new tokens; ``False`` when a newer authorisation or an uninstall came first."""
        key = self._keys.find(stored.store_id)
        # Without a key: tokens of before the store had one; those of a store that was forgotten meanwhile find no row.
        return self._touched("finish_refresh", stored, self._sealed(stored.store_id, key, tokens))

    def abandon_refresh(self, stored: StoredTokens) -> None:
        """The refresh token was certainly not used."""
        self._database.execute(_SQL["abandon_refresh"], _key(stored))

    def block_refresh(self, stored: StoredTokens) -> None:
        """The refresh token may have been used; never send it again."""
        self._database.execute(_SQL["block_refresh"], _key(stored))

    @contextmanager
    def lock(self, store_id: str) -> Iterator[None]:
        """Hold the store's refresh lock, shared by all processes, on a connection of its own.

        A process that dies lets it go, because its connection dies with it.

        Raises:
            SallaBusy: another process has been refreshing for long; try again later.
        """
        with psycopg.connect(self._url, autocommit=True, application_name="onboarding refresh") as connection:
            connection.execute(f"SET lock_timeout = '{_LOCK_TIMEOUT_S}s'")
            try:
                connection.execute(_SQL["lock_store"].encode(), {"store_id": store_id})
            except psycopg.errors.LockNotAvailable as error:
                raise SallaBusy(5.0) from error
            yield

    def _sealed(self, store_id: str, key: OwnKey | None, tokens: TokenSet) -> dict[str, Any]:
        if key is None or not self._keys.in_force():
            return sealed_tokens(self._sealer, f"tokens|{store_id}", tokens)
        return _under(key, tokens)

    def _open(self, row: dict[str, Any]) -> TokenSet | None:
        store_id = row["store_id"]
        if row["wrapped_key"] is not None:
            return open_tokens(self._sealer, f"tokens|{store_id}", row)
        if row["store_key"] is None:
            return None
        return _opened(self._keys.open(store_id, row["store_key"]), row, _PLACE)

    def _touched(self, query: str, stored: StoredTokens, values: dict[str, Any] | None = None) -> bool:
        return bool(self._database.fetch_all(_SQL[query], _key(stored) | (values or {})))


def sealed_tokens(sealer: Sealer, owner: str, tokens: TokenSet) -> dict[str, Any]:
    """The columns that hold ``tokens`` sealed under a fresh data key of ``owner``."""
    key = sealer.new_key(owner)
    return {
        "wrapped_key": key.wrapped,
        "key_id": key.key_id,
        "access_token": key.seal(tokens.access, "access_token"),
        "refresh_token": key.seal(tokens.refresh, "refresh_token"),
        "expires_at": tokens.expires_at,
        "scopes": list(tokens.scopes),
    }


def open_tokens(sealer: Sealer, owner: str, row: dict[str, Any]) -> TokenSet:
    """The reverse of :func:`sealed_tokens`."""
    return _opened(sealer.open_key(owner, row["wrapped_key"]), row)


def _under(key: OwnKey, tokens: TokenSet) -> dict[str, Any]:
    """The columns that hold ``tokens`` sealed under the store's own key."""
    return {
        "wrapped_key": None,
        "key_id": None,
        "access_token": key.seal(tokens.access, f"{_PLACE}access_token"),
        "refresh_token": key.seal(tokens.refresh, f"{_PLACE}refresh_token"),
        "expires_at": tokens.expires_at,
        "scopes": list(tokens.scopes),
    }


def _opened(key: OwnKey, row: dict[str, Any], place: str = "") -> TokenSet:
    return TokenSet(
        access=key.open(row["access_token"], f"{place}access_token"),
        refresh=key.open(row["refresh_token"], f"{place}refresh_token"),
        expires_at=row["expires_at"],
        scopes=tuple(row["scopes"]),
    )


def _key(stored: StoredTokens) -> dict[str, Any]:
    return {"store_id": stored.store_id, "version": stored.version}
