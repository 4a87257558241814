"""The ``data`` of app events: installation, authorisation, billing, settings."""

from datetime import datetime, timedelta

from thaman_sandbox.clock import RIYADH, plain_date
from thaman_sandbox.models import App, Billing, Store
from thaman_sandbox.money import share, wire
from thaman_sandbox.tokens import Issued
from thaman_sandbox.wire import JsonObject

CATEGORIES = ["التسعير", "المبيعات"]


def store_authorize(issued: Issued) -> JsonObject:
    """``app.store.authorize``: here ``expires`` is a moment (Unix time), not a duration."""
    data: JsonObject = {"access_token": issued.access_token, "expires": issued.expires_at}
    if issued.refresh_token is not None:
        data["refresh_token"] = issued.refresh_token
    return data | {"scope": issued.scope, "token_type": "bearer"}


def installed(app: App, store: Store, now: datetime) -> JsonObject:
    """``app.installed``."""
    return {
        "id": app.app_id,
        "app_name": app.name,
        "description": app.name,
        "app_type": "app",
        "app_scopes": app.scopes,
        "installation_date": plain_date(store.installed_at or now),
        "store_type": store.kind,
    }


def updated(app: App, store: Store, now: datetime) -> JsonObject:
    """``app.updated``."""
    return installed(app, store, now) | {"categories": CATEGORIES, "update_date": plain_date(now)}


def uninstalled(app: App, store: Store, now: datetime) -> JsonObject:
    """``app.uninstalled``."""
    return {
        "id": app.app_id,
        "app_name": app.name,
        "app_description": app.name,
        "app_type": "app",
        "categories": CATEGORIES,
        "installation_date": plain_date(store.installed_at or now),
        "uninstallation_date": plain_date(now),
        "refunded": False,
        "store_type": store.kind,
    }


def settings_updated(app: App, store: Store) -> JsonObject:
    """``app.settings.updated``."""
    return {
        "id": app.app_id,
        "app_name": app.name,
        "app_description": app.name,
        "app_type": "public",
        "settings": dict(store.app_settings),
    }


def feedback_created(app: App, store: Store, rating: int, comment: str) -> JsonObject:
    """``app.feedback.created``."""
    return {
        "id": app.app_id,
        "app_name": app.name,
        "description": app.name,
        "app_type": "app",
        "categories": CATEGORIES,
        "rating": str(rating),
        "rated_by": f"{store.name} (owner)",
        "comment": comment,
    }


def trial(app: App, store: Store, billing: Billing, event: str, now: datetime) -> JsonObject:
    """``app.trial.started|expired|canceled``: each with its own date format, as documented."""
    data: JsonObject = {
        "id": app.app_id,
        "app_name": app.name,
        "app_description": app.name,
        "app_type": "app",
        "categories": CATEGORIES,
        "plan_name": billing.plan_name,
        "plan_type": "one_time",
        "start_date": billing.start.isoformat(),
        "end_date": billing.end.isoformat(),
        "created_at": plain_date(now),
        "store_type": store.kind,
    }
    if event == "app.trial.started":
        return data | {"features": []}
    if event == "app.trial.expired":
        return data | {"start_date": _iso(billing.start.isoformat()), "end_date": _iso(billing.end.isoformat())}
    return data | {"plan_name": None, "subscription_at": plain_date(now)}


def _iso(day: str) -> str:
    midnight = datetime.fromisoformat(day).replace(tzinfo=RIYADH)
    return f"{midnight - timedelta(hours=3):%Y-%m-%dT%H:%M:%S}.000000Z"


def subscription(app: App, store: Store, billing: Billing, event: str, now: datetime) -> JsonObject:
    """``app.subscription.started|renewed|canceled|expired``; ``subscription_balance`` is the text "null"."""
    data = billing_row(app, billing) | {
        "id": app.app_id,
        "subscription_id": billing.id,
        "subscription_balance": "null",
        "item_type": "plan",
        "item_slug": (billing.plan_name or "plan").lower(),
        "quantity": 1,
        "store_type": store.kind,
    }
    if event == "app.subscription.renewed":
        data["renew_date"] = plain_date(now)
    return data


def billing_row(app: App, billing: Billing) -> JsonObject:
    """A subscription as ``GET /apps/{id}/subscriptions`` lists it; amounts are texts in places, as documented."""
    tax = share(billing.price, 1500)
    return {
        "id": str(billing.id),
        "app_name": app.name,
        "description": app.name,
        "app_type": "app",
        "categories": CATEGORIES,
        "plan_type": billing.plan_type,
        "plan_name": billing.plan_name,
        "plan_period": billing.period,
        "start_date": billing.start.isoformat(),
        "end_date": billing.end.isoformat(),
        "initialization_cost": wire(0),
        "price_before_discount": wire(billing.price),
        "price": _money_text(billing.price),
        "tax": "0.15",
        "tax_value": _money_text(tax),
        "total": _money_text(billing.price + tax),
        "subscription_balance": None,
        "coupon": None,
        "features": [],
    }


def _money_text(value: int) -> str:
    return f"{value // 100}.{value % 100:02d}"
