"""A policy laid over the store's settings, and which items a canary decides for. Pure."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

from thaman_contracts.events.policies import PolicyStage
from thaman_contracts.money import BP_ONE
from thaman_optimizer.domain.facts import ItemFacts, PolicyFacts, StoreFacts

_REPLACED = ("strategy", "offset_bp", "risk_tolerance", "ending")
"""Settings that hold as the policy says, where it says anything."""


def under(store: StoreFacts, facts: PolicyFacts | None) -> StoreFacts:
    """The store's facts with the settings that hold under a policy, which is then the store's ``policy``.

    A policy tightens: of the minimum margin (on the store's own basis) the larger holds, of the largest step the
    smaller. So no floor is lower, and no step larger, than the settings alone make it. ``None`` is no policy: the
    settings as they are. To be laid over the store's own facts, once.
    """
    if facts is None:
        return replace(store, policy=None)
    policy, settings = facts.policy, store.settings
    wanted = {name: getattr(policy, name) for name in _REPLACED}
    changes: dict[str, Any] = {name: value for name, value in wanted.items() if value is not None}
    if policy.min_margin_bp is not None:
        changes["min_margin_bp"] = max(policy.min_margin_bp, settings.min_margin_bp)
    if policy.max_step_bp is not None:
        changes["max_step_bp"] = min(policy.max_step_bp, settings.max_step_bp)
    return replace(store, settings=settings.model_copy(update=changes), policy=facts)


def in_canary(store_id: str, policy_version: int, key: str, share_bp: int) -> bool:
    """Whether a canary of ``share_bp`` decides for what ``key`` names: an item's key, or that of a group of items.

    Each key has a place of its own among 10,000, from SHA-256 of store, version and key. So an answer depends on no
    other item, a larger share only adds, and every policy tries another part of the store.
    """
    return _place("canary", store_id, str(policy_version), key) < share_bp


def in_control(store: StoreFacts, item: ItemFacts) -> bool:
    """Whether an item is in the store's control share, whose prices are left alone for comparison.

    By product, like a canary, so that variants are on one side. The place hangs on store and product alone: it never
    changes, and a larger share only adds.
    """
    share_bp = store.settings.control_share_bp
    return share_bp > 0 and _place("control", store.store_id, item.product_id) < share_bp


def _place(*names: str) -> int:
    """A place among 10,000 that names have for ever, from their SHA-256."""
    return int.from_bytes(sha256("\x1f".join(names).encode()).digest()[:8], "big") * BP_ONE >> 64


def deciding(store: StoreFacts, item: ItemFacts) -> PolicyFacts | None:
    """The policy that decides about an item; ``None`` where the store's settings do by themselves."""
    trial = store.trial
    if trial is None or trial.stage is not PolicyStage.CANARY:
        return store.policy
    # By product, so that its variants are on one side and can move together.
    tried = in_canary(store.store_id, trial.version, item.product_id, trial.share_bp or 0)
    return trial if tried else store.policy
