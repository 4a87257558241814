"""The store's settings: all of them to read and to change, with what a change would do before it is saved."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.desk import AtDesk, Desk
from thaman_dashboard.endpoints.inquiries import question
from thaman_dashboard.errors import TooManyInquiries
from thaman_dashboard.inquiry_ports import Inquiry, Kind
from thaman_dashboard.owner_ports import OwnerRefused
from thaman_dashboard.pages.notices import Notice
from thaman_dashboard.permissions import Deed, require
from thaman_dashboard.settings_fields import FIELDS, GROUPS
from thaman_dashboard.settings_fields import Kind as Kinds
from thaman_dashboard.settings_form import Wrong, as_typed, typed
from thaman_dashboard.settings_ports import Effect
from thaman_dashboard.visits import Form, Posted, SureVisitor, Visit, Visitor, from_our_pages

router = APIRouter(prefix="/settings", dependencies=[Depends(from_our_pages)], include_in_schema=False)
LONGEST, LONGEST_VERSION = 100, 10
"""Characters of a field and of a version that are shown again; no value that can be saved has more."""


@router.get("")
def read(request: Request, desk: AtDesk, visit: Visitor) -> Response:
    """The settings in force."""
    return _page(request, desk, visit)


@router.post("")
def change(request: Request, desk: AtDesk, visit: SureVisitor, form: Posted) -> Response:
    """Change them, unless somebody else did since the form was shown; or show what the typed ones would do."""
    require(visit.session.role, Deed.SETTINGS)
    read_form = typed(form, visit.store.settings)
    if read_form.wrong:
        given, version = _given(form), _version(form)
        return _page(request, desk, visit, given=given, version=version, status=422, wrong=read_form.wrong)
    if form.one("deed") == "preview":
        return _try(request, desk, visit, form, read_form.changes)
    try:
        shown = desk.commands.change_settings(visit.session, read_form.changes, _version(form))
    except OwnerRefused as error:
        if error.code != "settings_changed":
            raise
        return desk.pages.move("/settings", Notice("settings_changed"))
    return desk.pages.move("/settings", Notice("settings_saved", late=not shown))


@router.get("/preview/{preview_id}")
def preview(request: Request, desk: AtDesk, visit: Visitor, preview_id: UUID) -> Response:
    """The settings as somebody typed them, with what they would do as soon as that is known."""
    inquiry = question(desk, visit, Kind.EFFECT, preview_id)
    asked, effect = inquiry.asked, desk.inquiries.inquiring.answer(inquiry)
    tried = Tried(len(asked["changes"]), inquiry, effect)
    return _page(request, desk, visit, given=asked["typed"], version=asked["version"], tried=tried)


@dataclass(frozen=True, slots=True)
class Tried:
    """Settings that are tried before they are saved: how many change, the question, and its answer, ``None`` where
    the optimizer cannot say it, which stops nobody from saving. ``is_crowded``: it was not asked for lack of room."""

    changed: int
    inquiry: Inquiry | None = None
    effect: Effect | None = None
    is_crowded: bool = False


def _try(request: Request, desk: Desk, visit: Visit, form: Form, changes: dict[str, Any]) -> Response:
    """Ask what the typed settings would do, and go on to the page where it will be said."""
    given, version = _given(form), _version(form)
    if not changes:
        return _page(request, desk, visit, given=given, version=version, tried=Tried(0))
    try:
        preview_id = desk.inquiries.inquiring.ask(
            visit.session, Kind.EFFECT, changes=changes, typed=given, version=version
        )
    except TooManyInquiries:
        tried = Tried(len(changes), is_crowded=True)
        return _page(request, desk, visit, given=given, version=version, tried=tried, status=503)
    return desk.pages.move(f"/settings/preview/{preview_id}")


def _given(form: Form) -> dict[str, str]:
    """What was typed, of the fields that the form has."""
    return {field.name: form.one(field.name)[:LONGEST] for field in FIELDS if form.all(field.name)}


def _version(form: Form) -> int:
    """The version of the settings that the form was shown with."""
    text = form.one("version")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < LONGEST_VERSION else 0


def _page(
    request: Request,
    desk: Desk,
    visit: Visit,
    *,
    given: Mapping[str, str] | None = None,
    version: int | None = None,
    status: int = 200,
    wrong: dict[str, Wrong] | None = None,
    tried: Tried | None = None,
) -> Response:
    settings = visit.store.settings
    in_force = {field.name: as_typed(field, settings) for field in FIELDS}
    return desk.pages.show(
        request,
        "settings.html",
        visit=visit,
        status=status,
        groups=GROUPS,
        kinds=Kinds,
        values=in_force | dict(given or {}),
        version=visit.store.settings_version if version is None else version,
        wrong=wrong or {},
        tried=tried,
    )
