"""The bodies that the API takes and gives."""

from datetime import date, datetime
from typing import Annotated, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from thaman_contracts.events.settings import ItemRule, StoreSettings, SystemSettings
from thaman_onboarding.adapters.store_rows import StoreRow, SystemRow

T = TypeVar("T")
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class Body(BaseModel):
    """A request's body: unknown fields are refused, so that a typing mistake is not taken for consent."""

    model_config = ConfigDict(extra="forbid")


class Page(BaseModel, Generic[T]):
    """Part of a list; ``next`` is the cursor of the rest, null at the end."""

    items: list[T]
    next: str | None


class Reconnect(BaseModel):
    """Whether the merchant has to connect the store again, why, and by when."""

    needed: bool
    reason: str | None
    detail: str | None
    before: datetime | None = Field(description="Reconnect before this moment to lose no time; null when not needed.")
    url: str


class Entitlement(BaseModel):
    """What Salla reported of the app's subscription. A store nothing was reported of is entitled."""

    entitled: bool
    status: str | None
    ends_on: date | None


class StoreView(BaseModel):
    """A store."""

    store_id: str
    name: str
    domain: str | None
    plan: str
    store_type: str
    currency: str
    prices_include_vat: bool
    vat_bp: int
    scopes: list[str]
    via: str
    state: Literal["connected", "paused", "needs_reconnect", "uninstalled", "forgotten"]
    connected: bool
    paused: bool
    pause_reason: str | None
    pause_reason_ar: str | None = Field(description="The same in Arabic, where the store stopped by itself.")
    fence: int
    mode: str
    settings_version: int
    entitlement: Entitlement
    reconnect: Reconnect
    authorized_at: datetime
    token_expires_at: datetime | None
    forgotten_at: datetime | None
    forget_at: datetime | None = Field(description="When its data key is destroyed; null when it does not wait for it.")

    @classmethod
    def of(cls, row: StoreRow, now: datetime, connect_url: str) -> "StoreView":
        """As the read model says."""
        same = {name: getattr(row, name) for name in _SAME}
        return cls(
            **same,
            scopes=list(row.scopes),
            state=_state(row),
            mode=row.settings.mode,
            entitlement=Entitlement(
                entitled=row.entitled_at(now), status=row.entitlement_status, ends_on=row.entitlement_ends_on
            ),
            reconnect=_reconnect(row, connect_url),
        )


_SAME = frozenset(StoreView.model_fields) & frozenset(StoreRow.__dataclass_fields__) - {"scopes"}


class SettingsView(BaseModel):
    """A store's pricing policy; send ``settings_version`` back in ``If-Match`` to change it safely."""

    settings_version: int
    settings: StoreSettings


class SystemView(BaseModel):
    """Installation-wide settings in force."""

    settings_version: int
    system_fence: int
    settings: SystemSettings

    @classmethod
    def of(cls, row: SystemRow) -> "SystemView":
        """As the read model says."""
        return cls(settings_version=row.settings_version, system_fence=row.system_fence, settings=row.settings)


class RulesBody(Body):
    """Rules of single items; each replaces the item's earlier one, the others stay."""

    rules: Annotated[list[ItemRule], Field(min_length=1, max_length=1_000)]


class PauseBody(Body):
    """Why writing is stopped."""

    reason: Label = "paused by request"


class KeyBody(Body):
    """A key to make: for an operator, or for one store."""

    scope: Literal["operator", "store"]
    store_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,20}$")] | None = None
    label: Label
    expires_at: datetime | None = None


class IssuedKeyView(BaseModel):
    """A new key. ``key`` is shown this once."""

    key_id: str
    key: str
    scope: str
    store_id: str | None
    label: str
    expires_at: datetime | None


class KeyView(BaseModel):
    """A key, without its secret."""

    key_id: str
    scope: str
    store_id: str | None
    label: str
    expires_at: datetime | None
    revoked_at: datetime | None
    created_at: datetime


class InstallView(BaseModel):
    """A store on its way in."""

    install_id: UUID
    via: str
    store_id: str | None
    state: str
    detail: str | None
    started_at: datetime
    finished_at: datetime | None


def _state(row: StoreRow) -> Literal["connected", "paused", "needs_reconnect", "uninstalled", "forgotten"]:
    if row.forgotten_at is not None:
        return "forgotten"
    if not row.installed:
        return "uninstalled"
    if not row.connected:
        return "needs_reconnect"
    return "paused" if row.paused else "connected"


def _reconnect(row: StoreRow, connect_url: str) -> Reconnect:
    blocked = row.connected and row.refresh_blocked
    return Reconnect(
        needed=not row.connected or blocked,
        reason="refresh_ambiguous" if blocked else row.needs_reauthorization,
        detail="the token cannot be renewed any more" if blocked else row.reauthorization_detail,
        before=row.token_expires_at if blocked else None,
        url=connect_url,
    )
