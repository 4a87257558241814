"""The door for Salla's webhooks."""

import asyncio

from fastapi import APIRouter, Request

from thaman_onboarding.endpoints.access import Services

router = APIRouter(tags=["webhooks"])


@router.post("/webhooks/salla", summary="Take in a Salla webhook")
async def receive(request: Request, services: Services) -> dict[str, str]:
    """Answers 200 once the event is durable; what it means is worked out afterwards."""
    raw = await request.body()
    headers = {name.lower(): value for name, value in request.headers.items()}
    return {"status": await asyncio.to_thread(services.webhook_door.receive, raw, headers)}
