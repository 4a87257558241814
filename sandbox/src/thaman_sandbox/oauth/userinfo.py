"""Who authorised the app, and for which store."""

from thaman_sandbox.clock import plain_date
from thaman_sandbox.models import Grant, Store, Token
from thaman_sandbox.wire import Answer, JsonObject, ok
from thaman_sandbox.world import World


def user_info(world: World, store: Store, token: Token, grant: Grant) -> Answer:
    """The answer of both user info paths."""
    data = _user(world, store, token, grant)
    return ok(data) if world.switches.user_info_envelope else Answer(200, data)


def _user(world: World, store: Store, token: Token, grant: Grant) -> JsonObject:
    app = world.state.app
    merchant = _merchant(store)
    data: JsonObject = {
        "id": store.owner_id,
        "name": store.owner_name or f"{store.name} (owner)",
        "email": owner_email(store),
        "mobile": owner_mobile(store),
        "role": store.user_role,
        "created_at": plain_date(store.created_at),
        "merchant": merchant,
        "context": {
            "app": str(app.app_id) if app else "",
            "scope": grant.scope,
            "exp": int(token.expires_at.timestamp()) if token.expires_at else 0,
        },
    }
    if world.switches.user_info_store_alias:
        data["store"] = merchant
    return data


def owner_email(store: Store) -> str:
    """The owner's address; ``.example`` so that nobody is ever written to."""
    return store.owner_email or f"owner@{store.username}.example"


def owner_mobile(store: Store) -> str:
    """A made-up Saudi mobile number."""
    return store.owner_mobile or f"+9665{store.owner_id % 100_000_000:08d}"


def _merchant(store: Store) -> JsonObject:
    return {
        "id": store.id,
        "username": store.username,
        "name": store.name,
        "avatar": "https://cdn.salla.example/avatar.webp",
        "store_location": "21.589481,39.678691",
        "plan": store.plan,
        "status": store.status,
        "domain": f"https://{store.username}.example",
        "tax_number": f"3{store.id % 10**13:013d}3",
        "commercial_number": f"{store.owner_id % 10**10:010d}",
        "created_at": plain_date(store.created_at),
    }
