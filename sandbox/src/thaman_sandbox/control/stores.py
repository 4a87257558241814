"""Stores: opening, editing, installing the app, billing."""

from datetime import timedelta

import httpx
from fastapi import APIRouter, Request

from thaman_sandbox import stores
from thaman_sandbox.catalogues.trades import TRADES
from thaman_sandbox.control import requests
from thaman_sandbox.control.deps import World_
from thaman_sandbox.errors import ControlRefused
from thaman_sandbox.introspection import embedded_token
from thaman_sandbox.models import Billing, Store
from thaman_sandbox.oauth.authorize import foreign_install
from thaman_sandbox.shops.links import competitor_links
from thaman_sandbox.tokens import end_store_grants, issue, new_grant
from thaman_sandbox.webhooks import app_events
from thaman_sandbox.webhooks.publish import publish_app_event

router = APIRouter(prefix="/_sandbox/stores")
JsonRow = dict[str, object]


def store_row(world: World_, store: Store) -> JsonRow:
    """A store as the control API shows it."""
    shelf = world.state.shelves[store.id]
    return {
        "store_id": store.id,
        "name": store.name,
        "plan": store.plan,
        "kind": store.kind,
        "language": store.language,
        "prices_include_vat": store.prices_include_vat,
        "catalogue": store.catalogue,
        "seed": store.seed,
        "auto_approve": store.auto_approve,
        "user_status": store.user_status,
        "installed_at": store.installed_at,
        "products": len(shelf.products),
        "orders": len(shelf.orders),
    }


@router.post("", status_code=201)
async def open_store(world: World_, body: requests.NewStore) -> JsonRow:
    """Open a store."""
    return store_row(world, stores.open_store(world, body))


@router.post("/bulk", status_code=201)
async def open_many(world: World_, body: requests.ManyStores) -> JsonRow:
    """Open many stores, the trades in turn, half of them with VAT in their prices."""
    trades = list(TRADES)
    opened = [
        stores.open_store(
            world,
            requests.NewStore(
                name=f"Store {number + 1}",
                plan=body.plan,
                prices_include_vat=number % 2 == 0,
                catalogue=trades[number % len(trades)],
                products=body.products,
                seed=body.seed + number,
                auto_approve=body.auto_approve,
            ),
        ).id
        for number in range(body.count)
    ]
    return {"store_ids": opened}


@router.get("")
async def list_stores(world: World_) -> list[JsonRow]:
    """All stores."""
    return [store_row(world, store) for store in world.state.stores.values()]


@router.get("/{store_id}")
async def get_store(world: World_, store_id: int) -> JsonRow:
    """One store."""
    return store_row(world, world.state.store(store_id))


@router.patch("/{store_id}")
async def edit_store(world: World_, store_id: int, body: requests.StorePatch) -> JsonRow:
    """Change what the merchant or Salla decides about a store."""
    store = world.state.store(store_id)
    for key, value in body.model_dump(exclude_unset=True, exclude_none=True).items():
        setattr(store, key, value)
    world.state.add_store(store)
    return store_row(world, store)


@router.post("/{store_id}/install")
async def install(world: World_, store_id: int, body: requests.Install) -> JsonRow:
    """Install the app from Salla's side: by webhook, or by the callback with a state the app never made."""
    store = world.state.store(store_id)
    if body.mode == "easy":
        stores.install_easily(world, store, authorize_first=body.authorize_first)
        return {"store_id": store.id, "mode": body.mode}
    url = foreign_install(world, store, body.redirect_uri)
    answer: JsonRow = {"store_id": store.id, "mode": body.mode, "url": url, "performed": body.perform}
    if body.perform:
        world.state.flush()
        answer["status"] = await _visit(url)
    return answer


async def _visit(url: str) -> int:
    try:
        async with httpx.AsyncClient(follow_redirects=True, trust_env=False, timeout=30) as browser:
            return (await browser.get(url)).status_code
    except httpx.HTTPError as wrong:
        raise ControlRefused(
            f"The callback {url.partition('?')[0]} cannot be visited: {type(wrong).__name__}."
        ) from wrong


