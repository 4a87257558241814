"""Signing in and out, the static files, and the operator's way to make a sign-in link."""

from datetime import datetime

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from thaman_contracts.ids import StoreId
from thaman_dashboard.desk import AtDesk
from thaman_dashboard.errors import SpentLink
from thaman_dashboard.sign_in import LONGEST_SECRET
from thaman_dashboard.views import Role
from thaman_dashboard.visits import SureVisitor, from_our_pages
from thaman_kit.auth import require_operator
from thaman_kit.problems import not_found

LONG = "public, max-age=31536000, immutable"
SVG = "image/svg+xml"
ALONE = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""For a drawing that somebody opens by itself: whatever an operator's logo carries, it runs no script here."""
outside = APIRouter()
router = APIRouter(dependencies=[Depends(from_our_pages)], include_in_schema=False)


class LinkBody(BaseModel):
    """Whom a link lets in."""

    model_config = ConfigDict(extra="forbid")

    store_id: StoreId
    role: Role = Role.OWNER


class NewLinkView(BaseModel):
    """A sign-in link. It works once, until ``expires_at``, and is shown this once."""

    url: str = Field(description="To be opened in the merchant's browser.")
    store_id: str
    role: Role
    expires_at: datetime


@outside.post("/links", status_code=201, dependencies=[Depends(require_operator)])
def make_link(body: LinkBody, desk: AtDesk) -> NewLinkView:
    """Make a one-time link that signs a person in to a store."""
    link = desk.sign_in.make_link(body.store_id, body.role)
    url = f"{desk.public_url}/sign-in/{link.token}"
    return NewLinkView(url=url, store_id=body.store_id, role=body.role, expires_at=link.expires_at)


@outside.get("/health")
def health() -> dict[str, str]:
    """That the API answers; ``/readyz`` says whether it is fit to work."""
    return {"status": "ok"}


@router.get("/static/{name}")
def static(request: Request, name: str, desk: AtDesk) -> Response:
    """A file that never changes under its name."""
    asset = desk.pages.assets.get(name)
    if asset is None:
        raise not_found("file")
    headers = {"Cache-Control": LONG, "Vary": "Accept-Encoding"}
    if asset.media_type == SVG:
        headers["Content-Security-Policy"] = ALONE
    if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, media_type=asset.media_type, headers=headers | {"Content-Encoding": "gzip"})
    return Response(asset.body, media_type=asset.media_type, headers=headers)


@router.get("/sign-in/{token}")
def look(request: Request, token: str, desk: AtDesk) -> Response:
    """What the link opens, with a button; looking does not spend it."""
    link = desk.sign_in.look(token) if len(token) <= LONGEST_SECRET else None
    if link is None:
        raise SpentLink
    return desk.pages.show(request, "sign_in.html", link=link, store=desk.read_models.store(link.store_id))


@router.post("/sign-in/{token}")
def enter(request: Request, token: str, desk: AtDesk) -> Response:
    """Spend the link and open a session of this browser in place of the one it had."""
    secret = desk.sign_in.enter(token, request.headers.get("user-agent"))
    desk.sign_in.leave(desk.cookie.read(request))
    response = desk.pages.move("/")
    desk.cookie.give(response, secret)
    return response


@router.post("/sign-out")
def leave(request: Request, desk: AtDesk, visit: SureVisitor) -> Response:
    """End the session."""
    desk.sign_in.leave(desk.cookie.read(request))
    response = desk.pages.show(request, "signed_out.html")
    desk.cookie.take(response)
    return response
