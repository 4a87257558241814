"""Read models of stores, rules and the installation, written in the transaction of their events."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from thaman_contracts.events.settings import ItemRule, StoreSettings, SystemSettings
from thaman_kit.application import UnitOfWork
from thaman_kit.database import Database, load_queries
from thaman_onboarding.adapters.store_keys import ProfileReader
from thaman_onboarding.domain.events import ApiKeyIssued
from thaman_onboarding.domain.store import GRANTING, Store, is_entitled
from thaman_onboarding.domain.system import System

RIYADH = ZoneInfo("Asia/Riyadh")

_SQL = load_queries("thaman_onboarding", "adapters/queries.sql")


@dataclass(frozen=True, slots=True)
class StoreRow:
    """A store as the read model shows it."""

    store_id: str
    version: int
    name: str
    domain: str | None
    plan: str
    store_type: str
    currency: str
    prices_include_vat: bool
    vat_bp: int
    scopes: tuple[str, ...]
    via: str
    connected: bool
    installed: bool
    needs_reauthorization: str | None
    reauthorization_detail: str | None
    paused: bool
    pause_reason: str | None
    pause_reason_ar: str | None
    fence: int
    settings: StoreSettings
    settings_version: int
    entitlement_status: str | None
    entitlement_ends_on: date | None
    authorized_at: datetime
    updated_at: datetime
    token_expires_at: datetime | None
    refresh_blocked: bool
    forgotten_at: datetime | None
    forget_at: datetime | None

    def entitled_at(self, now: datetime) -> bool:
        """Whether the store's subscription covers the Riyadh day of ``now``."""
        return is_entitled(self.entitlement_status, self.entitlement_ends_on, now.astimezone(RIYADH).date())


@dataclass(frozen=True, slots=True)
class SystemRow:
    """The installation-wide settings in force. A writer's fence is the store's plus ``system_fence``."""

    settings: SystemSettings
    settings_version: int
    system_fence: int


class StoreRows:
    """Reads of stores, rules and installation-wide settings. Blocking.

    A store's name comes from its sealed profile; what it is called in events stands in where there is none.
    """

    def __init__(self, database: Database, profiles: ProfileReader | None = None) -> None:
        self._database = database
        self._profiles = profiles

    def get(self, store_id: str) -> StoreRow | None:
        """One store, or ``None``."""
        row = self._database.fetch_one(_SQL["store"], {"store_id": store_id})
        return None if row is None else self._store(row)

    def page(self, after: str, limit: int, connected: bool | None = None) -> list[StoreRow]:
        """Stores after a cursor, by id."""
        parameters = {"after": after, "limit": limit, "connected": connected}
        return [self._store(row) for row in self._database.fetch_all(_SQL["stores"], parameters)]

    def rules(self, store_id: str, after: str, limit: int) -> list[ItemRule]:
        """Rules of a store after a cursor, by item key."""
        rows = self._database.fetch_all(_SQL["item_rules"], {"store_id": store_id, "after": after, "limit": limit})
        return [ItemRule.model_validate(row) for row in rows]

    def system(self) -> SystemRow:
        """Installation-wide settings; version 0 before the first change."""
        row = self._database.fetch_one(_SQL["system"])
        if row is None:
            return SystemRow(SystemSettings(), 0, 0)
        settings = SystemSettings.model_validate(row["settings"])
        return SystemRow(settings, row["settings_version"], row["system_fence"])

    def keys(self, after: str, limit: int, store_id: str | None) -> list[dict[str, Any]]:
        """API keys without anything secret, after a cursor, by id."""
        return self._database.fetch_all(_SQL["api_keys"], {"after": after, "limit": limit, "store_id": store_id})

    def _store(self, row: dict[str, Any]) -> StoreRow:
        profile = None
        if self._profiles is not None:
            profile = self._profiles.read(row["store_id"], row["store_key"], row["profile"])
        return _store(row if profile is None else row | {"name": profile.name})

    def originators(self, *topics: str) -> list[UUID]:
        """The aggregates that have an event of one of the topics."""
        return [row["originator_id"] for row in self._database.fetch_all(_SQL["originators"], {"topics": list(topics)})]


def project_store(uow: UnitOfWork, store: Store, now: datetime) -> None:
    """Write the store's row as its aggregate says. A store that was never connected has no row."""
    if store.facts is None:
        return
    status, ends_on = store.entitlement or (None, None)
    facts = store.facts
    uow.execute(
        _SQL["upsert_store"],
        {
            "store_id": store.store_id,
            "version": store.version,
            "name": facts.name,
            "domain": facts.domain,
            "plan": facts.plan,
            "store_type": facts.store_type,
            "currency": facts.currency,
            "prices_include_vat": facts.prices_include_vat,
            "vat_bp": facts.vat_bp,
            "scopes": list(facts.scopes),
            "via": store.via,
            "connected": store.connected,
            "installed": store.installed,
            "needs_reauthorization": store.needs,
            "reauthorization_detail": store.needs_detail,
            "paused": store.paused,
            "pause_reason": store.pause_reason,
            "pause_reason_ar": store.pause_reason_ar,
            "fence": store.fence,
            "settings": json.dumps(store.settings.model_dump(mode="json")),
            "settings_version": store.settings_version,
            "entitled": status is None or status in GRANTING,
            "entitlement_status": status,
            "entitlement_ends_on": ends_on,
            "authorized_at": store.authorized_at,
            "updated_at": now,
            "forgotten_at": store.forgotten_at,
        },
    )


def project_rules(uow: UnitOfWork, store_id: str, rules: tuple[ItemRule, ...]) -> None:
    """Write the rows of the rules."""
    uow.execute_many(
        _SQL["upsert_item_rule"], [rule.model_dump() | {"store_id": store_id, "key": rule.key} for rule in rules]
    )


def project_system(uow: UnitOfWork, system: System, now: datetime) -> None:
    """Write the installation's row as its aggregate says."""
    uow.execute(_SQL["change_system"])
    uow.execute(
        _SQL["upsert_system"],
        {
            "settings": json.dumps(system.settings.model_dump(mode="json")),
            "settings_version": system.settings_version,
            "system_fence": system.fence,
            "updated_at": now,
        },
    )


def project_key(uow: UnitOfWork, key: ApiKeyIssued) -> None:
    """Write a new key's row."""
    store_id = key.store_id if key.scope == "store" else None
    uow.execute(_SQL["insert_api_key"], key.model_dump() | {"store_id": store_id})


def project_revocation(uow: UnitOfWork, key_id: str, now: datetime) -> None:
    """Mark a key's row as revoked."""
    uow.execute(_SQL["revoke_api_key"], {"key_id": key_id, "revoked_at": now})


def wipe_read_models(uow: UnitOfWork) -> None:
    """Empty what :mod:`thaman_onboarding.application.rebuild` fills again, in the same transaction."""
    for name in ("wipe_stores", "wipe_item_rules", "wipe_system", "wipe_api_keys"):
        uow.execute(_SQL[name])


def _store(row: dict[str, Any]) -> StoreRow:
    values = {name: row[name] for name in StoreRow.__dataclass_fields__ if name not in ("settings", "scopes")}
    return StoreRow(**values, settings=StoreSettings.model_validate(row["settings"]), scopes=tuple(row["scopes"]))
