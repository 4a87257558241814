"""The store's settings: all of them to read; mode, margin and risk to change."""

from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.desk import AtDesk
from thaman_dashboard.owner_ports import OwnerRefused
from thaman_dashboard.pages.notices import Notice
from thaman_dashboard.pages.numerals import western
from thaman_dashboard.pages.words import codes
from thaman_dashboard.visits import Form, Posted, SureVisitor, Visitor, from_our_pages

MOST_MARGIN_BP = 10_000
FIELDS = ("mode", "margin", "tolerance")
router = APIRouter(prefix="/settings", dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get("")
def read(request: Request, desk: AtDesk, visit: Visitor) -> Response:
    """The settings in force."""
    return desk.pages.show(request, "settings.html", visit=visit, wrong={}, typed=None)


@router.post("")
def change(request: Request, desk: AtDesk, visit: SureVisitor, form: Posted) -> Response:
    """Change them, unless somebody else did since the form was shown."""
    changes, wrong = _changes(form)
    if wrong:
        typed = {name: form.one(name) for name in FIELDS}
        return desk.pages.show(request, "settings.html", visit=visit, status=422, wrong=wrong, typed=typed)
    version = form.one("version")
    try:
        shown = desk.commands.change_settings(visit.session, changes, int(version) if version.isdecimal() else 0)
    except OwnerRefused as error:
        if error.code != "settings_changed":
            raise
        return desk.pages.move("/settings", Notice("settings_changed"))
    return desk.pages.move("/settings", Notice("settings_saved", late=not shown))


def _changes(form: Form) -> tuple[dict[str, Any], dict[str, str]]:
    """The fields to change, and what is wrong with those that cannot be."""
    wrong = {name: "choice" for name in ("mode", "tolerance") if form.one(name) not in codes(name)}
    margin = _basis_points(form.one("margin"))
    if margin is None:
        wrong["margin"] = "share"
    return {"mode": form.one("mode"), "risk_tolerance": form.one("tolerance"), "min_margin_bp": margin}, wrong


def _basis_points(text: str) -> int | None:
    """A percentage as a person types it; ``None`` where it is none from 0 to 100 with two decimals at most."""
    try:
        bp = Decimal(western(text.strip().rstrip("%٪"))) * 100
        exact = int(bp) if bp == bp.to_integral_value() and 0 <= bp <= MOST_MARGIN_BP else None
    except ArithmeticError:
        return None
    return exact
