"""Forgetting a store: how it stands, asking for it, calling it off."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from thaman_onboarding.application.forgetting import Standing
from thaman_onboarding.endpoints.access import Operator, Services, StoreKey, who
from thaman_onboarding.endpoints.shapes import Body

router = APIRouter(tags=["forgetting"])


class HeldView(BaseModel):
    """How much is held that goes with the store's data key."""

    keys: int = Field(description="1 while the store's data key lives.")
    profiles: int = Field(description="Sealed profiles: the store's name.")
    tokens: int
    installs: int = Field(description="Tokens on their way in.")
    webhooks: int = Field(description="Webhooks that wait with their bodies.")
    api_keys: int = Field(description="API keys of the store that still work.")


class ForgettingView(BaseModel):
    """How a store stands."""

    store_id: str
    state: Literal["kept", "waiting", "forgotten"]
    connected: bool
    reason: str | None
    asked_by: str | None
    asked_at: datetime | None
    due_at: datetime | None
    forgotten_at: datetime | None
    held: HeldView

    @classmethod
    def of(cls, standing: Standing) -> "ForgettingView":
        """As it stands now."""
        wish, gone = standing.wish, standing.forgotten_at is not None
        return cls(
            store_id=standing.store_id,
            state="forgotten" if gone else "kept" if wish is None else "waiting",
            connected=standing.connected,
            reason=wish and wish.reason.value,
            asked_by=wish and wish.asked_by,
            asked_at=wish and wish.asked_at,
            due_at=wish and wish.due_at,
            forgotten_at=standing.forgotten_at,
            held=HeldView.model_validate(standing.holdings, from_attributes=True),
        )


class ForgetBody(Body):
    """When to forget."""

    now: bool = Field(False, description="At once. It cannot be taken back.")


@router.get("/stores/{store_id}/forgetting", summary="Whether a store waits to be forgotten")
def get_forgetting(store_id: str, services: Services, _: StoreKey) -> ForgettingView:
    """How the store stands, and what would go."""
    return ForgettingView.of(services.forgetting.standing(store_id))


@router.post("/stores/{store_id}/forgetting", summary="Forget a store")
def ask(store_id: str, services: Services, caller: Operator, body: ForgetBody | None = None) -> ForgettingView:
    """Destroy the store's data key, at once or after the installation's waiting time."""
    return ForgettingView.of(services.forgetting.ask(store_id, who(caller), now=(body or ForgetBody()).now))


@router.delete("/stores/{store_id}/forgetting", summary="Call a forgetting off")
def call_off(store_id: str, services: Services, caller: Operator) -> ForgettingView:
    """The store is kept; what is forgotten already stays so."""
    return ForgettingView.of(services.forgetting.call_off(store_id, who(caller)))
