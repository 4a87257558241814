"""One running system for all fault tests; it is started anew after a test failed, because its world may be broken.

What is tested elsewhere and not again here: two processes that renew one token under a delay of 500 ms
(services/onboarding/tests/test_refresh.py), and a writer that dies at each of its fault points with single and queued
calls (services/onboarding/tests/prices/test_crash.py).
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.faults import blows
from tests.faults.market import Market
from tests.support.system import System

QUICK = {
    "THAMAN_OPTIMIZER_REFETCH_MINUTES": "0",
    "THAMAN_OPTIMIZER_LEASE_SECONDS": "5",
    "THAMAN_SCHEDULER_TICK_SECONDS": "1",
    "THAMAN_SCHEDULER_CLAIM_SECONDS": "5",
    "THAMAN_SALLA_TIMEOUT_SECONDS": "5",
}
"""Waits that tests need not sit through."""
_failed: pytest.StashKey[bool] = pytest.StashKey()
_last: pytest.StashKey[bool] = pytest.StashKey()


class Installation:
    """The running system, if there is one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        self._system: System | None = None
        self._market: Market | None = None

    async def market(self) -> Market:
        """The stores of the running system; both are made where there are none."""
        if self._market is None:
            await self.discard()  # what a failed beginning has left
            self._number += 1
            # Durable, because a database that may forget what it has committed breaks every promise by itself.
            home = self._folder / f"home-{self._number}"
            self._system = await System(home, env=QUICK, durable=True).__aenter__()
            made = Market(self._system)
            await made.open(stores=4, products=30)
            self._market = made
        return self._market

    async def discard(self) -> None:
        """Stop what runs; the next test gets a new one."""
        system, self._system, self._market = self._system, None, None
        if system is not None:
            await system.__aexit__()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def installation(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    """The one installation."""
    made = Installation(tmp_path_factory.mktemp("faults"))
    try:
        yield made
    finally:
        await made.discard()


@pytest_asyncio.fixture(loop_scope="session")
async def market(installation: Installation, request: pytest.FixtureRequest) -> AsyncIterator[Market]:
    """Four stores in order, at the beginning of each test."""
    yield await installation.market()
    if request.node.stash.get(_failed, True) or request.node.stash[_last]:
        await installation.discard()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Remember whether other tests come next: an idle system would slow them down until the very end."""
    item.stash[_last] = nextitem is None or nextitem.path.parent != item.path.parent
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Remember whether the test itself failed, for the fixture that comes down after it."""
    report = yield
    if report.when == "call":
        item.stash[_failed] = report.failed
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the kill runs hit."""
    if blows.kills:
        hits = ", ".join(f"{name} {count}" for name, count in sorted(blows.kills.items()))
        terminalreporter.write_line(f"fault runs hit: {hits}")
