"""Events of onboarding: what is known about a store, and what was done to its prices in Salla."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from thaman_contracts.events.base import EventData, Part, UtcDatetime
from thaman_contracts.events.settings import ItemRule, StoreSettings, SystemSettings
from thaman_contracts.ids import ProductId, VariantId, item_key
from thaman_contracts.money import BasisPoints, Currency, Halalas

Fence = Annotated[int, Field(strict=True, ge=0, description="Raised by every pause, stop and uninstall of the store.")]


class InstallPath(StrEnum):
    """How a store came to us."""

    CALLBACK = "callback"
    WEBHOOK = "webhook"
    SALLA = "salla"


class StoreAuthorized(EventData, service="onboarding"):
    """A merchant connected a store for the first time, or again after uninstalling."""

    name: str = Field(
        max_length=300,
        description="What to call the store: its number, as its own name may be a person's. Old events carry its name.",
    )
    domain: str | None = None
    plan: str
    store_type: str = Field(description="live, demo or development")
    currency: Currency
    prices_include_vat: bool = Field(description="Whether prices typed in Salla contain VAT.")
    vat_bp: BasisPoints
    via: InstallPath
    scopes: tuple[str, ...]
    fence: Fence
    settings_version: int
    settings: StoreSettings


class StoreReauthorized(EventData, service="onboarding"):
    """New tokens arrived for a known store."""

    via: InstallPath
    scopes: tuple[str, ...]
    plan: str
    prices_include_vat: bool
    vat_bp: BasisPoints


class StoreSettingsChanged(EventData, service="onboarding"):
    """The merchant changed the pricing policy; carries it whole."""

    settings_version: int
    settings: StoreSettings
    changed_by: str


class ItemRulesChanged(EventData, service="onboarding"):
    """Limits or locks of single items were set; each rule replaces the item's earlier one."""

    rules: tuple[ItemRule, ...]
    changed_by: str


class StorePaused(EventData, service="onboarding"):
    """No price of this store is written until it is resumed."""

    fence: Fence
    reason: str
    paused_by: str = Field(description="A key, or breaker: the store stopped by itself.")
    reason_ar: str | None = Field(None, description="The reason in Arabic, where a machine gave it.")


class StoreResumed(EventData, service="onboarding"):
    """Writing is allowed again, for decisions made from now on."""

    fence: Fence
    resumed_by: str


class StoreUninstalled(EventData, service="onboarding"):
    """The merchant removed the app; the tokens are gone."""

    fence: Fence


FORGOTTEN = "forgotten"
"""What is shown in place of what was forgotten."""


class ForgettingReason(StrEnum):
    """Why a store was to be forgotten."""

    UNINSTALLED = "uninstalled"
    REQUESTED = "requested"


class StoreForgotten(EventData, service="onboarding"):
    """The store's data key was destroyed: what was sealed under it opens nowhere any more.

    A tombstone without personal data. Consumers forget what they show of the store's identity; history stays.
    """

    reason: ForgettingReason
    asked_at: UtcDatetime = Field(description="When the waiting time began.")
    due_at: UtcDatetime = Field(description="When it was to end; the key was destroyed at occurred_at.")
    asked_by: str = Field(description="merchant (by uninstalling), or the key that asked")


class ReauthorizationReason(StrEnum):
    """Why a merchant has to connect the store again."""

    REFRESH_REJECTED = "refresh_rejected"
    REFRESH_AMBIGUOUS = "refresh_ambiguous"
    MALFORMED_ANSWER = "malformed_answer"
    SCOPE_MISSING = "scope_missing"
    ACCESS_REVOKED = "access_revoked"
    USER_GONE = "user_gone"


class ReauthorizationRequired(EventData, service="onboarding"):
    """Salla no longer accepts our tokens for this store; nothing is called until the merchant reconnects it."""

    reason: ReauthorizationReason
    detail: str


class EntitlementChanged(EventData, service="onboarding"):
    """Salla reported a trial or subscription change."""

    status: str = Field(description="trial, active, canceled or expired")
    plan_name: str | None = None
    ends_on: date | None = None


class SystemSettingsChanged(EventData, service="onboarding"):
    """An operator changed installation-wide settings; carries them whole."""

    settings_version: int
    settings: SystemSettings
    system_fence: Annotated[
        int, Field(strict=True, ge=0, description="Raised by every emergency stop; adds to each store's fence.")
    ]
    changed_by: str


class ApiKeyIssued(EventData, service="onboarding"):
    """An API key was created; only its keyed hash is known."""

    key_id: str
    key_hash: str
    scope: str = Field(description="operator or store")
    label: str
    expires_at: UtcDatetime | None = None


class ApiKeyRevoked(EventData, service="onboarding"):
    """An API key stopped working."""

    key_id: str


class ItemStatus(StrEnum):
    """Salla's product status; ``sale`` means on the shelf, not discounted."""

    SALE = "sale"
    OUT = "out"
    HIDDEN = "hidden"
    DELETED = "deleted"


