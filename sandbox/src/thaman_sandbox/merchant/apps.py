"""The app's own corner of the Merchant API: who am I, what is paid, which settings."""

from thaman_sandbox.errors import NotAllowed, NotFound
from thaman_sandbox.merchant.call import Call
from thaman_sandbox.models import App
from thaman_sandbox.oauth import userinfo
from thaman_sandbox.webhooks.app_events import billing_row, settings_updated
from thaman_sandbox.webhooks.publish import publish_app_event
from thaman_sandbox.wire import Answer, ok


def user_info(call: Call) -> Answer:
    """``GET /oauth2/user/info`` on its old path."""
    return userinfo.user_info(call.world, call.store, call.token, call.grant)


def _own_app(call: Call) -> App:
    app = call.world.state.app
    if app is None or str(app.app_id) != call.params[0]:
        raise NotAllowed("another app")
    return app


def subscriptions(call: Call) -> Answer:
    """``GET /apps/{id}/subscriptions``; 403 for another app's id."""
    app = _own_app(call)
    billing = call.world.state.billings.get(call.store.id)
    return ok([billing_row(app, billing)] if billing is not None and billing.state == "active" else [])


def get_settings(call: Call) -> Answer:
    """``GET /apps/{id}/settings``; 404 while there are none."""
    app = _own_app(call)
    if not call.store.app_settings:
        raise NotFound("لايوجد اعدادت للتطبيق")
    return ok({"app_id": str(app.app_id), "app_slug": app.name.lower(), "settings": dict(call.store.app_settings)})


def post_settings(call: Call) -> Answer:
    """``POST /apps/{id}/settings``: replaces all; keys left out become null."""
    app, body = _own_app(call), call.json()
    call.before_write()
    emptied: dict[str, str | int | bool | None] = dict.fromkeys(call.store.app_settings)
    given = {key: value for key, value in body.items() if isinstance(value, str | int | bool | None)}
    call.store.app_settings = emptied | given
    call.world.state.add_store(call.store)
    if app.webhook_url:
        publish_app_event(call.world, call.store, "app.settings.updated", settings_updated(app, call.store))
    return ok({"app_id": str(app.app_id), "app_slug": app.name.lower(), "settings": dict(call.store.app_settings)}, 200)
