"""A worker of the queue ``write`` in a process of its own, to be killed at a fault point.

Arguments: database address, API address, store id, access token.
"""

import asyncio
import sys

from thaman_kit.application import EventSourcedApplication
from thaman_kit.clock import SystemClock
from thaman_onboarding import wiring
from thaman_onboarding.adapters.rate_budget import RateBudget
from thaman_onboarding.adapters.write_store import WRITE
from thaman_onboarding.domain.settling import WritePolicy
from thaman_onboarding.domain.unauthorized import Action


class OneToken:
    """The one store's token."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def access_token(self, store_id: str) -> str:
        return self._token

    async def report_unauthorized(self, store_id: str, message: str, token: str | None = None) -> Action:
        return Action.STOP


async def main(database: str, api_url: str, token: str) -> None:
    app = EventSourcedApplication.connect("onboarding", database, pool_size=4)
    policy = WritePolicy(settle_grace=0.5, first_backoff=0.05, bulk_poll=0.1, bulk_deadline=3.0)
    parts = wiring.Parts(app, SystemClock(), OneToken(token), api_url, policy=policy, lease_seconds=1.5)
    api = wiring.salla_api(parts, RateBudget())
    runner = wiring.writing(parts, api)
    stop = asyncio.Event()
    running = asyncio.create_task(runner.run(stop))
    waiting = "SELECT count(*) AS n FROM jobs WHERE queue = %s AND state IN ('waiting', 'running')"
    while app.database.fetch_all(waiting, (WRITE,))[0]["n"]:  # noqa: ASYNC110 - what is waited for is in the database
        await asyncio.sleep(0.05)
    stop.set()
    await running
    await api.close()
    app.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
