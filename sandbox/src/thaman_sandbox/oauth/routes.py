"""``/oauth2/auth``: the page where a merchant approves or denies."""

from dataclasses import asdict, fields
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from thaman_sandbox.control.deps import World_
from thaman_sandbox.errors import BadClient, BadRedirect, ControlError, OAuthError
from thaman_sandbox.oauth import authorize
from thaman_sandbox.oauth.authorize import AuthorizeRequest
from thaman_sandbox.world import World

router = APIRouter()
_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "pages"), autoescape=True, undefined=StrictUndefined
)
_NAMES = frozenset(one.name for one in fields(AuthorizeRequest))


def _request(values: dict[str, str]) -> AuthorizeRequest:
    return AuthorizeRequest(**{name: value for name, value in values.items() if name in _NAMES})


def _language(request: Request) -> str:
    return "en" if request.headers.get("accept-language", "").lower().startswith("en") else "ar"


def _error_page(request: Request, error: OAuthError, status: int = 400) -> Response:
    page = _PAGES.get_template("error.html").render(error=error, language=_language(request))
    return HTMLResponse(page, status_code=status)


@router.get("/oauth2/auth")
async def auth(world: World_, request: Request) -> Response:
    """The consent page, or the redirect at once where the store approves by itself."""
    asked = _request(dict(request.query_params))
    try:
        authorize.check_client(world, asked)
        authorize.check_request(world, asked)
        store = authorize.choose_store(world, asked)
    except (BadClient, BadRedirect) as wrong:
        return _error_page(request, wrong)
    except OAuthError as wrong:
        return RedirectResponse(authorize.refuse(world, asked, wrong), 302)
    except ControlError as wrong:
        return _error_page(request, OAuthError("invalid_request", str(wrong)))
    if store is None:
        return _error_page(request, OAuthError("server_error", "There is no store yet. POST /_sandbox/stores first."))
    if authorize.approves_itself(world, asked, store):
        return RedirectResponse(authorize.approve(world, asked, store), 302)
    return HTMLResponse(_consent(world, request, asked, store.id))


def _consent(world: World, request: Request, asked: AuthorizeRequest, store_id: int) -> str:
    app = authorize.check_client(world, asked)
    hidden = {name: value for name, value in asdict(asked).items() if name not in ("store_id", "approve") and value}
    return _PAGES.get_template("consent.html").render(
        app=app,
        hidden=hidden,
        stores=list(world.state.stores.values()),
        chosen=world.state.store(store_id),
        scopes=authorize.granted_scope(app, asked).split(),
        language=_language(request),
    )


@router.post("/oauth2/auth")
async def decide(world: World_, request: Request) -> Response:
    """The merchant has pressed approve or deny."""
    form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    asked = _request(form)
    try:
        if form.get("decision") != "approve":
            return RedirectResponse(authorize.deny(world, asked), 302)
        store = authorize.choose_store(world, asked)
        if store is None:
            raise OAuthError("server_error", "There is no store yet.")
        return RedirectResponse(authorize.approve(world, asked, store), 302)
    except (OAuthError, ControlError) as wrong:
        shown = wrong if isinstance(wrong, OAuthError) else OAuthError("invalid_request", str(wrong))
        return _error_page(request, shown)
