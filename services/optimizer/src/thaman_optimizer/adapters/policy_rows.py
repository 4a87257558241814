"""Rows of policies and of what those in shadow would have done."""

from collections.abc import Callable, Mapping
from typing import Any

from thaman_contracts.ids import item_key
from thaman_kit.domain import DomainEvent
from thaman_optimizer.domain import events

Rows = list[tuple[str, dict[str, Any]]]


def _drafted(event: events.PolicyDrafted) -> Rows:
    row = {
        "store_id": event.store_id,
        "version": event.policy_version,
        "title": event.policy.title,
        "document": event.policy.model_dump_json(),
        "drafted_at": event.occurred_at,
        "drafted_by": event.drafted_by,
    }
    return [("policy_drafted", row)]


def _staged(event: events.PolicyStaged) -> Rows:
    row = {
        "store_id": event.store_id,
        "version": event.policy_version,
        "stage": event.stage.value,
        "share_bp": event.share_bp,
        "staged_at": event.occurred_at,
        "staged_by": event.staged_by,
    }
    return [("policy_staged", row)]


def _shadowed(event: events.PricesShadowed) -> Rows:
    named = {
        "store_id": event.store_id,
        "policy_version": event.policy_version,
        "run_id": event.run_id,
        "at": event.occurred_at,
    }
    return [
        (
            "prices_shadowed",
            named | {"item_key": item_key(price.product_id, price.variant_id), "document": price.model_dump_json()},
        )
        for price in event.prices
    ]


POLICY_ROWS: Mapping[type[DomainEvent], Callable[[Any], Rows]] = {
    events.PolicyDrafted: _drafted,
    events.PolicyStaged: _staged,
    events.PricesShadowed: _shadowed,
}
"""The statements, by query name, that each event of a policy makes."""
