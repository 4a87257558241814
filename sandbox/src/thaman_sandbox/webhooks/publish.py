"""Who must be told of an event, and the exact bytes they will get."""

import hashlib
import hmac
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from thaman_sandbox.clock import plain_date, script_date
from thaman_sandbox.errors import NoAppConfigured
from thaman_sandbox.models import App, Delivery, Store, Strategy
from thaman_sandbox.wire import dumps
from thaman_sandbox.world import World


@dataclass(frozen=True, slots=True)
class Target:
    """One address, and how its deliveries are secured."""

    url: str
    strategy: Strategy
    secret: str
    headers: dict[str, str] = field(default_factory=dict)


def publish_store_event(world: World, store: Store, event: str, data: object) -> None:
    """Tell the portal's selection and the store's own registrations of a store event."""
    if store.installed_at is None:
        return
    targets = _registered(world, store, event)
    app = world.state.app
    if app is not None and app.webhook_url and _selected(app, event):
        targets.setdefault(app.webhook_url, Target(app.webhook_url, app.webhook_strategy, app.webhook_secret))
    body = _envelope(store, event, script_date(world.clock.now()), data) if targets else ""
    for target in targets.values():
        _send(world, store, event, body, target)


def publish_app_event(world: World, store: Store, event: str, data: object) -> None:
    """Tell the app's webhook address of an app event; :class:`NoAppConfigured` if there is none."""
    app = world.state.app
    if app is None or not app.webhook_url:
        raise NoAppConfigured("The app has no webhook address. POST /_sandbox/app with webhook_url first.")
    body = _envelope(store, event, plain_date(world.clock.now()), data)
    _send(world, store, event, body, Target(app.webhook_url, app.webhook_strategy, app.webhook_secret))


def _registered(world: World, store: Store, event: str) -> dict[str, Target]:
    """By address, so that one address gets an event once."""
    app = world.state.app
    default_secret = app.webhook_secret if app else ""
    found: dict[str, Target] = {}
    for one in world.state.shelves[store.id].subscriptions.values():
        if one.event == event:
            secret = default_secret if one.secret is None else one.secret
            found[one.url] = Target(one.url, one.strategy or "signature", secret, one.headers)
    return found


def _selected(app: App, event: str) -> bool:
    family = event.partition(".")[0] + ".*"
    return event in app.webhook_events or family in app.webhook_events


def _envelope(store: Store, event: str, created_at: str, data: object) -> str:
    return dumps({"event": event, "merchant": store.id, "created_at": created_at, "data": data}).decode()


def _send(world: World, store: Store, event: str, body: str, target: Target) -> None:
    plan = world.faults(store.id)
    faults = plan.webhook
    if world.dice.falls(plan, faults.p_drop):
        _keep(world, store, event, "", target).outcome = "dropped"
        return
    copies = 2 if world.dice.falls(plan, faults.p_duplicate) else 1
    for _ in range(copies):
        held = world.dice.up_to(plan, faults.reorder_ms) if world.dice.falls(plan, faults.p_reorder) else 0
        delivery = _keep(world, store, event, body, target)
        due = time.time() + (faults.delay_ms + held) / 1000
        world.agenda.add("deliver", delivery.id, lane="real", due=due)


def _keep(world: World, store: Store, event: str, body: str, target: Target) -> Delivery:
    number = world.state.next_id()
    delivery = Delivery(
        number, store.id, event, target.url, target.strategy, target.secret, target.headers, body, world.clock.now()
    )
    world.state.add_delivery(delivery)
    return delivery


def headers_of(delivery: Delivery, content_type: str) -> dict[str, str]:
    """The headers of a delivery, security strategy included."""
    headers = {**delivery.headers, "Content-Type": content_type, "User-Agent": "Salla-Webhook/2 (sandbox)"}
    if delivery.strategy == "signature":
        digest = hmac.new(delivery.secret.encode(), delivery.body.encode(), hashlib.sha256).hexdigest()
        headers |= {"X-Salla-Security-Strategy": "Signature", "X-Salla-Signature": digest}
    elif delivery.strategy == "token":
        headers |= {"X-Salla-Security-Strategy": "Token", "Authorization": delivery.secret}
    return headers


def is_local(url: str) -> bool:
    """Whether the real Salla would refuse the address for being local."""
    host = (urlsplit(url).hostname or "").lower()
    return not host or host == "localhost" or host.startswith("127.") or "test." in host or host == "::1"
