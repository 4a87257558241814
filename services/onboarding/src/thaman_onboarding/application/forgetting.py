"""Forgetting a store: its data key is destroyed, now or after a stated time.

An uninstall begins the time (``forget_after_days``), a store that comes back in it ends it. Each forgetting is one
transaction: the tombstone event, the key's row, all that was sealed under it. It happened or it did not, and a process
that dies before the commit leaves a row that is still due.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from thaman_contracts.events.onboarding import ForgettingReason
from thaman_contracts.ids import store_uuid
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.clock import Clock
from thaman_kit.errors import EffectRefused
from thaman_kit.faultpoint import faultpoint
from thaman_kit.logging import get_logger
from thaman_onboarding.adapters import breaker_store
from thaman_onboarding.adapters.forgetting_store import ForgettingStore, Holdings
from thaman_onboarding.adapters.store_rows import StoreRows, project_revocation, project_rules, project_store
from thaman_onboarding.adapters.vault_store import TokenVault
from thaman_onboarding.application import measures
from thaman_onboarding.application.licences import end_with_store
from thaman_onboarding.domain.forgetting import Wish
from thaman_onboarding.domain.keys import Key, key_uuid
from thaman_onboarding.domain.store import Store
from thaman_onboarding.errors import NothingToCallOff, UnknownStore

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a store waits to be forgotten, is forgotten, or neither; and what is held of it that would go."""

    store_id: str
    connected: bool
    wish: Wish | None
    forgotten_at: datetime | None
    holdings: Holdings


class Forgetting:
    """Asks for, calls off and carries out the forgetting of stores. Blocking."""

    def __init__(
        self,
        *,
        app: EventSourcedApplication,
        rows: StoreRows,
        waiting: ForgettingStore,
        vault: TokenVault,
        clock: Clock,
        wait: timedelta,
    ) -> None:
        """``wait`` is how long a store waits that was not to be forgotten at once."""
        self._app = app
        self._rows = rows
        self._waiting = waiting
        self._vault = vault
        self._clock = clock
        self._wait = wait

    def standing(self, store_id: str) -> Standing:
        """How the store stands.

        Raises:
            UnknownStore: it was never connected.
        """
        row = self._rows.get(store_id)
        if row is None:
            raise UnknownStore(f"store {store_id} was never connected")
        wish = self._waiting.waiting(store_id)
        return Standing(store_id, row.connected, wish, row.forgotten_at, self._waiting.holdings(store_id))

    def ask(self, store_id: str, by: str, *, now: bool) -> Standing:
        """Let the store be forgotten, at once or after the usual time; a store that waits already keeps its time.

        Raises:
            UnknownStore: it was never connected.
        """
        if self.standing(store_id).forgotten_at is None:
            wish = Wish.by_request(by, self._clock.now(), timedelta(0) if now else self._wait)
            put = self._waiting.hasten if now else self._waiting.schedule
            self._app.execute(lambda uow: put(uow, store_id, wish))
            log.info("forgetting_asked", store_id=store_id, asked_by=by, due_at=wish.due_at.isoformat())
            if now:
                self._fulfil(store_id)
        return self.standing(store_id)

    def call_off(self, store_id: str, by: str) -> Standing:
        """The store is not to be forgotten.

        Raises:
            UnknownStore: it was never connected.
            NothingToCallOff: it does not wait.
        """
        if self.standing(store_id).wish is None:
            raise NothingToCallOff(f"store {store_id} does not wait to be forgotten")
        self._app.execute(lambda uow: self._waiting.keep(uow, store_id, self._clock.now()))
        log.info("forgetting_called_off", store_id=store_id, by=by)
        return self.standing(store_id)

    def round(self) -> int:
        """Forget the stores whose time has come; how many. Any number of workers may do it at once.

        An uninstalled store that waits for nothing waits from now on: a process of before may have seen it go.
        """
        self._waiting.seed(Wish.by_uninstall(self._clock.now(), self._wait))
        forgotten = sum(self._tried(store_id) for store_id in self._waiting.due(self._clock.now()))
        return forgotten

    def adopt(self) -> int:
        """Bring tokens of before under their store's key; see :meth:`TokenVault.adopt`."""
        return self._vault.adopt()

    def _tried(self, store_id: str) -> bool:
        """One store that cannot be forgotten now keeps no other from it; it is due again in the next round."""
        try:
            return self._fulfil(store_id)
        except Exception:
            log.exception("forgetting_failed", store_id=store_id)
            return False

    def _fulfil(self, store_id: str) -> bool:
        """Whether the store was forgotten by this very call."""
        faultpoint("onboarding.forget.before_commit")
        try:
            forgotten = self._app.execute(lambda uow: self._forget(uow, store_id))
        except EffectRefused:
            # Another worker was faster, or the merchant comes back in this instant.
            return False
        faultpoint("onboarding.forget.committed")
        if forgotten:
            measures.FORGOTTEN.inc()
            log.info("store_forgotten", store_id=store_id)
        return forgotten

    def _forget(self, uow: UnitOfWork, store_id: str) -> bool:
        wish, now = self._waiting.waiting(store_id), self._clock.now()
        if wish is None or wish.due_at > now:
            return False
        store = uow.get(Store, store_uuid(store_id))
        if store.forgotten_at is not None or _is_back(store, wish):
            self._waiting.take(uow, store_id, wish)
            log.warning("forgetting_left_over", store_id=store_id, reason=wish.reason, asked_at=str(wish.asked_at))
            return False
        end_with_store(uow, store_id, wish, now)
        ruled = tuple(store.rules)
        forgotten = store.forget(wish, now)
        # One order of rows with a store's connecting: store, marks, profile, wish, tokens, installs.
        project_rules(uow, store_id, tuple(store.rules[key] for key in ruled))
        project_store(uow, store, now)
        breaker_store.drop(uow, store_id)
        self._waiting.drop_profile(uow, store_id)
        self._waiting.take(uow, store_id, wish)
        if wish.reason is ForgettingReason.UNINSTALLED:
            self._waiting.refuse_if_coming(uow, store_id, wish)
        self._vault.destroy(uow, store_id)
        self._waiting.drop(uow, store_id, wish)
        for key_id in self._waiting.live_keys(store_id):
            uow.get(Key, key_uuid(key_id)).revoke(now)
            project_revocation(uow, key_id, now)
        self._waiting.refuse_if_keyed(uow, store_id)
        return forgotten


def _is_back(store: Store, wish: Wish) -> bool:
    """Whether an uninstall's wish is left over from before the merchant came back."""
    if wish.reason is not ForgettingReason.UNINSTALLED:
        return False
    return store.installed or (store.authorized_at is not None and store.authorized_at > wish.asked_at)
