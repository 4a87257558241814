"""API keys, for operators."""

from typing import Annotated

from fastapi import APIRouter, Query

from thaman_onboarding.endpoints.access import Operator, Services
from thaman_onboarding.endpoints.shapes import IssuedKeyView, KeyBody, KeyView, Page

router = APIRouter(tags=["keys"])


@router.post("/keys", summary="Make an API key", status_code=201)
def make_key(body: KeyBody, services: Services, _: Operator) -> IssuedKeyView:
    """The answer holds the only copy of the secret."""
    if body.store_id is not None:
        services.stores.get(body.store_id)
    made = services.issue_key(body.scope, body.store_id, body.label, body.expires_at)
    return IssuedKeyView(
        key_id=made.key_id,
        key=made.key.get_secret_value(),
        scope=body.scope,
        store_id=body.store_id,
        label=body.label,
        expires_at=body.expires_at,
    )


@router.get("/keys", summary="API keys without their secrets")
def list_keys(
    services: Services,
    _: Operator,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    after: Annotated[str, Query(max_length=60)] = "",
    store_id: Annotated[str | None, Query(max_length=20)] = None,
) -> Page[KeyView]:
    """Also expired and revoked ones."""
    rows = services.stores.rows.keys(after, limit + 1, store_id)
    items = [KeyView.model_validate(row) for row in rows[:limit]]
    return Page(items=items, next=items[-1].key_id if len(rows) > limit else None)


@router.delete("/keys/{key_id}", summary="Revoke an API key", status_code=204)
def revoke_key(key_id: str, services: Services, _: Operator) -> None:
    """It stops working here at once, in the other services within seconds."""
    services.revoke_key(key_id)
