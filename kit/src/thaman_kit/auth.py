"""API keys: who calls, and what they may touch.

Endpoints declare ``Depends(require_operator)``, ``Depends(require_store)`` or ``Depends(require_key)``. No key is 401,
a key without the scope 403, and another store's id 404, as if it did not exist.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import SecretStr

from thaman_kit.clock import Clock, SystemClock
from thaman_kit.database import Database, load_queries
from thaman_kit.key_projection import api_key_router
from thaman_kit.keys import NewKey, hash_key, is_well_formed
from thaman_kit.logging import bind_log_context
from thaman_kit.problems import Problem, not_found

__all__ = [
    "ApiKeys",
    "NewKey",
    "Principal",
    "api_key_router",
    "hash_key",
    "is_well_formed",
    "require_key",
    "require_operator",
    "require_store",
]

Scope = Literal["operator", "store"]

CACHE_SECONDS = 5.0
CACHE_SIZE = 1000


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: an operator of the installation, or somebody who acts for one store."""

    key_id: str
    scope: Scope
    store_id: str | None

    def may_see(self, store_id: str) -> bool:
        """Whether the store is theirs to see."""
        return self.scope == "operator" or self.store_id == store_id


class ApiKeys:
    """Verifies keys against the table ``api_keys`` of the service's own schema.

    What was found is remembered for a few seconds, which is therefore how long a revoked key may still work.
    """

    def __init__(
        self,
        database: Database,
        pepper: SecretStr,
        *,
        clock: Clock | None = None,
        cache_seconds: float = CACHE_SECONDS,
    ) -> None:
        self._database = database
        self._pepper = pepper
        self._clock = clock or SystemClock()
        self._cache_seconds = cache_seconds
        self._found: OrderedDict[str, tuple[float, _Row]] = OrderedDict()
        self._guard = threading.Lock()

    def verify(self, key: str) -> Principal:
        """Whose key it is.

        Raises:
            Problem: 401, the key is malformed, unknown, expired or revoked (the answer does not tell which).
        """
        row = self._row(hash_key(key, self._pepper)) if is_well_formed(key) else None
        if row is None or not row.works_at(self._clock.now()):
            raise unauthenticated("The API key is not valid.")
        return row.principal

    def _row(self, key_hash: str) -> "_Row | None":
        now = time.monotonic()
        with self._guard:
            read_at, row = self._found.get(key_hash, (0.0, None))
        if row is not None and now - read_at < self._cache_seconds:
            return row
        row = self._read(key_hash)
        with self._guard:
            self._found.pop(key_hash, None)
            # Only keys that exist are remembered, so that guesses cannot fill the memory.
            if row is not None:
                self._found[key_hash] = (now, row)
                while len(self._found) > CACHE_SIZE:
                    self._found.popitem(last=False)
        return row

    def _read(self, key_hash: str) -> "_Row | None":
        found = self._database.fetch_one(
            load_queries("thaman_kit", "sql/api_keys.sql")["find_key"], {"key_hash": key_hash}
        )
        if found is None:
            return None
        principal = Principal(found["key_id"], found["scope"], found["store_id"])
        return _Row(principal, found["expires_at"], found["revoked_at"])


@dataclass(frozen=True, slots=True)
class _Row:
    principal: Principal
    expires_at: datetime | None
    revoked_at: datetime | None

    def works_at(self, moment: datetime) -> bool:
        """Whether the key is neither expired nor revoked at ``moment``."""
        return self.revoked_at is None and (self.expires_at is None or moment < self.expires_at)


_bearer = HTTPBearer(auto_error=False, scheme_name="ApiKey", description="An API key: thk_live_...")


def _principal(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Principal:
    keys: ApiKeys | None = request.app.state.api_keys
    if keys is None:
        raise RuntimeError("this API has endpoints that need a key: give create_api() its api_keys")
    if credentials is None:
        raise unauthenticated("The request carries no API key.")
    return keys.verify(credentials.credentials)


# The next three are coroutines because only those can put fields into the log context of the whole request.
async def require_key(principal: Annotated[Principal, Depends(_principal)]) -> Principal:
    """Any valid key; the endpoint itself asks :meth:`Principal.may_see`."""
    bind_log_context(key_id=principal.key_id)
    return principal


async def require_operator(principal: Annotated[Principal, Depends(require_key)]) -> Principal:
    """A key of scope ``operator``."""
    if principal.scope != "operator":
        raise Problem(
            403,
            "wrong_scope",
            "Not permitted",
            "This needs a key of scope operator; yours is for one store.",
            "Ask the operator of this installation.",
        )
    return principal


async def require_store(store_id: str, principal: Annotated[Principal, Depends(require_key)]) -> Principal:
    """A key that may see the store in the path: its own, or an operator's."""
    if not principal.may_see(store_id):
        raise not_found("store")
    bind_log_context(store_id=store_id)
    return principal


def unauthenticated(detail: str) -> Problem:
    """401 with the challenge that HTTP asks for."""
    return Problem(
        401,
        "unauthenticated",
        "Not authenticated",
        detail,
        "Send Authorization: Bearer <API key>; `thaman keys create` makes one.",
        headers={"WWW-Authenticate": 'Bearer realm="thaman"'},
    )
