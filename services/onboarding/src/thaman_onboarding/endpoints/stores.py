"""Stores: what they are, their settings and rules, pause and resume."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Query, Response

from thaman_contracts.events.settings import ItemRule, StoreSettings
from thaman_kit.problems import Problem
from thaman_onboarding.adapters.store_rows import StoreRow
from thaman_onboarding.bootstrap import Container
from thaman_onboarding.endpoints.access import AnyKey, Services, StoreKey, who
from thaman_onboarding.endpoints.partial import partial_schema
from thaman_onboarding.endpoints.shapes import Page, PauseBody, RulesBody, SettingsView, StoreView

router = APIRouter(tags=["stores"])

Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str, Query(max_length=60)]
IfMatch = Annotated[str | None, Header(description="The settings_version the change was made for.")]


@router.get("/stores", summary="Stores the key may see")
def list_stores(
    services: Services, caller: AnyKey, limit: Limit = 50, after: Cursor = "", connected: bool | None = None
) -> Page[StoreView]:
    """All stores for an operator, its own for a store."""
    if caller.store_id is not None:
        row = services.stores.rows.get(caller.store_id)
        return Page(items=[] if row is None else [_view(services, row)], next=None)
    rows = services.stores.rows.page(after, limit + 1, connected)
    items = [_view(services, row) for row in rows[:limit]]
    return Page(items=items, next=items[-1].store_id if len(rows) > limit else None)


@router.get("/stores/{store_id}", summary="One store")
def get_store(store_id: str, services: Services, _: StoreKey) -> StoreView:
    """The store with its connection, entitlement and fence."""
    return _view(services, services.stores.get(store_id))


@router.get("/stores/{store_id}/settings", summary="Pricing policy")
def get_settings(store_id: str, services: Services, _: StoreKey, response: Response) -> SettingsView:
    """The policy in force, with its version as ETag."""
    return _settings(services.stores.get(store_id), response)


@router.patch(
    "/stores/{store_id}/settings", summary="Change the pricing policy", openapi_extra=partial_schema(StoreSettings)
)
def change_settings(
    store_id: str,
    services: Services,
    caller: StoreKey,
    *,
    response: Response,
    changes: Annotated[dict[str, Any], Body()],
    if_match: IfMatch = None,
) -> SettingsView:
    """Change the fields that the body names; with If-Match only if nobody changed them meanwhile."""
    row = services.stores.change_settings(store_id, changes, version_of(if_match), who(caller))
    return _settings(row, response)


@router.get("/stores/{store_id}/item-rules", summary="What merchants say of single items")
def get_rules(store_id: str, services: Services, _: StoreKey, limit: Limit = 100, after: Cursor = "") -> Page[ItemRule]:
    """Rules by item key."""
    services.stores.get(store_id)
    rules = services.stores.rows.rules(store_id, after, limit + 1)
    return Page(items=rules[:limit], next=rules[limit - 1].key if len(rules) > limit else None)


@router.put("/stores/{store_id}/item-rules", summary="Say it: limits, lock, season end, cost, mode", status_code=204)
def put_rules(store_id: str, body: RulesBody, services: Services, caller: StoreKey) -> None:
    """Each rule replaces the item's earlier one; a rule that says nothing removes it."""
    services.stores.set_rules(store_id, tuple(body.rules), who(caller))


@router.post("/stores/{store_id}/pause", summary="Stop writing prices")
def pause(store_id: str, services: Services, caller: StoreKey, body: PauseBody | None = None) -> StoreView:
    """From now on no price of the store is written; decisions made before are dead for good."""
    return _view(services, services.stores.pause(store_id, (body or PauseBody()).reason, who(caller)))


@router.post("/stores/{store_id}/resume", summary="Allow writing prices again")
def resume(store_id: str, services: Services, caller: StoreKey) -> StoreView:
    """Decisions made from now on may be written."""
    return _view(services, services.stores.resume(store_id, who(caller)))


def version_of(if_match: str | None) -> int | None:
    """The version in an If-Match header; ``*`` and no header mean any.

    Raises:
        Problem: 400, it is no version of ours.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Problem(
            400,
            "bad_if_match",
            "Bad If-Match header",
            "If-Match must be the settings_version, a whole number.",
            "Send the ETag of the settings as you read them.",
        )
    return int(text)


def _settings(row: StoreRow, response: Response) -> SettingsView:
    response.headers["ETag"] = f'"{row.settings_version}"'
    return SettingsView(settings_version=row.settings_version, settings=row.settings)


def _view(services: Container, row: StoreRow) -> StoreView:
    return StoreView.of(row, services.clock.now(), f"{services.settings.public_url}/oauth/authorize")
