"""Commands and queries about stores: settings, rules, pause, uninstall, entitlement."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from thaman_contracts.events.onboarding import ReauthorizationReason
from thaman_contracts.events.settings import ItemRule
from thaman_contracts.ids import store_uuid
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.clock import Clock
from thaman_kit.logging import get_logger
from thaman_kit.redaction import redact_text
from thaman_onboarding.adapters import breaker_store
from thaman_onboarding.adapters.forgetting_store import ForgettingStore
from thaman_onboarding.adapters.store_rows import StoreRow, StoreRows, project_rules, project_store
from thaman_onboarding.adapters.vault_store import TokenVault
from thaman_onboarding.application import measures
from thaman_onboarding.domain.forgetting import Wish
from thaman_onboarding.domain.store import Store
from thaman_onboarding.errors import UnknownStore

T = TypeVar("T")
log = get_logger(__name__)


class Stores:
    """The stores. Blocking."""

    def __init__(
        self,
        *,
        app: EventSourcedApplication,
        rows: StoreRows,
        vault: TokenVault,
        waiting: ForgettingStore,
        clock: Clock,
        forget_after: timedelta,
    ) -> None:
        """``forget_after`` is how long a store that was uninstalled waits to be forgotten."""
        self._app = app
        self._vault = vault
        self._waiting = waiting
        self._clock = clock
        self._forget_after = forget_after
        self.rows = rows

    def get(self, store_id: str) -> StoreRow:
        """One store.

        Raises:
            UnknownStore: it was never connected.
        """
        row = self.rows.get(store_id)
        if row is None:
            raise UnknownStore(f"store {store_id} was never connected")
        return row

    def change_settings(self, store_id: str, changes: Mapping[str, Any], expected: int | None, by: str) -> StoreRow:
        """Change the named fields of the pricing policy; see :meth:`Store.change_settings` for the errors."""
        self._change(store_id, lambda store, now: store.change_settings(changes, expected, by, now))
        return self.get(store_id)

    def set_rules(self, store_id: str, rules: tuple[ItemRule, ...], by: str) -> None:
        """Set limits and locks of single items; see :meth:`Store.set_rules` for the errors."""

        def work(uow: UnitOfWork) -> None:
            store, now = _known(uow, store_id), self._clock.now()
            store.set_rules(rules, by, now)
            project_rules(uow, store_id, rules)
            project_store(uow, store, now)

        self._app.execute(work)

    def pause(self, store_id: str, reason: str, by: str) -> StoreRow:
        """Stop all writing of the store's prices, now. ``reason`` is kept for ever, without ways to reach a person."""
        said = redact_text(reason)
        self._change(store_id, lambda store, now: store.pause(said, by, now))
        return self.get(store_id)

    def resume(self, store_id: str, by: str) -> StoreRow:
        """Allow writing again; what the breaker saw before does not count any more."""

        def work(uow: UnitOfWork) -> None:
            store, now = _known(uow, store_id), self._clock.now()
            was_paused = store.paused
            store.resume(by, now)
            project_store(uow, store, now)
            if was_paused:
                breaker_store.forget(uow, store_id)
                breaker_store.freshen(uow, store_id)

        self._app.execute(work)
        return self.get(store_id)

    def require_reauthorization(self, store_id: str, reason: ReauthorizationReason, detail: str) -> None:
        """The store's tokens stopped working; from now on nothing of it is called."""
        self._change(store_id, lambda store, now: store.require_reauthorization(reason, detail, now))
        measures.REAUTHORIZATIONS.labels(reason).inc()
        log.error("reauthorization_required", store_id=store_id, reason=reason, detail=detail)

    def uninstall(self, uow: UnitOfWork, store_id: str, uninstalled_at: datetime) -> None:
        """The merchant removed the app; the tokens go with it, the rest after a while, unless a newer authorisation
        is known."""
        now = self._clock.now()
        store = uow.find(Store, store_uuid(store_id))
        if store is None:
            store = Store.new(store_id)
            uow.add(store)
        gone = store.uninstall(uninstalled_at, now)
        project_store(uow, store, now)
        if gone:
            breaker_store.drop(uow, store_id)
            if store.facts is not None and store.forgotten_at is None:
                self._waiting.schedule(uow, store_id, Wish.by_uninstall(now, self._forget_after))
            self._vault.delete(uow, store_id)

    def change_entitlement(
        self,
        uow: UnitOfWork,
        store_id: str,
        *,
        status: str,
        plan_name: str | None,
        ends_on: date | None,
        reported_at: datetime,
    ) -> None:
        """Salla reported a trial or subscription change.

        Raises:
            UnknownStore: the store is not connected yet; the report may have come before the tokens.
        """
        now = self._clock.now()
        store = _known(uow, store_id)
        store.change_entitlement(status, plan_name, ends_on, reported_at, now)
        project_store(uow, store, now)

    def _change(self, store_id: str, command: Callable[[Store, datetime], None]) -> None:
        def work(uow: UnitOfWork) -> None:
            store, now = _known(uow, store_id), self._clock.now()
            command(store, now)
            project_store(uow, store, now)

        self._app.execute(work)


def _known(uow: UnitOfWork, store_id: str) -> Store:
    store = uow.find(Store, store_uuid(store_id))
    if store is None or store.facts is None:
        raise UnknownStore(f"store {store_id} was never connected")
    return store