@router.post("/{store_id}/uninstall")
async def uninstall(world: World_, store_id: int) -> JsonRow:
    """The merchant removes the app."""
    return {"store_id": store_id, "grants_ended": stores.uninstall(world, world.state.store(store_id))}


@router.post("/{store_id}/revoke")
async def revoke(world: World_, store_id: int) -> JsonRow:
    """All tokens of the store die without a word to the app."""
    world.state.store(store_id)
    return {"store_id": store_id, "grants_ended": end_store_grants(world, store_id, "revoked by the merchant")}


@router.post("/{store_id}/tokens", status_code=201)
async def hand_out_tokens(world: World_, store_id: int) -> JsonRow:
    """Tokens at once, without any OAuth: for benchmarks and for tests of other things."""
    app, store = stores.the_app(world), world.state.store(store_id)
    issued = issue(world, new_grant(world, store.id, " ".join(app.scopes), "easy"))
    return {
        "store_id": store.id,
        "access_token": issued.access_token,
        "refresh_token": issued.refresh_token,
        "scope": issued.scope,
        "expires": issued.expires_at,
    }


@router.post("/{store_id}/embedded-token", status_code=201)
async def hand_out_embedded_token(world: World_, store_id: int) -> JsonRow:
    """A token as an embedded page gets it."""
    return {"token": embedded_token(world, world.state.store(store_id))}


@router.post("/{store_id}/subscription")
async def bill(world: World_, store_id: int, body: requests.Billing) -> JsonRow:
    """Something happens to what the store pays, and the app is told."""
    app, store = stores.the_app(world), world.state.store(store_id)
    today = world.clock.today()
    known = world.state.billings.get(store_id)
    fresh = known is None or body.event.endswith(".started")
    billing = known if known is not None and not fresh else _new_billing(world, store, body)
    if body.event == "app.subscription.renewed":
        billing.end = max(billing.end, today) + timedelta(days=30 * body.months)
    billing.state = "ended" if body.event.rpartition(".")[2] in ("canceled", "expired") else "active"
    world.state.add_billing(billing)
    make = app_events.trial if ".trial." in body.event else app_events.subscription
    publish_app_event(world, store, body.event, make(app, store, billing, body.event, world.clock.now()))
    return {"store_id": store_id, "event": body.event, "subscription_id": billing.id, "end_date": billing.end}


def _new_billing(world: World_, store: Store, body: requests.Billing) -> Billing:
    today = world.clock.today()
    end = today + timedelta(days=30 * body.months)
    number = world.state.next_id()
    return Billing(number, store.id, body.plan_name, "recurring", str(body.months), today, end, "active", body.price)


@router.post("/{store_id}/app-event")
async def app_event(world: World_, store_id: int, body: requests.AppEvent) -> JsonRow:
    """Send one of the app events that have no action of their own here."""
    app, store, now = stores.the_app(world), world.state.store(store_id), world.clock.now()
    if body.event == "app.store.authorize":
        grant = new_grant(world, store.id, " ".join(app.scopes), "easy")
        data = app_events.store_authorize(issue(world, grant))
    elif body.event == "app.settings.updated":
        store.app_settings = dict(body.settings or {})
        world.state.add_store(store)
        data = app_events.settings_updated(app, store)
    elif body.event == "app.feedback.created":
        data = app_events.feedback_created(app, store, body.rating, body.comment)
    else:
        make = app_events.installed if body.event == "app.installed" else app_events.updated
        data = make(app, store, now)
    publish_app_event(world, store, body.event, data)
    return {"store_id": store_id, "event": body.event}


@router.get("/{store_id}/competitor-links")
async def links(world: World_, request: Request, store_id: int) -> list[JsonRow]:
    """What the merchant would type in: which product is sold where else."""
    return competitor_links(world, world.state.store(store_id), str(request.base_url))
