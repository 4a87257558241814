"""A merchant's browser on its way to Salla and back."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.responses import Response

from thaman_kit.handover import sign
from thaman_kit.language import COOKIE, language_of
from thaman_onboarding.application.authorization import LOGIN_SECONDS, Return
from thaman_onboarding.endpoints.access import Services
from thaman_onboarding.pages import Landing
from thaman_onboarding.settings import Settings

router = APIRouter(tags=["oauth"])

Lang = Annotated[str | None, Query(max_length=10, description="ar or en; the pages that follow use it.")]
Answer = Annotated[str | None, Query(max_length=4_000)]


@router.get("/oauth/authorize", summary="Connect a store", status_code=302, response_class=RedirectResponse)
def authorize(
    request: Request, services: Services, lang: Annotated[str | None, Query(max_length=10)] = None
) -> Response:
    """Send the browser to Salla's consent page. Open to everybody; several tabs of one browser may do it at once."""
    settings = services.settings
    browser = request.cookies.get(cookie_name(settings)) or secrets.token_urlsafe(32)
    response = RedirectResponse(services.authorization.begin(browser), status_code=302)
    secure = settings.public_url.startswith("https://")
    response.set_cookie(
        cookie_name(settings), browser, max_age=LOGIN_SECONDS, path="/", secure=secure, httponly=True, samesite="lax"
    )
    if lang is not None:
        response.set_cookie(
            COOKIE, language_of(request), max_age=31_536_000, secure=secure, httponly=True, samesite="lax"
        )
    return response


@router.get("/oauth/callback", summary="The way back from Salla")
def callback(
    request: Request,
    services: Services,
    *,
    code: Answer = None,
    state: Answer = None,
    error: Answer = None,
    error_description: Answer = None,
) -> Response:
    """A page that says how it went; JSON for callers that ask for it."""
    browser = request.cookies.get(cookie_name(services.settings))
    connected = services.authorization.finish(Return(state, code, error, error_description, browser))
    row = services.stores.rows.get(connected.store_id) if connected.store_id else None
    response: Response
    if "application/json" in request.headers.get("accept", ""):
        status = "connected" if row else "finishing"
        body = {"status": status, "store_id": connected.store_id, "name": row.name if row else None}
        response = JSONResponse(body, status_code=200 if row else 202)
    else:
        landing = landing_of(services, connected.store_id if row and connected.bound else None)
        response = services.pages.connected(request, row.name if row else None, landing)
    return response


def landing_of(services: Services, store_id: str | None) -> Landing | None:
    """The way on to the dashboard, where there is one; with a store, for the browser that has just proven to be its
    merchant's."""
    settings = services.settings
    if settings.dashboard_url is None or settings.handover_key is None:
        return None
    token = None if store_id is None else sign(settings.handover_key, store_id, services.clock.now())
    return Landing(settings.dashboard_url, token)


def cookie_name(settings: Settings) -> str:
    """The login cookie's name; the prefix makes browsers insist on HTTPS and on this very host."""
    return "__Host-thaman-login" if settings.public_url.startswith("https://") else "thaman-login"
