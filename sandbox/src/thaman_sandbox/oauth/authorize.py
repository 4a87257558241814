"""The authorise request: what it must look like, and where the browser goes afterwards."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from thaman_sandbox.errors import BadClient, BadRedirect, ControlRefused, OAuthError
from thaman_sandbox.models import App, Code, Store
from thaman_sandbox.tokens import digest_of
from thaman_sandbox.world import World

KNOWN_RESOURCES = frozenset(
    {"settings", "customers", "orders", "carts", "branches", "categories", "brands", "products", "webhooks"}
    | {"payments", "taxes", "specialoffers", "shippings", "shipping", "marketing", "metadata", "countries"}
    | {"store-settings", "transactions", "subscriptions"}
)


@dataclass(frozen=True, slots=True)
class AuthorizeRequest:
    """The query of ``GET /oauth2/auth``; ``store_id`` and ``approve`` are the sandbox's own additions."""

    client_id: str = ""
    redirect_uri: str = ""
    response_type: str = ""
    scope: str = ""
    state: str = ""
    code_challenge: str = ""
    code_challenge_method: str = ""
    store_id: str = ""
    approve: str = ""


def check_client(world: World, request: AuthorizeRequest) -> App:
    """The app, or an error that must be shown to the person, since the redirect address cannot be trusted."""
    app = world.state.app
    if app is None or not hmac.compare_digest(app.client_id.encode(), request.client_id.encode()):
        raise BadClient("invalid_client", "The requested OAuth 2.0 Client does not exist.")
    if request.redirect_uri not in app.redirect_uris:
        raise BadRedirect(
            "invalid_request",
            "The 'redirect_uri' parameter does not match any of the OAuth 2.0 Client's pre-registered redirect urls.",
        )
    return app


def check_request(world: World, request: AuthorizeRequest) -> None:
    """Raise what is wrong with the request and can be told to the redirect address."""
    switches = world.switches
    if request.response_type != "code":
        raise OAuthError("unsupported_response_type", "The server only supports the response type 'code'.")
    if len(request.state) < switches.minimum_state_length:
        raise OAuthError(
            "invalid_state",
            "The state is missing or does not have enough characters and is therefore considered too weak.",
        )
    unknown = [scope for scope in request.scope.split() if not known_scope(scope)]
    if unknown:
        raise OAuthError("invalid_scope", f"The client is not allowed to request scope '{unknown[0]}'.")
    if request.code_challenge_method not in ("", "plain", "S256"):
        raise OAuthError("invalid_request", "The code_challenge_method is not supported, use S256.")
    if switches.require_pkce and not request.code_challenge:
        raise OAuthError("invalid_request", "Clients must include a code_challenge when performing this flow.")


def known_scope(scope: str) -> bool:
    """Whether Salla has a scope of this name."""
    resource, _, level = scope.partition(".")
    return scope == "offline_access" or (resource in KNOWN_RESOURCES and level in ("read", "read_write"))


def choose_store(world: World, request: AuthorizeRequest) -> Store | None:
    """Whose browser this is.

    The named store; else, newest first: a self-approving one without the app, a self-approving one, any.
    """
    stores = world.state.stores
    if request.store_id:
        if not request.store_id.isdigit():
            raise ControlRefused("store_id must be a number. GET /_sandbox/stores lists the stores.")
        return world.state.store(int(request.store_id))
    approving = [one for one in reversed(stores.values()) if one.auto_approve]
    fresh = [one for one in approving if one.installed_at is None]
    return next(iter(fresh + approving + list(reversed(stores.values()))), None)


def approves_itself(world: World, request: AuthorizeRequest, store: Store) -> bool:
    """Whether the consent page is skipped."""
    return world.config.auto_approve or store.auto_approve or request.approve == "auto"


def granted_scope(app: App, request: AuthorizeRequest) -> str:
    """The scopes that will be granted, ``offline_access`` last, as Salla prints them."""
    asked = request.scope.split() or [one for one in app.scopes if one != "offline_access"]
    ordered = [one for one in dict.fromkeys(asked) if one != "offline_access"]
    return " ".join([*ordered, "offline_access"] if "offline_access" in asked else ordered)


def approve(world: World, request: AuthorizeRequest, store: Store) -> str:
    """The store says yes: where the browser goes, with a code."""
    app = check_client(world, request)
    check_request(world, request)
    scope = granted_scope(app, request)
    code = new_code(world, request, store, scope)
    return _target(world, request, {"code": code, "scope": scope})


def deny(world: World, request: AuthorizeRequest) -> str:
    """The store says no: where the browser goes."""
    check_client(world, request)
    return refuse(world, request, OAuthError("access_denied", "The resource owner denied the request"))


def refuse(world: World, request: AuthorizeRequest, error: OAuthError) -> str:
    """Where the browser goes with an error."""
    return _target(world, request, {"error": error.code, "error_description": error.description})


def new_code(world: World, request: AuthorizeRequest, store: Store, scope: str) -> str:
    """A one-time code for this store."""
    text = f"ory_ac_{secrets.token_urlsafe(32)}"
    expires = world.clock.now() + timedelta(seconds=world.switches.code_lifetime_seconds)
    method = request.code_challenge_method or ("plain" if request.code_challenge else "")
    world.state.add_code(
        Code(digest_of(text), store.id, request.redirect_uri, scope, expires, request.code_challenge, method)
    )
    return text


def _target(world: World, request: AuthorizeRequest, answer: dict[str, str]) -> str:
    state = request.state.replace("-", "") if world.switches.strip_state_hyphens else request.state
    if state:
        answer["state"] = state
    joint = "&" if "?" in request.redirect_uri else "?"
    return f"{request.redirect_uri}{joint}{urlencode(answer)}"


def foreign_install(world: World, store: Store, redirect_uri: str | None) -> str:
    """An installation begun in Salla's app store: the callback address with a state the app never made."""
    app = world.state.app
    if app is None or not app.redirect_uris:
        raise ControlRefused("The app has no redirect address. POST /_sandbox/app with redirect_uris first.")
    target = redirect_uri or app.redirect_uris[0]
    if target not in app.redirect_uris:
        raise ControlRefused(f"{target} is not one of the app's redirect_uris.")
    request = AuthorizeRequest(app.client_id, target, "code", " ".join(app.scopes), secrets.token_hex(12))
    scope = granted_scope(app, request)
    return _target(world, request, {"code": new_code(world, request, store, scope), "scope": scope})