class CatalogItem(Part):
    """One priced thing (a product, or one variant of it) as Salla showed it.

    ``base_price`` and ``sale_price`` are in the store's own VAT basis (what Salla's write calls take);
    ``shelf_price`` is what a shopper pays now, with VAT. ``stock`` is ``None`` when Salla does not say;
    ``unlimited`` says it is not counted. ``cost`` is without VAT, ``None`` when unknown.
    """

    product_id: ProductId
    variant_id: VariantId | None = None
    sku: str | None = None
    gtin: str | None = None
    mpn: str | None = None
    name: str
    brand: str | None = None
    category: str | None = None
    status: ItemStatus
    currency: Currency
    base_price: Halalas
    shelf_price: Halalas
    sale_price: Halalas | None = None
    sale_ends_on: date | None = None
    sale_running: bool = False
    cost: Halalas | None = None
    stock: int | None = None
    unlimited: bool = False
    has_variants: bool = Field(False, description="A product priced through its variants; not priced itself.")
    url: str | None = None

    @property
    def key(self) -> str:
        """The item's key."""
        return item_key(self.product_id, self.variant_id)


class ObservationSource(StrEnum):
    """What made us look."""

    SWEEP = "sweep"
    WEBHOOK = "webhook"
    READ_BACK = "read_back"


class CatalogObserved(EventData, service="onboarding"):
    """Items as Salla showed them: a page of a sweep, or what a webhook or a read-back told."""

    sweep_id: UUID | None = None
    source: ObservationSource
    last_page: bool = False
    prices_include_vat: bool
    vat_bp: BasisPoints
    items: tuple[CatalogItem, ...]


class CatalogItemsRemoved(EventData, service="onboarding"):
    """Items that Salla no longer has."""

    keys: tuple[str, ...]


class OrderState(StrEnum):
    """Whether an order is demand: pending payment waits, canceled and restored do not count."""

    COUNTED = "counted"
    PENDING = "pending"
    NOT_COUNTED = "not_counted"


class OrderLine(Part):
    """What was bought, without who bought it. ``unit_price`` is the shelf price paid, ``None`` when not told."""

    product_id: ProductId | None = None
    variant_id: VariantId | None = None
    sku: str | None = None
    quantity: Annotated[int, Field(strict=True, ge=0)]
    unit_price: Halalas | None = None


class SalesObserved(EventData, service="onboarding"):
    """The present state of one order, whole; a later event about the same order replaces it."""

    order_id: str
    state: OrderState
    placed_at: UtcDatetime
    source: ObservationSource
    lines: tuple[OrderLine, ...]


class ManualEditDetected(EventData, service="onboarding"):
    """A base price in Salla is neither what we last saw nor what we wrote: somebody edited it."""

    product_id: ProductId
    variant_id: VariantId | None = None
    expected_base_price: Halalas
    found_base_price: Halalas
    found_by: str = Field(description="webhook, sweep, before_write or read_back")


class WriteEvent(EventData):
    """What all events about one price write say."""

    decision_id: UUID
    run_id: UUID
    product_id: ProductId
    variant_id: VariantId | None = None


class PriceWriteStarted(WriteEvent, service="onboarding"):
    """The intent, recorded before Salla is called; base prices in the store's VAT basis."""

    attempt: Annotated[int, Field(strict=True, ge=1)]
    call: str = Field(description="single, variant or bulk")
    expected_base_price: Halalas
    target_base_price: Halalas
    fence: Fence


class PriceApplied(WriteEvent, service="onboarding"):
    """Salla was read back and shows the decided price."""

    old_base_price: Halalas
    base_price: Halalas
    shelf_price: Halalas
    settled_by: str = Field(description="answer, read_back or webhook")


class PriceApplyUncertain(WriteEvent, service="onboarding"):
    """The call's outcome is not known; it will be settled by reading, nothing else writes meanwhile."""

    attempt: Annotated[int, Field(strict=True, ge=1)]
    target_base_price: Halalas
    reason: str


class PriceApplyFailed(WriteEvent, service="onboarding"):
    """Salla refused, or still shows the old price after every attempt."""

    reason: str
    detail: str


class StaleReason(StrEnum):
    """Which last-moment check stopped a decided price."""

    FENCE = "fence"
    PAUSED = "paused"
    MANUAL_EDIT = "manual_edit"
    BELOW_FLOOR = "below_floor"
    ABOVE_CEILING = "above_ceiling"
    STEP = "step"
    DAY_BUDGET = "day_budget"
    LOCKED = "locked"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    ITEM_GONE = "item_gone"
    NOT_CONNECTED = "not_connected"
    NOT_ENTITLED = "not_entitled"
    ALREADY_THERE = "already_there"


class PriceDecisionStale(WriteEvent, service="onboarding"):
    """The world moved between decision and write; nothing was written."""

    reason: StaleReason
    detail: str
    found_base_price: Halalas | None = None
