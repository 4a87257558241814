"""Opening stores and installing the app in them."""

from datetime import timedelta

from thaman_sandbox.catalogues.stocking import stock_store
from thaman_sandbox.catalogues.trade import draw
from thaman_sandbox.catalogues.trades import TRADES
from thaman_sandbox.control.requests import NewStore
from thaman_sandbox.errors import ControlRefused, NoAppConfigured
from thaman_sandbox.models import App, Store
from thaman_sandbox.tokens import end_store_grants, issue, new_grant
from thaman_sandbox.webhooks import app_events
from thaman_sandbox.webhooks.publish import publish_app_event
from thaman_sandbox.world import World

VAT_BP = 1500
_NAMES = ("متجر الواحة", "متجر السحاب", "دكان الحي", "متجر النخبة", "ركن الأناقة", "متجر الدرعية", "سوق العليا")


def open_store(world: World, wanted: NewStore) -> Store:
    """A new store with a full shelf; the app is not installed in it."""
    if wanted.catalogue not in TRADES:
        raise ControlRefused(f"Unknown catalogue {wanted.catalogue!r}. One of: {', '.join(TRADES)}.")
    number = world.state.next_id()
    store = Store(
        id=number,
        name=wanted.name or f"{_NAMES[len(world.state.stores) % len(_NAMES)]} {len(world.state.stores) + 1}",
        username=f"store-{number}",
        plan=wanted.plan,
        kind=wanted.kind,
        prices_include_vat=wanted.prices_include_vat,
        vat_bp=VAT_BP,
        language=wanted.language,
        catalogue=wanted.catalogue,
        seed=wanted.seed,
        auto_approve=wanted.auto_approve,
        created_at=world.clock.now() - timedelta(days=draw(number, "age", below=900) + 30),
        owner_id=world.state.next_id(),
        owner_name=wanted.owner_name,
        owner_email=wanted.owner_email,
        owner_mobile=wanted.owner_mobile,
    )
    world.state.add_store(store)
    stock_store(world, store, wanted.products)
    return store


def the_app(world: World) -> App:
    """The registered app; :class:`NoAppConfigured` if there is none."""
    if world.state.app is None:
        raise NoAppConfigured("No app is registered. POST /_sandbox/app first.")
    return world.state.app


def install_easily(world: World, store: Store, *, authorize_first: bool = False) -> None:
    """Easy Mode: the tokens go to the app's webhook address."""
    app = the_app(world)
    ordered = [scope for scope in app.scopes if scope != "offline_access"]
    grant = new_grant(world, store.id, " ".join([*ordered, "offline_access"]), "easy")
    authorize = app_events.store_authorize(issue(world, grant))
    installed = app_events.installed(app, store, world.clock.now())
    events = [("app.installed", installed), ("app.store.authorize", authorize)]
    for event, data in reversed(events) if authorize_first else events:
        publish_app_event(world, store, event, data)


def uninstall(world: World, store: Store) -> int:
    """The merchant removes the app: tokens die, registrations go, ``app.uninstalled`` is sent."""
    app = the_app(world)
    ended = end_store_grants(world, store.id, "app uninstalled")
    shelf = world.state.shelves[store.id]
    for number in list(shelf.subscriptions):
        del shelf.subscriptions[number]
        world.state.forget("subscription", str(number))
    if app.webhook_url:
        publish_app_event(world, store, "app.uninstalled", app_events.uninstalled(app, store, world.clock.now()))
    store.installed_at = None
    world.state.add_store(store)
    return ended
