"""Access tokens for coroutines: the face of :mod:`~thaman_onboarding.application.refresh` for reader and writer."""

import asyncio
import time
from collections import OrderedDict
from weakref import WeakValueDictionary

from thaman_onboarding.application.refresh import Tokens
from thaman_onboarding.domain.unauthorized import Action

REMEMBER_SECONDS = 20.0
REMEMBER_STORES = 5_000


class AsyncTokens:
    """Single flight inside the process, and a short memory, so that a thousand writes do not ask a thousand times.

    A remembered token that another process has renewed meanwhile earns a 401, whose report then gives the new one.
    """

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._known: OrderedDict[str, tuple[float, str]] = OrderedDict()

    async def access_token(self, store_id: str) -> str:
        """A working access token of the store.

        Raises:
            NotConnected: the merchant has to (re)connect the store.
            SallaBusy, SallaUnreachable: a renewal is needed and not possible now; try again later.
        """
        known = self._known.get(store_id)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        async with self._lock(store_id):
            known = self._known.get(store_id)
            if known is not None and known[0] > time.monotonic():
                return known[1]
            stored = await asyncio.to_thread(self._tokens.current, store_id)
            self._remember(store_id, stored.tokens.access)
            return stored.tokens.access

    async def report_unauthorized(self, store_id: str, message: str, token: str | None = None) -> Action:
        """The Merchant API answered 401 with ``message`` to ``token``; what to do now. Errors as above."""
        async with self._lock(store_id):
            self._known.pop(store_id, None)
            return await asyncio.to_thread(self._tokens.report_unauthorized, store_id, message, token)

    def forget(self, store_id: str) -> None:
        """The store's token is not to be used any more."""
        self._known.pop(store_id, None)

    def _lock(self, store_id: str) -> asyncio.Lock:
        lock = self._locks.get(store_id)
        if lock is None:
            lock = self._locks[store_id] = asyncio.Lock()
        return lock

    def _remember(self, store_id: str, token: str) -> None:
        self._known.pop(store_id, None)
        self._known[store_id] = (time.monotonic() + REMEMBER_SECONDS, token)
        while len(self._known) > REMEMBER_STORES:
            self._known.popitem(last=False)
