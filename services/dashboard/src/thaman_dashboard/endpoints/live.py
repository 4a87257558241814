"""The line on which open pages hear that something of theirs has changed (server-sent events)."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from thaman_dashboard.desk import AtDesk, Desk
from thaman_dashboard.visits import NEWS, Visit, Visitor, from_our_pages
from thaman_kit.problems import Problem

RETRY_MS = 3_000
PAUSE_S = 0.5
"""What happens within it is told together, so that a burst of events asks for each part twice a second at most."""
router = APIRouter(dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get(NEWS)
async def live(desk: AtDesk, visit: Visitor) -> Response:
    """Names of parts that have changed, as they do, until the session ends."""
    if not desk.live.hub.has_room(visit.session.hash):
        raise Problem(
            503, "too_many_lines", "Too many open pages", "Enough pages of this session are told of news.", "Reload it."
        )
    return StreamingResponse(_events(desk, visit), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _events(desk: Desk, visit: Visit) -> AsyncIterator[str]:
    """What goes over the line. The page counts as open only while somebody reads this."""
    loop, heartbeat = asyncio.get_running_loop(), desk.live.heartbeat
    with desk.live.hub.reader(visit.store_id, visit.session.hash) as reader:
        yield f"retry: {RETRY_MS}\n\n"
        looked_at = loop.time()
        while not reader.is_over:
            parts = await reader.news(heartbeat)
            if parts:
                await asyncio.sleep(PAUSE_S)
                parts |= await reader.news(0)
            yield "".join(f"event: {part}\ndata: {part}\n\n" for part in sorted(parts)) or ": still here\n\n"
            if loop.time() - looked_at >= heartbeat:
                looked_at = loop.time()
                if not await run_in_threadpool(desk.sign_in.is_open, visit.session):
                    return
