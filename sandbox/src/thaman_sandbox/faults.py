"""Faults on purpose: what may go wrong, how often, and dice that fall the same way for the same seed."""

import random

from pydantic import BaseModel, ConfigDict, Field

Share = float
"""A probability between 0 and 1; never money."""


class WebhookFaults(BaseModel):
    """What happens to webhooks on their way."""

    model_config = ConfigDict(extra="forbid")

    p_duplicate: Share = Field(0, ge=0, le=1)
    p_reorder: Share = Field(0, ge=0, le=1)
    p_drop: Share = Field(0, ge=0, le=1)
    delay_ms: int = Field(0, ge=0)
    reorder_ms: int = Field(1500, ge=0, description="A reordered webhook is held back up to this long.")


class FaultPlan(BaseModel):
    """What goes wrong for one store, or (``store_id`` absent) for all stores without a plan of their own."""

    model_config = ConfigDict(extra="forbid")

    store_id: int | None = None
    latency_ms: int = Field(0, ge=0)
    p_429: Share = Field(0, ge=0, le=1)
    p_5xx: Share = Field(0, ge=0, le=1)
    p_5xx_after_write: Share = Field(0, ge=0, le=1, description="The write is done, yet the answer is a 500.")
    html_errors: bool = False
    p_cut_after_write: Share = Field(0, ge=0, le=1)
    p_cut_before_write: Share = Field(0, ge=0, le=1)
    p_lost_bulk_item: Share = Field(0, ge=0, le=1)
    webhook: WebhookFaults = Field(default_factory=WebhookFaults)
    token_delay_ms: int = Field(0, ge=0)
    token_p_cut_after: Share = Field(0, ge=0, le=1)
    token_p_5xx: Share = Field(0, ge=0, le=1)
    seed: int = 1


NO_FAULTS = FaultPlan()


class Dice:
    """Repeatable chance, one row of throws per fault plan."""

    def __init__(self) -> None:
        self._rows: dict[int | None, random.Random] = {}

    def reset(self, plan: FaultPlan) -> None:
        """Start the plan's row of throws again from its seed."""
        self._rows[plan.store_id] = random.Random(plan.seed)  # noqa: S311 - repeatable faults, no secrets

    def falls(self, plan: FaultPlan, share: Share) -> bool:
        """Whether something that happens with probability ``share`` happens now."""
        return share > 0 and self._row(plan).random() < share

    def up_to(self, plan: FaultPlan, limit: int) -> int:
        """A whole number from 0 to ``limit``."""
        return self._row(plan).randint(0, limit)

    def _row(self, plan: FaultPlan) -> random.Random:
        if plan.store_id not in self._rows:
            self.reset(plan)
        return self._rows[plan.store_id]
