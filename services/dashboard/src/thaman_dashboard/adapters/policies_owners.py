"""The optimizer's policies over HTTP."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from thaman_contracts.events.policies import PolicyStage, PricePolicy
from thaman_dashboard.adapters.owners_http import OwnersHttp
from thaman_dashboard.policies_ports import (
    Difference,
    Known,
    PolicyHead,
    PolicyShown,
    RetoldRun,
    Shadow,
    ShadowItem,
    Totals,
    WhatIf,
)

PAGE = 100
MOST_POLICIES = 500
"""As many as a store may have."""
MOST_KNOWN = 2_000
"""Policies of all stores whose texts are kept; then all are asked for anew."""
MOST_ITEMS = 500
"""Items of a shadow that are asked for one by one; the totals are of all."""
WHAT_IF_TIMEOUT = 120.0
"""Seconds: the history of a large store takes a while to judge again."""


class HttpPolicyOwners:
    """Implements :class:`thaman_dashboard.policies_ports.PolicyOwners`. Use it from threads."""

    def __init__(self, http: OwnersHttp) -> None:
        """``http`` asks."""
        self._http = http
        self._known: dict[tuple[str, int], PricePolicy] = {}

    def policies(self, store_id: str) -> tuple[PolicyHead, ...]:
        """See :class:`~thaman_dashboard.policies_ports.PolicyOwners`."""
        _, items = self._all(f"/stores/{store_id}/policies", MOST_POLICIES)
        return tuple(_head(one) for one in items)

    def policy(self, store_id: str, version: int) -> PolicyShown:
        """See :class:`~thaman_dashboard.policies_ports.PolicyOwners`."""
        told = self._http.ask("optimizer", "GET", f"/stores/{store_id}/policies/{version}").json()
        return PolicyShown(_head(told), PricePolicy.model_validate(told["policy"]))

    def whole(self, store_id: str, head: PolicyHead) -> PolicyShown:
        """See :class:`~thaman_dashboard.policies_ports.PolicyOwners`."""
        known = self._known.get((store_id, head.version))
        if known is None:
            known = self.policy(store_id, head.version).policy
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[store_id, head.version] = known
        return PolicyShown(head, known)

    def draft(self, store_id: str, policy: PricePolicy, key: str) -> int:
        """See :class:`~thaman_dashboard.policies_ports.PolicyOwners`."""
        body = policy.model_dump(mode="json", exclude_none=True)
        headers = {"Idempotency-Key": key}
        told = self._http.ask("optimizer", "POST", f"/stores/{store_id}/policies", json=body, headers=headers).json()
        return int(told["version"])

    def stage(self, store_id: str, version: int, stage: PolicyStage, share_bp: int | None) -> None:
        """See :class:`~thaman_dashboard.policies_ports.PolicyOwners`."""
        body = {"stage": stage.value, "share_bp": share_bp}
        self._http.ask("optimizer", "PUT", f"/stores/{store_id}/policies/{version}/stage", json=body)

    def shadow(self, store_id: str, version: int) -> Shadow:
        """See :class:`~thaman_dashboard.policies_ports.PolicyOwners`."""
        first, items = self._all(f"/stores/{store_id}/policies/{version}/shadow", MOST_ITEMS)
        totals = first["totals"]
        counts = {name: totals[name] for name in ("compared", "different", "write", "ask", "hold")}
        return Shadow(
            shadow_profit=Known(**totals["expected_weekly_profit_change"]),
            live_profit=Known(**totals["live_expected_weekly_profit_change"]),
            items=tuple(ShadowItem(**{name: one[name] for name in ShadowItem.__slots__}) for one in items),
            **counts,
        )

    def what_if(self, store_id: str, version: int, over: str, days: int) -> WhatIf:
        """See :class:`~thaman_dashboard.policies_ports.PolicyOwners`."""
        address = f"/stores/{store_id}/policies/{version}/what-if"
        told = self._http.ask(
            "optimizer", "POST", address, json={"over": over, "days": days}, timeout=WHAT_IF_TIMEOUT
        ).json()
        return WhatIf(
            over=told["over"],
            live=_totals(told["live"]),
            policy=_totals(told["policy"]),
            different=told["different"],
            differences=tuple(
                Difference(**{name: one[name] for name in Difference.__slots__}) for one in told["differences"]
            ),
            runs=tuple(_run(one) for one in told["runs"]),
            runs_left_out=told["runs_left_out"],
            note_ar=told["note_ar"],
            note_en=told["note_en"],
        )

    def _all(self, address: str, most: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """A list's first page, and its things up to ``most``."""
        first: dict[str, Any] | None = None
        items: list[dict[str, Any]] = []
        cursor: str | None = None
        while first is None or (cursor is not None and len(items) < most):
            params = {"limit": PAGE} | ({"cursor": cursor} if cursor else {})
            page = self._http.ask("optimizer", "GET", address, params=params).json()
            first = first or page
            items += page["items"]
            cursor = page["next"]
        return first, items


def _head(told: Mapping[str, Any]) -> PolicyHead:
    return PolicyHead(
        version=told["version"],
        title=told["title"],
        stage=PolicyStage(told["stage"]),
        share_bp=told["share_bp"],
        drafted_at=datetime.fromisoformat(told["drafted_at"]),
        staged_at=None if told["staged_at"] is None else datetime.fromisoformat(told["staged_at"]),
    )


def _totals(told: Mapping[str, Any]) -> Totals:
    return Totals(**{name: told[name] for name in Totals.__slots__})


def _run(told: Mapping[str, Any]) -> RetoldRun:
    return RetoldRun(
        run_id=UUID(told["run_id"]),
        at=datetime.fromisoformat(told["at"]),
        reproduced=told["reproduced"],
        different=told["different"],
        live=_totals(told["live"]),
        policy=_totals(told["policy"]),
    )
