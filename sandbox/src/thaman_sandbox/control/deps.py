"""What every control operation needs."""

from typing import Annotated

from fastapi import Depends, Request

from thaman_sandbox.world import World


async def _world(request: Request) -> World:
    world = request.app.state.world
    assert isinstance(world, World)
    return world


World_ = Annotated[World, Depends(_world)]
"""The running sandbox, as a parameter of an operation."""
