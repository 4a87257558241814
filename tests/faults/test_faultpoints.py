"""At every fault point of the code a process dies once, on the way that leads there, and the world stays in order."""

import pytest
from tests.faults.books import check_books
from tests.faults.market import Market
from tests.faults.points import Doomed, points_in_code
from tests.faults.scenarios import SCENARIOS


async def die(market: Market, point: str) -> None:
    """Die at the point; then everything has to be made good by itself."""
    scenario = SCENARIOS[point]
    await scenario.walk(market, lambda: Doomed.arm(market.system, scenario.process, point))
    await market.settle()
    await check_books(market.system)


def test_every_point_in_the_code_has_a_scenario() -> None:
    assert points_in_code() == set(SCENARIOS)


@pytest.mark.faults
@pytest.mark.timeout(400)
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("point", sorted(SCENARIOS))
async def test_a_process_dies_at_any_point(market: Market, point: str) -> None:
    await die(market, point)
