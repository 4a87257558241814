"""What the control API is sent. Amounts are halalas."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Body(BaseModel):
    """Unknown keys are refused, so that a typing mistake is noticed."""

    model_config = ConfigDict(extra="forbid")


class NewStore(Body):
    """``POST /_sandbox/stores``."""

    name: str | None = None
    plan: Literal["basic", "plus", "pro", "special"] = "pro"
    kind: Literal["live", "demo", "development"] = "live"
    prices_include_vat: bool = True
    catalogue: str = "perfumes"
    products: int = Field(30, ge=0, le=20_000)
    seed: int = 1
    language: Literal["ar", "en"] = "ar"
    auto_approve: bool = False
    owner_name: str | None = None
    owner_email: str | None = None
    owner_mobile: str | None = None


class ManyStores(Body):
    """``POST /_sandbox/stores/bulk``."""

    count: int = Field(ge=1, le=10_000)
    products: int = Field(50, ge=0, le=1_000)
    seed: int = 1
    plan: Literal["basic", "plus", "pro", "special"] = "special"
    auto_approve: bool = True


class StorePatch(Body):
    """``PATCH /_sandbox/stores/{id}``."""

    plan: Literal["basic", "plus", "pro", "special"] | None = None
    user_status: Literal["active", "inactive", "deleted"] | None = None
    user_role: Literal["user", "team"] | None = None
    status: Literal["active", "inactive"] | None = None
    auto_approve: bool | None = None
    prices_include_vat: bool | None = None
    language: Literal["ar", "en"] | None = None
    special_offers: list[dict[str, str | int | bool | None]] | None = None


class Install(Body):
    """``POST /_sandbox/stores/{id}/install``."""

    mode: Literal["easy", "salla_callback"] = "easy"
    redirect_uri: str | None = None
    perform: bool = False
    """Visit the callback address too, as the merchant's browser would."""
    authorize_first: bool = False
    """Easy mode: send ``app.store.authorize`` before ``app.installed``."""


class Billing(Body):
    """``POST /_sandbox/stores/{id}/subscription``."""

    event: Literal[
        "app.subscription.started",
        "app.subscription.renewed",
        "app.subscription.canceled",
        "app.subscription.expired",
        "app.trial.started",
        "app.trial.expired",
        "app.trial.canceled",
    ]
    plan_name: str = "Pro"
    price: int = Field(9900, ge=0)
    months: int = Field(1, ge=1, le=24)


class AppEvent(Body):
    """``POST /_sandbox/stores/{id}/app-event``."""

    event: Literal[
        "app.installed", "app.updated", "app.store.authorize", "app.settings.updated", "app.feedback.created"
    ]
    settings: dict[str, str | int | bool | None] | None = None
    rating: int = Field(5, ge=1, le=5)
    comment: str = ""


class ProductEdit(Body):
    """``PATCH /_sandbox/stores/{id}/products/{pid}``: a merchant's hand edit. With ``variant_id`` it is a variant's."""

    variant_id: int | None = None
    base: int | None = Field(None, ge=0)
    sale: int | None = Field(None, ge=0)
    sale_start: date | None = None
    sale_end: date | None = None
    cost: int | None = Field(None, ge=0)
    quantity: int | None = Field(None, ge=0)
    unlimited: bool | None = None
    status: Literal["sale", "out", "hidden", "deleted"] | None = None
    with_tax: bool | None = None
    sku: str | None = None
    name_ar: str | None = None
    name_en: str | None = None


class OrderLineWanted(Body):
    """A line of a new order."""

    product_id: int
    variant_id: int | None = None
    quantity: int = Field(1, ge=1)
    price: int | None = Field(None, ge=0)


class NewOrder(Body):
    """``POST /_sandbox/stores/{id}/orders``."""

    lines: list[OrderLineWanted]
    status: str = "under_review"


class OrderStatus(Body):
    """``POST /_sandbox/stores/{id}/orders/{oid}/status``."""

    status: str
    note: str = ""


class Sales(Body):
    """``POST /_sandbox/stores/{id}/simulate-sales``."""

    days: int = Field(30, ge=1, le=400)
    seed: int = 1
    orders_per_day: int = Field(6, ge=0, le=500)


class ClockMove(Body):
    """``PUT /_sandbox/clock``: exactly one of the three."""

    offset_seconds: int | None = None
    frozen_at: datetime | None = None
    advance_seconds: int | None = Field(None, ge=0)


class OfferChange(Body):
    """``PUT /_sandbox/shops/{shop}/offers/{slug}``; what is left out follows the shop's own rule."""

    price: int | None = Field(None, ge=0)
    availability: Literal["InStock", "OutOfStock", "PreOrder", "Discontinued"] | None = None
