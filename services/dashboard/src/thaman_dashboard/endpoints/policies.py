"""Pricing policies: those there are and how each differs from the live one, one with all it says, and a new one."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from thaman_contracts.events.policies import PolicyStage
from thaman_dashboard.desk import AtDesk, Desk
from thaman_dashboard.endpoints.away import AWAY, away
from thaman_dashboard.owner_ports import OwnerRefused
from thaman_dashboard.pages.notices import Notice
from thaman_dashboard.pages.policy_words import differences, said
from thaman_dashboard.permissions import Deed, require
from thaman_dashboard.policies_ports import PolicyHead, PolicyShown
from thaman_dashboard.policy_form import MOST_ROWS, ROWS, TypedPolicy, as_typed, count_of, fits, names_of, typed
from thaman_dashboard.settings_form import Wrong
from thaman_dashboard.visits import Posted, SureVisitor, Visit, Visitor, from_our_pages
from thaman_kit.problems import Fault, invalid_request

ON_A_PAGE = 10
LONGEST_KEY = 64
NEXT: dict[PolicyStage, tuple[PolicyStage, ...]] = {
    PolicyStage.DRAFT: (PolicyStage.SHADOW, PolicyStage.CANARY, PolicyStage.LIVE, PolicyStage.RETIRED),
    PolicyStage.SHADOW: (PolicyStage.CANARY, PolicyStage.LIVE, PolicyStage.DRAFT, PolicyStage.RETIRED),
    PolicyStage.CANARY: (PolicyStage.CANARY, PolicyStage.LIVE, PolicyStage.DRAFT, PolicyStage.RETIRED),
    PolicyStage.LIVE: (PolicyStage.RETIRED,),
    PolicyStage.RETIRED: (),
}
"""Where a policy may go from each stage, the usual way first; the optimizer refuses any other."""

Version = Annotated[int, Path(ge=1, le=2**31 - 1)]
Before = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Versions below this one.")]
From = Annotated[int | None, Query(alias="from", ge=1, le=2**31 - 1)]
router = APIRouter(prefix="/policies", dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get("")
def policies(request: Request, desk: AtDesk, visit: Visitor, before: Before = None) -> Response:
    """Policies, newest first, each with what it says otherwise than the live one."""
    try:
        heads = desk.policy_owners.policies(visit.store_id)
        live = live_of(desk, visit, heads)
        listed = [one for one in heads if before is None or one.version < before][: ON_A_PAGE + 1]
        shown = [desk.policy_owners.whole(visit.store_id, one) for one in listed[:ON_A_PAGE]]
    except AWAY:
        return away(request, desk, visit, "menu.policies")
    return desk.pages.show(
        request,
        "policies.html",
        visit=visit,
        live=live,
        shown=shown,
        older=shown[-1].head.version if len(listed) > ON_A_PAGE else None,
        before=before,
        said=said,
        differences=differences,
    )


@router.get("/new")
def begin(request: Request, desk: AtDesk, visit: Visitor, source: From = None) -> Response:
    """A form for a new policy that says what the live one, or another, says."""
    require(visit.session.role, Deed.POLICIES)
    heads = desk.policy_owners.policies(visit.store_id)
    origin = live_of(desk, visit, heads) if source is None else known_policy(desk, visit, source)
    is_too_long = origin is not None and not fits(origin.policy)
    values = {} if origin is None or is_too_long else as_typed(origin.policy) | {"title": ""}
    return _form(request, desk, visit, TypedPolicy(values), uuid4().hex, origin=origin, is_too_long=is_too_long)


@router.post("")
def draft(request: Request, desk: AtDesk, visit: SureVisitor, form: Posted) -> Response:
    """Write a new policy down, or show the form with one more row."""
    require(visit.session.role, Deed.POLICIES)
    key = form.one("key")
    if not key or len(key) > LONGEST_KEY or not key.isascii():
        raise invalid_request([Fault("is not the form's own", "bad_key", parameter="key")])
    found = typed(form, names_of(form))
    more = form.one("more")
    if more in ROWS:
        found.values[f"rows.{more}"] = str(min(count_of(found.values, more) + 1, MOST_ROWS[more]))
        return _form(request, desk, visit, TypedPolicy(found.values), key)
    if found.policy is None:
        return _form(request, desk, visit, found, key, status=422)
    try:
        version = desk.policy_owners.draft(visit.store_id, found.policy, key)
    except OwnerRefused as error:
        if error.code not in ("policy_refused", "invalid_request"):
            raise
        found.wrong["title"] = Wrong("refused")
        return _form(request, desk, visit, found, key, status=422)
    return desk.pages.move(f"/policies/{version}", Notice("policy_drafted"))


@router.get("/{version}")
def policy(request: Request, desk: AtDesk, visit: Visitor, version: Version) -> Response:
    """One policy, and where it may go from here."""
    return show_policy(request, desk, visit, version)


def show_policy(
    request: Request, desk: Desk, visit: Visit, version: int, *, status: int = 200, wrong_share: str | None = None
) -> Response:
    """A policy's page; ``wrong_share`` is a canary's share that was typed and is none."""
    found = known_policy(desk, visit, version)
    live = live_of(desk, visit, desk.policy_owners.policies(visit.store_id))
    return desk.pages.show(
        request,
        "policies_one.html",
        visit=visit,
        status=status,
        found=found,
        live=live,
        is_live=live is not None and live.head.version == version,
        steps=NEXT[found.head.stage],
        wrong_share=wrong_share,
        said=said,
        differences=differences,
    )


def live_of(desk: Desk, visit: Visit, heads: tuple[PolicyHead, ...]) -> PolicyShown | None:
    """The live policy; ``None`` where the settings alone hold."""
    live = next((one for one in heads if one.stage is PolicyStage.LIVE), None)
    return None if live is None else desk.policy_owners.whole(visit.store_id, live)


def known_policy(desk: Desk, visit: Visit, version: int) -> PolicyShown:
    """A policy of the store; one that there is not is refused as ``not_found``."""
    return desk.policy_owners.policy(visit.store_id, version)


def _form(
    request: Request,
    desk: Desk,
    visit: Visit,
    found: TypedPolicy,
    key: str,
    *,
    origin: PolicyShown | None = None,
    is_too_long: bool = False,
    status: int = 200,
) -> Response:
    rows = {kind: max(1, count_of(found.values, kind)) for kind in ROWS}
    return desk.pages.show(
        request,
        "policies_draft.html",
        visit=visit,
        status=status,
        values=found.values,
        wrong=found.wrong,
        rows=rows,
        most=MOST_ROWS,
        key=key,
        origin=origin,
        is_too_long=is_too_long,
    )
