"""App, clock, switches, faults, and the books that tests read."""

from datetime import UTC

from fastapi import APIRouter

from thaman_sandbox.config import AppConfig
from thaman_sandbox.control import requests
from thaman_sandbox.control.deps import World_
from thaman_sandbox.errors import ControlRefused
from thaman_sandbox.faults import FaultPlan
from thaman_sandbox.models import App, Delivery, PriceWrite
from thaman_sandbox.registering import app_from
from thaman_sandbox.switches import Switches
from thaman_sandbox.tokens import ledger

router = APIRouter(prefix="/_sandbox")
JsonRow = dict[str, object]


@router.get("/health")
async def health(world: World_) -> JsonRow:
    """Whether it is up, and how much is in it."""
    return {"status": "ok", "stores": len(world.state.stores), "now": world.clock.now()}


@router.post("/app", status_code=201)
async def set_app(world: World_, body: AppConfig) -> App:
    """Register the partner's app (one at a time; again replaces it)."""
    app = app_from(body)
    world.state.set_app(app)
    return app


@router.get("/switches")
async def get_switches(world: World_) -> Switches:
    """All switches."""
    return world.switches


@router.put("/switches")
async def put_switches(world: World_, body: dict[str, object]) -> Switches:
    """Set the named switches, leave the others."""
    try:
        switches = Switches.model_validate(world.switches.model_dump() | body)
    except ValueError as wrong:
        raise ControlRefused(f"These switches are not possible. GET /_sandbox/switches lists them. {wrong}") from wrong
    world.state.set_switches(switches)
    return switches


@router.get("/faults")
async def get_faults(world: World_) -> list[FaultPlan]:
    """All fault plans in force."""
    return list(world.state.faults.values())


@router.put("/faults")
async def put_faults(world: World_, body: FaultPlan) -> FaultPlan:
    """Put a plan in force for one store, or (no ``store_id``) for all without one of their own."""
    if body.store_id is not None:
        world.state.store(body.store_id)
    world.state.add_fault(body)
    world.dice.reset(body)
    return body


@router.delete("/faults")
async def delete_faults(world: World_) -> JsonRow:
    """End all faults."""
    world.state.drop_faults()
    return {"faults": 0}


@router.get("/clock")
async def get_clock(world: World_) -> JsonRow:
    """The virtual time."""
    setting = world.clock.setting
    return {"now": world.clock.now(), "offset_seconds": setting.offset_seconds, "frozen_at": setting.frozen_at}


@router.put("/clock")
async def put_clock(world: World_, body: requests.ClockMove) -> JsonRow:
    """Shift, freeze or advance the virtual time."""
    given = body.model_dump(exclude_none=True)
    if len(given) != 1:
        raise ControlRefused("Give exactly one of offset_seconds, frozen_at, advance_seconds.")
    if body.advance_seconds is not None:
        world.clock.advance(body.advance_seconds)
    else:
        frozen = body.frozen_at
        if frozen is not None:
            frozen = frozen.astimezone(UTC) if frozen.tzinfo else frozen.replace(tzinfo=UTC)
        world.clock.set(offset_seconds=body.offset_seconds, frozen_at=frozen)
    return await get_clock(world)


@router.get("/write-log")
async def write_log(world: World_, store_id: int | None = None, after: int = 0) -> list[PriceWrite]:
    """Every price write request, in order, from number ``after`` + 1."""
    return [one for one in world.state.writes[max(after, 0) :] if store_id in (None, one.store_id)]


@router.get("/token-ledger")
async def token_ledger(world: World_, store_id: int | None = None) -> JsonRow:
    """Every token and refresh; no token in clear."""
    return ledger(world, store_id)


@router.get("/calls")
async def calls(world: World_, store_id: int | None = None) -> JsonRow:
    """How often each route was called, by store; store 0 stands for calls without a valid token."""
    rows = [one for one in world.state.calls.values() if store_id in (None, one.store_id)]
    return {
        "calls": rows,
        "total": sum(one.calls for one in rows),
        "refused_429": sum(one.refused_429 for one in rows),
    }


@router.delete("/calls")
async def reset_calls(world: World_) -> JsonRow:
    """Start counting again."""
    for one in world.state.calls.values():
        world.state.forget("call", f"{one.store_id} {one.route}")
    world.state.calls.clear()
    return {"total": 0}


@router.get("/webhooks")
async def deliveries(world: World_, store_id: int | None = None, event: str | None = None) -> list[JsonRow]:
    """Every webhook and what became of it; bodies are left out, for some carry tokens."""
    return [
        _delivery_row(one)
        for one in world.state.deliveries.values()
        if store_id in (None, one.store_id) and event in (None, one.event)
    ]


def _delivery_row(one: Delivery) -> JsonRow:
    return {
        "id": one.id,
        "store_id": one.store_id,
        "event": one.event,
        "url": one.url,
        "created_at": one.created_at,
        "outcome": one.outcome,
        "results": one.results,
    }


@router.get("/pending")
async def pending(world: World_) -> JsonRow:
    """What is still to happen; all zero means the world is quiet."""
    jobs = list(world.state.jobs.values())
    return {
        "bulk": sum(one.kind == "bulk" for one in jobs),
        "webhooks": sum(one.kind == "deliver" for one in jobs),
    }
