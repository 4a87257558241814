"""A process that dies at any point of a write leaves something from which the next one finds the truth (P10)."""

import ast
import asyncio
import os
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

import thaman_onboarding.writer
from thaman_kit.testing import role_url
from thaman_onboarding.adapters.write_store import WRITE
from thaman_onboarding.domain.price_write import PriceApplied

FOLDER = Path(thaman_onboarding.writer.__file__).parent


def points():
    """Every fault point named in the writer's code."""
    found = set()
    for file in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "faultpoint":
                found.add(node.args[0].value)
    return sorted(found)


async def work(database, sandbox, token, point):
    """Let a process of its own write until it ends; gives its exit status."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).parent / "crash_worker.py"),
        role_url(database, "onboarding"),
        sandbox.api_url,
        token,
        env=os.environ | {"THAMAN_FAULTPOINT": point},
    )
    try:
        return await asyncio.wait_for(process.wait(), 60)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def test_all_points_are_known():
    assert points() == [
        "onboarding.write.call.after",
        "onboarding.write.call.before",
        "onboarding.write.intent.after",
        "onboarding.write.intent.before",
        "onboarding.write.result.after",
        "onboarding.write.result.before",
    ]


# A queued call has no outcome to record; its writes are settled by the second round of verdicts.
CASES = [(point, 3) for point in points()] + [
    (point, 14)
    for point in (
        "onboarding.write.intent.before",
        "onboarding.write.intent.after",
        "onboarding.write.call.before",
        "onboarding.write.call.after",
        "onboarding.write.intent.before:2",
        "onboarding.write.intent.after:2",
    )
]


@pytest.mark.parametrize(("point", "items"), CASES)
async def test_killed(world, database, sandbox, point, items):
    store_id = sandbox.open_store(products=40, catalogue="perfumes")
    world.connect(store_id)
    await world.sweep(store_id)
    before = sandbox.prices(store_id)
    wanted = {key: before[key] + 120 for key in world.simple_keys(store_id)[:items]}
    ids = [world.decide(store_id, key, base) for key, base in wanted.items()]
    token = world.tokens.given[store_id]

    killed = await work(database, sandbox, token, point)
    assert killed == -signal.SIGKILL
    await world.run(WRITE, within=60)

    assert sandbox.prices(store_id) == before | wanted
    assert max(Counter(one["product_id"] for one in sandbox.writes(store_id) if one["effective"]).values()) == 1
    for decision in ids:
        events = world.events(decision)
        assert isinstance(events[-1], PriceApplied)
        assert [one.originator_version for one in events] == list(range(1, len(events) + 1))
    known = world.catalogue.known(store_id, list(wanted))
    assert {key: one.base_price for key, one in known.items()} == wanted
