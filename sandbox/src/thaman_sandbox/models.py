"""What the sandbox remembers. Money is halalas, times are aware UTC, calendar days are Saudi days."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

Plan = Literal["basic", "plus", "pro", "special"]
Strategy = Literal["signature", "token", "none"]

DEFAULT_SCOPES = (
    "settings.read",
    "orders.read",
    "products.read_write",
    "webhooks.read_write",
    "taxes.read",
    "store-settings.read",
    "specialoffers.read",
    "offline_access",
)


@dataclass(slots=True)
class App:
    """The partner's app as registered in the portal."""

    client_id: str
    client_secret: str
    redirect_uris: list[str] = field(default_factory=list)
    webhook_url: str | None = None
    webhook_secret: str = ""
    webhook_strategy: Strategy = "signature"
    webhook_events: list[str] = field(default_factory=lambda: ["product.*", "order.*"])
    """Store events selected in the portal; a trailing ``*`` stands for a family."""
    app_id: int = 513499943
    name: str = "Thaman"
    scopes: list[str] = field(default_factory=lambda: list(DEFAULT_SCOPES))
    trusted_ips: list[str] = field(default_factory=list)
    """Callers allowed; empty allows all."""


@dataclass(slots=True)
class Store:
    """A merchant's shop."""

    id: int
    name: str
    username: str
    plan: Plan
    kind: Literal["live", "demo", "development"]
    prices_include_vat: bool
    vat_bp: int
    language: Literal["ar", "en"]
    catalogue: str
    seed: int
    auto_approve: bool
    created_at: datetime
    owner_id: int
    user_status: Literal["active", "inactive", "deleted"] = "active"
    user_role: Literal["user", "team"] = "user"
    status: Literal["active", "inactive"] = "active"
    currency: str = "SAR"
    owner_name: str | None = None
    owner_email: str | None = None
    owner_mobile: str | None = None
    """What the control API named; else they are made up."""
    installed_at: datetime | None = None
    app_settings: dict[str, str | int | bool | None] = field(default_factory=dict)
    special_offers: list[dict[str, str | int | bool | None]] = field(default_factory=list)


@dataclass(slots=True)
class Variant:
    """One combination of option values; priced apart from its product."""

    id: int
    label_ar: str
    label_en: str
    option_value_id: int
    sku: str
    gtin: str
    mpn: str
    base: int
    sale: int | None
    cost: int | None
    stock: int | None
    unlimited: bool = False
    reference: str = ""
    """The competitor shops' name of the same thing."""


@dataclass(slots=True)
class Product:
    """A product on a store's shelf."""

    id: int
    store_id: int
    sku: str
    name_ar: str
    name_en: str
    brand_ar: str
    brand_en: str
    category_ar: str
    category_en: str
    gtin: str
    mpn: str
    base: int
    sale: int | None
    sale_start: date | None
    sale_end: date | None
    cost: int | None
    quantity: int | None
    unlimited: bool
    status: Literal["sale", "out", "hidden", "deleted"]
    with_tax: bool
    created_at: datetime
    updated_at: datetime
    option_ar: str = ""
    option_en: str = ""
    option_id: int = 0
    variants: list[Variant] = field(default_factory=list)
    kind: str = "product"
    sold_quantity: int = 0
    notify_quantity: int | None = None
    description: str = ""
    reference: str = ""
    """The competitor shops' name of the same thing."""

    def variant(self, variant_id: int) -> Variant | None:
        """The variant with this id, if it is one of this product's."""
        return next((one for one in self.variants if one.id == variant_id), None)


@dataclass(slots=True)
class OrderLine:
    """One line of an order; ``price`` is what one piece cost the shopper before tax rules were applied."""

    id: int
    product_id: int
    variant_id: int | None
    name: str
    sku: str
    quantity: int
    price: int


@dataclass(slots=True)
class OrderChange:
    """One step in an order's life."""

    id: int
    status: str
    at: datetime
    note: str = ""


@dataclass(slots=True)
class Order:
    """An order with its lines."""

    id: int
    store_id: int
    reference_id: int
    created_at: datetime
    updated_at: datetime
    status: str
    payment_method: str
    lines: list[OrderLine]
    changes: list[OrderChange]
    customer: str
    source: str = "store"

    @property
    def total(self) -> int:
        """Sum of the lines, halalas."""
        return sum(line.price * line.quantity for line in self.lines)


