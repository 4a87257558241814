"""Each store's share of requests a minute, as Salla's headers tell it.

Salla counts per store, over all processes and all apps, and tells the count in every answer. So the headers are the
shared state: every process of ours steers by the same numbers without talking to the others. A fifth of the limit is
left to the merchant's other apps; a 429 with ``Retry-After`` is obeyed whatever we thought.

Waits are measured on the monotonic clock and never exceed a window, so a wrong wall clock (ours or Salla's) costs a
minute at worst.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from thaman_onboarding.adapters.salla_errors import BudgetSpent

WINDOW_SECONDS = 60.0
HEADROOM_SHARE = 5
"""One in so many requests of the limit is left to others."""


@dataclass(slots=True)
class _Account:
    limit: int | None = None
    remaining: int = 0
    in_flight: int = 0
    window_ends: float = 0.0
    closed_until: float = 0.0


class RateBudget:
    """Decides whether a store may be called now.

    Args:
        monotonic, wall: clocks, for tests; ``wall`` is only compared with Salla's reset time.
        stores: how many stores are remembered; the longest unused is forgotten, its next answer tells all again.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        stores: int = 10_000,
    ) -> None:
        self._monotonic = monotonic
        self._wall = wall
        self._stores = stores
        self._accounts: OrderedDict[str, _Account] = OrderedDict()

    def begin(self, store_id: str) -> None:
        """Take one request out of the budget.

        Raises:
            BudgetSpent: the store must wait; says how long. Nobody sleeps here, so no other store is slowed.
        """
        account = self._account(store_id)
        wait = self._wait(account)
        if wait > 0:
            raise BudgetSpent(wait)
        account.in_flight += 1

    def room(self, store_id: str) -> int | None:
        """How many requests may be made at once now, as far as known; ``None`` when nothing is known against it."""
        account = self._account(store_id)
        if self._wait(account) > 0:
            return 0
        if account.limit is None or self._monotonic() >= account.window_ends:
            return None
        return account.remaining - account.in_flight - account.limit // HEADROOM_SHARE

    def window_left(self, store_id: str) -> float:
        """Seconds until the store's budget is full again, as far as known."""
        account = self._account(store_id)
        return max(account.window_ends - self._monotonic(), self._wait(account), 1.0)

    def end(self, store_id: str, headers: Mapping[str, str] | None, *, refused: bool = False) -> None:
        """Learn from an answer; without one (a cut, a timeout) only the request in flight is given back."""
        account = self._account(store_id)
        account.in_flight = max(account.in_flight - 1, 0)
        if headers is None:
            account.remaining = max(account.remaining - 1, 0)
            return
        now = self._monotonic()
        limit, remaining = _integer(headers, "x-ratelimit-limit"), _integer(headers, "x-ratelimit-remaining")
        if limit is not None and remaining is not None:
            account.limit, account.remaining = limit, remaining
            account.window_ends = now + self._until(_integer(headers, "x-ratelimit-reset"))
        if refused:
            account.closed_until = now + self.retry_after(headers)

    def retry_after(self, headers: Mapping[str, str]) -> float:
        """Seconds that a 429 asks to wait."""
        asked = _integer(headers, "retry-after")
        if asked is None:
            return self._until(_integer(headers, "x-ratelimit-reset"))
        return min(float(max(asked, 1)), WINDOW_SECONDS)

    def _wait(self, account: _Account) -> float:
        now = self._monotonic()
        wait = account.closed_until - now
        if account.limit is not None and now < account.window_ends:
            free = account.remaining - account.in_flight - account.limit // HEADROOM_SHARE
            if free <= 0:
                wait = max(wait, account.window_ends - now)
        return max(wait, 0.0)

    def _until(self, reset: int | None) -> float:
        if reset is None:
            return WINDOW_SECONDS
        return min(max(reset - self._wall(), 1.0), WINDOW_SECONDS)

    def _account(self, store_id: str) -> _Account:
        account = self._accounts.setdefault(store_id, _Account())
        self._accounts.move_to_end(store_id)
        if len(self._accounts) > self._stores:
            self._accounts.popitem(last=False)
        return account


def _integer(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(name)
    return int(value) if value is not None and value.strip().lstrip("-").isdigit() else None
