"""The store's settings: all of them to read and to change, with what a change would do before it is saved."""

from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.desk import AtDesk, Desk
from thaman_dashboard.owner_ports import OwnerError, OwnerRefused
from thaman_dashboard.pages.notices import Notice
from thaman_dashboard.permissions import Deed, require
from thaman_dashboard.settings_fields import FIELDS, GROUPS, Kind
from thaman_dashboard.settings_form import Wrong, as_typed, typed
from thaman_dashboard.settings_ports import Effect
from thaman_dashboard.visits import Form, Posted, SureVisitor, Visit, Visitor, from_our_pages
from thaman_kit.logging import get_logger

router = APIRouter(prefix="/settings", dependencies=[Depends(from_our_pages)], include_in_schema=False)
log = get_logger(__name__)


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
        return _page(request, desk, visit, form=form, status=422, wrong=read_form.wrong)
    if form.one("deed") == "preview":
        effect = _effect(desk, visit, read_form.changes)
        return _page(request, desk, visit, form=form, changed=len(read_form.changes), effect=effect, asked=True)
    version = form.one("version")
    try:
        shown = desk.commands.change_settings(
            visit.session, read_form.changes, int(version) if version.isdecimal() else 0
        )
    except OwnerRefused as error:
        if error.code != "settings_changed":
            raise
        return desk.pages.move("/settings", Notice("settings_changed"))
    return desk.pages.move("/settings", Notice("settings_saved", late=not shown))


def _effect(desk: Desk, visit: Visit, changes: dict[str, Any]) -> Effect | None:
    """What the change would do; ``None`` where the optimizer cannot say it now, which stops nobody from saving."""
    try:
        return desk.settings_owners.effect(visit.store_id, changes)
    except OwnerError as error:
        log.info("effect_unknown", reason=str(error))
        return None


def _page(
    request: Request,
    desk: Desk,
    visit: Visit,
    *,
    form: Form | None = None,
    status: int = 200,
    wrong: dict[str, Wrong] | None = None,
    changed: int = 0,
    effect: Effect | None = None,
    asked: bool = False,
) -> Response:
    settings = visit.store.settings
    in_force = {field.name: as_typed(field, settings) for field in FIELDS}
    given = {} if form is None else {name: form.one(name) for name in in_force if form.all(name)}
    return desk.pages.show(
        request,
        "settings.html",
        visit=visit,
        status=status,
        groups=GROUPS,
        kinds=Kind,
        values=in_force | given,
        version=visit.store.settings_version if form is None else form.one("version"),
        wrong=wrong or {},
        changed=changed,
        effect=effect,
        asked=asked,
    )