@dataclass(slots=True)
class Grant:
    """One authorisation of the app by a store; every token belongs to one."""

    id: int
    store_id: int
    scope: str
    created_at: datetime
    via: Literal["code", "easy"]
    active: bool = True
    ended_because: str = ""


@dataclass(slots=True)
class Token:
    """An access, refresh or embedded-page token. Only its SHA-256 is kept."""

    digest: str
    kind: Literal["access", "refresh", "embedded"]
    grant_id: int
    store_id: int
    issued_at: datetime
    expires_at: datetime | None
    status: Literal["active", "used", "revoked"] = "active"
    uses: int = 0
    used_at: list[datetime] = field(default_factory=list)


@dataclass(slots=True)
class Attempt:
    """One request to the token endpoint and what became of it."""

    n: int
    at: datetime
    grant_type: str
    store_id: int | None
    fingerprint: str
    outcome: str
    answered: bool = False


@dataclass(slots=True)
class Code:
    """An authorisation code waiting to be exchanged."""

    digest: str
    store_id: int
    redirect_uri: str
    scope: str
    expires_at: datetime
    challenge: str = ""
    challenge_method: str = ""
    grant_id: int | None = None
    """Set when it was used."""


@dataclass(slots=True)
class Subscription:
    """A webhook registered by API."""

    id: int
    store_id: int
    name: str
    event: str
    url: str
    version: int
    rule: str
    headers: dict[str, str]
    strategy: Strategy | None
    secret: str | None


@dataclass(slots=True)
class Billing:
    """What a store pays for the app."""

    id: int
    store_id: int
    plan_name: str | None
    plan_type: str
    period: str
    start: date
    end: date
    state: str
    price: int


@dataclass(slots=True)
class PriceWrite:
    """One price in one write request, as the oracle of tests keeps it. Prices are base prices in halalas."""

    n: int
    at: datetime
    store_id: int
    product_id: int | None
    variant_id: int | None
    old_base: int | None
    new_base: int | None
    old_sale: int | None
    new_sale: int | None
    call: Literal["put", "sku", "bulk", "variant", "action"]
    request_id: str
    status: int = 0
    effective: bool = False
    answered: bool = False
    pending: bool = False
    bulk_lost: bool = False
    applied_at: datetime | None = None


@dataclass(slots=True)
class Delivery:
    """One webhook on its way, and each attempt's result (a status, or the error's name)."""

    id: int
    store_id: int
    event: str
    url: str
    strategy: Strategy
    secret: str
    headers: dict[str, str]
    body: str
    created_at: datetime
    outcome: Literal["waiting", "delivered", "lost", "dropped"] = "waiting"
    results: list[str] = field(default_factory=list)


@dataclass(slots=True)
class RateWindow:
    """A store's running minute."""

    store_id: int
    start: float
    count: int = 0
    last: float = 0.0


@dataclass(slots=True)
class CallCount:
    """How often a store called a route."""

    store_id: int
    route: str
    calls: int = 0
    refused_429: int = 0


@dataclass(slots=True)
class HandOffer:
    """A competitor's offer set by hand."""

    shop: str
    slug: str
    price: int | None
    availability: str | None
    set_at: datetime


@dataclass(slots=True)
class Job:
    """Something to be done later, on the virtual or on the real clock (``due`` is Unix time of that clock)."""

    id: int
    lane: Literal["virtual", "real"]
    due: float
    kind: str
    reference: int


@dataclass(slots=True)
class BulkItem:
    """One accepted item of a queued bulk change. Absent fields stay as they are."""

    write_n: int
    product_id: int
    variant_id: int | None = None
    price: int | None = None
    touches_sale: bool = False
    sale: int | None = None
    touches_end: bool = False
    sale_end: date | None = None
    touches_cost: bool = False
    cost: int | None = None


@dataclass(slots=True)
class BulkChange:
    """A queued change of many prices of one store."""

    id: int
    store_id: int
    items: list[BulkItem]
    due: float


@dataclass(slots=True)
class Meta:
    """Counters that must survive a restart."""

    ids: int = 0
    writes: int = 0
    attempts: int = 0
    requests: int = 0
