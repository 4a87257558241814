"""The HTTP API of pricing policies."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path

from thaman_kit.problems import Problem, conflict, not_found, unprocessable
from thaman_optimizer import errors
from thaman_optimizer.bootstrap import Container
from thaman_optimizer.parameters import Caller, Cursor, Key, Limit, cursor_of, named_part, number_part
from thaman_optimizer.policies_shapes import (
    PolicyBody,
    PolicyDraftedView,
    PolicyPage,
    PolicyView,
    ShadowPage,
    StageBody,
    WhatIfBody,
    WhatIfView,
    comparison_view,
    policy_view,
    retold_view,
    shadow_view,
    totals_view,
)

Version = Annotated[int, Path(ge=1, le=2**31 - 1, description="Counts the store's policies from 1.")]

POLICY_PROBLEMS: Mapping[type[errors.OptimizerError], Callable[[Any], Problem]] = {
    errors.PolicyUnknown: lambda _: not_found("policy", "GET /stores/{store_id}/policies lists those there are."),
    errors.PolicyStageRefused: lambda error: conflict(
        "policy_stage_refused", str(error), "Look at the policy's stage and stage it to one it may go to."
    ),
    errors.PolicyBookFull: lambda error: conflict("policy_book_full", str(error), "Stage a policy that is there."),
    errors.PolicyShareWrong: lambda error: unprocessable(
        "policy_share_wrong", str(error), "Correct share_bp and send it again."
    ),
    errors.PolicyRefused: lambda error: unprocessable(
        "policy_refused", str(error), "Correct the policy and send it again."
    ),
    errors.IdempotencyKeyReused: lambda error: unprocessable(
        "idempotency_key_reused", str(error), "Send the policy with a new Idempotency-Key."
    ),
}


def policy_endpoints(router: APIRouter, container: Container) -> None:
    """Add what is asked of policies to a store's endpoints."""
    _writing(router, container)
    _reading(router, container)
    _asking(router, container)


def _writing(router: APIRouter, container: Container) -> None:
    @router.post("/policies", status_code=201)
    def draft(store_id: str, caller: Caller, body: PolicyBody, idempotency_key: Key = None) -> PolicyDraftedView:
        """Write down a new policy. It decides nothing until it is staged."""
        version = container.policies.draft(store_id, body, caller.key_id, idempotency_key)
        return PolicyDraftedView(version=version)

    @router.put("/policies/{version}/stage")
    def stage(store_id: str, version: Version, caller: Caller, body: StageBody) -> PolicyView:
        """Let a policy further, or take it back. What stands in its place makes room: a live policy is retired, one on
        trial goes back to draft."""
        container.policies.stage(store_id, version, body.stage, body.share_bp, caller.key_id)
        return _shown(container, store_id, version)


def _reading(router: APIRouter, container: Container) -> None:
    views = container.views

    @router.get("/policies")
    def policies(store_id: str, caller: Caller, cursor: Cursor = None, limit: Limit = 50) -> PolicyPage:
        """Policies, newest first."""
        rows = views.policies(store_id, number_part(cursor, "policy"), limit + 1)
        following = cursor_of("policy", str(rows[limit - 1]["version"])) if len(rows) > limit else None
        return PolicyPage(items=[policy_view(row) for row in rows[:limit]], next=following)

    @router.get("/policies/{version}")
    def policy(store_id: str, version: Version, caller: Caller) -> PolicyView:
        """One policy with all it says."""
        return _shown(container, store_id, version)

    @router.get("/policies/{version}/shadow")
    def shadow(store_id: str, version: Version, caller: Caller, cursor: Cursor = None, limit: Limit = 50) -> ShadowPage:
        """What the policy made of items when it was last in shadow, beside the live prices of the same runs."""
        _shown(container, store_id, version)
        rows = views.shadow(store_id, version, named_part(cursor, "item"), limit + 1)
        following = cursor_of("item", rows[limit - 1]["item_key"]) if len(rows) > limit else None
        totals = totals_view(views.shadow_totals(store_id, version))
        return ShadowPage(totals=totals, items=[shadow_view(row) for row in rows[:limit]], next=following)


def _asking(router: APIRouter, container: Container) -> None:
    @router.post("/policies/{version}/what-if")
    def what_if(store_id: str, version: Version, caller: Caller, body: WhatIfBody) -> WhatIfView:
        """What the policy would make of the store as it stands, or of its recorded runs; nothing is written."""
        policy = _shown(container, store_id, version).policy
        assert policy is not None
        if body.over == "now":
            return comparison_view(version, container.what_if.now(store_id, version, policy))
        return retold_view(version, container.what_if.over_history(store_id, version, policy, body.days))


def _shown(container: Container, store_id: str, version: int) -> PolicyView:
    row = container.views.policy(store_id, version)
    if row is None:
        raise errors.PolicyUnknown(f"store {store_id} has no policy {version}")
    return policy_view(row)
