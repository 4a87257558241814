"""Processes are killed and servers restarted at random moments while prices are made; afterwards everything agrees.

Each seed is one round: rivals move, runs are asked for, merchants approve and edit, Salla misbehaves, and meanwhile
things die. When the faults are gone the world has to become quiet by itself and ``check_world`` has to be clean.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
from collections import Counter

import pytest
from tests.faults.blows import deal_all, plan
from tests.faults.books import check_books
from tests.faults.market import Market

from thaman_cli.plan import PROCESSES

SEEDS = (
    [int(os.environ["THAMAN_SEED"])]
    if "THAMAN_SEED" in os.environ
    else list(range(int(os.environ.get("THAMAN_SEEDS", "20"))))
)
FAULTS = {
    "latency_ms": 20,
    "p_429": 0.02,
    "p_5xx": 0.03,
    "p_5xx_after_write": 0.05,
    "p_cut_after_write": 0.1,
    "p_cut_before_write": 0.05,
    "p_lost_bulk_item": 0.1,
    "token_delay_ms": 500,
    "webhook": {"p_duplicate": 0.2, "p_reorder": 0.2, "p_drop": 0.1},
}
SHORT_SEED = 2
PATIENT_EVERY = 5
"""Every so many seeds nothing is hastened: leases of dead workers and waits for lost writes have to run out."""


async def hurt(market: Market, seed: int, *, hurry: bool) -> None:
    """One round."""
    blows = plan(seed)
    command = f"THAMAN_SEED={seed} make faults ARGS='-k whatever_dies'"
    print(f"seed {seed}: {'; '.join(map(str, blows))}\nagain: {command}")
    await market.system.salla.put("/faults", FAULTS | {"seed": seed})
    people = asyncio.create_task(market.trade(random.Random(seed)))
    try:
        await deal_all(market.system, blows, hurry=hurry)
        await people
    finally:
        people.cancel()
        await market.system.salla.delete("/faults")
    await market.system.wait_ready()
    await market.sweep()
    await market.settle(120 if hurry else 480, hurry=hurry)
    await check_books(market.system)


@pytest.mark.faults
@pytest.mark.timeout(900)
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("seed", SEEDS)
async def test_whatever_dies_the_world_stays_in_order(market: Market, seed: int) -> None:
    await hurt(market, seed, hurry=seed % PATIENT_EVERY != 0)


@pytest.mark.faults
@pytest.mark.timeout(240)
@pytest.mark.asyncio(loop_scope="session")
async def test_one_round_of_deaths(market: Market) -> None:
    await hurt(market, SHORT_SEED, hurry=True)


@pytest.mark.faults
@pytest.mark.timeout(240)
@pytest.mark.asyncio(loop_scope="session")
async def test_a_run_that_is_undone_is_undone_at_salla_and_so_is_its_undo(market: Market) -> None:
    store_id = market.stores[0]
    before = await market.prices(store_id)
    await market.move(random.Random(7), share=1.0)
    await market.price(store_id)
    await market.settle()
    after = await market.prices(store_id)
    assert after != before

    done = await market.undo(store_id, scope="run", run_id=market.asked[store_id])
    assert done["decisions"]
    await market.settle()
    left = {one["item"] for one in done["left"]}
    restored = await market.prices(store_id)
    assert restored == {key: after[key] if key in left else before[key] for key in before}

    command = (sys.executable, "-m", "thaman_cli", "undo", store_id, "--run", done["undo_id"], "--json")
    home = ("--home", str(market.system.home.folder))
    shown = await asyncio.to_thread(subprocess.run, [*command, *home], capture_output=True, text=True, check=True)
    assert json.loads(shown.stdout)["preview"]["restore"] == len(done["decisions"])
    await asyncio.to_thread(subprocess.run, [*command, *home, "--yes"], capture_output=True, check=True)
    await market.settle()
    assert await market.prices(store_id) == after
    await check_books(market.system)


def test_twenty_seeds_kill_every_process_several_times() -> None:
    killed = Counter(blow.target for seed in range(20) for blow in plan(seed) if blow.kind == "kill")
    assert set(killed) == set(PROCESSES)
    assert min(killed.values()) >= 6
    others = Counter(blow.kind for seed in range(20) for blow in plan(seed) if blow.kind != "kill")
    assert min(others.values()) >= 4
