"""The last-moment checks on real parts, and what happens when the world changes under the writer's hands."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from thaman_contracts.events.settings import ItemRule
from thaman_kit.clock import ManualClock
from thaman_kit.database import load_queries
from thaman_kit.testing import wait_until
from thaman_onboarding.adapters.write_store import WRITE
from thaman_onboarding.domain.catalogue import ManualEditDetected
from thaman_onboarding.domain.price_write import PriceDecisionStale

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
async def shop(world, sandbox):
    store_id = sandbox.open_store(products=20, catalogue="perfumes")
    world.connect(store_id)
    await world.sweep(store_id)
    return store_id


def pause(world, store_id):
    world.change(store_id, lambda one: one.pause("test", "test", world.clock.now()))


def resume(world, store_id):
    world.change(store_id, lambda one: one.resume("test", world.clock.now()))


def rule(world, store_id, key, **limits):
    rules = (ItemRule(product_id=key, **limits),)
    world.change(store_id, lambda one: one.set_rules(rules, "test", world.clock.now()))


def reason(world, decision):
    (event,) = world.events(decision)
    assert isinstance(event, PriceDecisionStale)
    return event.reason.value


async def test_what_was_decided_before_a_pause_is_not_written_after_it(world, sandbox, shop):
    before = sandbox.prices(shop)
    first, second = world.simple_keys(shop)[:2]
    old = world.decide(shop, first, before[first] + 100)
    pause(world, shop)
    paused = world.decide(shop, second, before[second] + 100)
    await world.run(WRITE)
    assert (reason(world, old), reason(world, paused)) == ("paused", "paused")
    stale_fence = world.decision(shop, first, before[first] + 100, fence=0)
    resume(world, shop)
    late = world.decide(shop, first, before[first] + 100, fence=stale_fence.fence)
    new = world.decide(shop, second, before[second] + 100)
    await world.run(WRITE)
    assert reason(world, late) == "fence"
    assert world.names(new)[-1] == "PriceApplied"
    assert not [one for one in sandbox.writes(shop) if str(one["product_id"]) == first]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"floor": 10**8, "ceiling": 10**9}, "below_floor"),
        ({"floor": 0}, "below_floor"),
        ({"ceiling": 2}, "above_ceiling"),
        ({"max_step_bp": 1}, "step"),
        ({"changes_per_day": 1, "expires_at": None}, "expired"),
    ],
)
async def test_limits_of_the_decision(world, sandbox, shop, given, expected):
    key = world.simple_keys(shop)[0]
    if "expires_at" in given:
        given = given | {"expires_at": world.clock.now() - timedelta(seconds=1)}
    decision = world.decide(shop, key, sandbox.prices(shop)[key] + 100, **given)
    await world.run(WRITE)
    assert reason(world, decision) == expected
    assert sandbox.writes(shop) == []


@pytest.mark.parametrize(
    ("limits", "expected"),
    [({"min_price": 10**8}, "below_floor"), ({"max_price": 1}, "above_ceiling"), ({"locked": True}, "locked")],
)
async def test_rules_set_after_the_decision(world, sandbox, shop, limits, expected):
    key = world.simple_keys(shop)[0]
    decision = world.decide(shop, key, sandbox.prices(shop)[key] + 100)
    rule(world, shop, key, **limits)
    await world.run(WRITE)
    assert reason(world, decision) == expected
    assert sandbox.writes(shop) == []


async def test_a_cost_that_rose_after_the_decision(world, sandbox, shop):
    key = world.simple_keys(shop)[0]
    price = sandbox.prices(shop)[key] + 100
    decision = world.decide(shop, key, price)
    sandbox.edit(shop, key, cost=price * 2)
    await world.sweep(shop)
    await world.run(WRITE)
    assert reason(world, decision) == "below_floor"


async def test_the_day_budget_counts_by_the_databases_clock(world, sandbox, shop):
    key = world.simple_keys(shop)[0]
    first = world.decide(shop, key, sandbox.prices(shop)[key] + 100, changes_per_day=1)
    await world.run(WRITE)
    second = world.decide(shop, key, sandbox.prices(shop)[key] + 200, changes_per_day=1)
    await world.run(WRITE)
    assert world.names(first)[-1] == "PriceApplied"
    assert reason(world, second) == "day_budget"
    world.app.database.execute("UPDATE decisions SET first_started_at = first_started_at - interval '1 day'")
    third = world.decide(shop, key, sandbox.prices(shop)[key] + 200, changes_per_day=1)
    await world.run(WRITE)
    assert world.names(third)[-1] == "PriceApplied"


@pytest.mark.parametrize("hours", [-26, 26])
async def test_a_wrong_process_clock_changes_no_verdict(world, sandbox, shop, hours):
    skewed = ManualClock(world.clock.now() + timedelta(hours=hours))
    for job in (runner._handler for runner in world.runners.values()):
        for part in (job, *vars(job).values()):
            if hasattr(part, "_clock"):
                part._clock = skewed
    key, other = world.simple_keys(shop)[:2]
    good = world.decide(shop, key, sandbox.prices(shop)[key] + 100, changes_per_day=1)
    over = world.decide(
        shop, other, sandbox.prices(shop)[other] + 100, expires_at=world.clock.now() - timedelta(minutes=1)
    )
    await world.run(WRITE)
    again = world.decide(shop, key, sandbox.prices(shop)[key] + 100, changes_per_day=1)
    await world.run(WRITE)
    assert world.names(good)[-1] == "PriceApplied"
    assert world.events(good)[-1].occurred_at == skewed.now()
    assert (reason(world, over), reason(world, again)) == ("expired", "day_budget")


async def test_of_two_decisions_about_an_item_the_later_is_written(world, sandbox, shop):
    key = world.simple_keys(shop)[0]
    price = sandbox.prices(shop)[key]
    first, second = world.decide(shop, key, price + 100), world.decide(shop, key, price + 200)
    await world.run(WRITE)
    assert reason(world, first) == "superseded"
    assert world.names(second)[-1] == "PriceApplied"
    assert [one["new_base"] for one in sandbox.writes(shop)] == [price + 200]


async def test_a_decision_that_arrives_twice_is_written_once(world, sandbox, shop):
    key = world.simple_keys(shop)[0]
    same = uuid4()
    for _ in range(2):
        world.decide(shop, key, sandbox.prices(shop)[key] + 100, decision_id=same)
    await world.run(WRITE)
    assert world.names(same) == ["PriceWriteStarted", "PriceApplied"]
    assert len(sandbox.writes(shop)) == 1


async def test_a_price_that_is_there_already_is_not_written(world, sandbox, shop):
    key = world.simple_keys(shop)[0]
    price = sandbox.prices(shop)[key]
    decision = world.decide(shop, key, price + 100)
    sandbox.edit(shop, key, base=price + 100)
    await world.run(WRITE)
    assert reason(world, decision) == "already_there"
    assert sandbox.writes(shop) == []


async def test_an_item_that_is_gone(world, sandbox, shop):
    key = world.simple_keys(shop)[0]
    decision = world.decide(shop, key, sandbox.prices(shop)[key] + 100)
    unknown = world.decide(shop, "424242", 5000)
    sandbox.edit(shop, key, status="deleted")
    await world.run(WRITE)
    assert (reason(world, decision), reason(world, unknown)) == ("item_gone", "item_gone")


async def test_a_pause_in_the_middle_of_a_batch_stops_the_rest(world, sandbox, shop):
    keys = world.simple_keys(shop)[:5]
    before = sandbox.prices(shop)
    world.behave(recheck=0.0)
    ids = [world.decide(shop, key, before[key] + 100) for key in keys]
    puts = []

    def pause_at_second(request):
        if request.method == "PUT":
            puts.append(request)
            if len(puts) == 2:
                pause(world, shop)

    world.wire.before = pause_at_second
    await world.run(WRITE)
    ends = [world.names(one)[-1] for one in ids]
    assert ends == ["PriceApplied"] * 2 + ["PriceDecisionStale"] * 3
    assert {world.events(one)[-1].reason.value for one in ids[2:]} == {"paused"}
    assert len(sandbox.writes(shop)) == 2


@pytest.mark.parametrize("change", ["pause", "lock"])
async def test_a_change_between_check_and_intent_is_seen(world, sandbox, shop, change):
    key = world.simple_keys(shop)[0]
    decision = world.decide(shop, key, sandbox.prices(shop)[key] + 100)

    def meanwhile(request):
        world.wire.before = lambda _: None
        if change == "pause":
            pause(world, shop)
        else:
            rule(world, shop, key, locked=True)

    world.wire.before = meanwhile
    await world.run(WRITE)
    assert reason(world, decision) == ("paused" if change == "pause" else "locked")
    assert sandbox.writes(shop) == []


async def test_a_worker_that_lost_its_job_writes_nothing_more(world, sandbox, shop):
    keys = world.simple_keys(shop)[:3]
    before = sandbox.prices(shop)
    world.behave(recheck=0.0)
    ids = [world.decide(shop, key, before[key] + 100) for key in keys]

    def steal(request):
        if request.method == "PUT":
            world.wire.before = lambda _: None
            world.app.database.execute(
                "UPDATE jobs SET lease = gen_random_uuid(), leased_until = now() + interval '1 second'"
                " WHERE state = 'running'"
            )

    world.wire.before = steal
    await world.run(WRITE)
    assert sandbox.prices(shop) == before | {key: before[key] + 100 for key in keys}
    assert len(sandbox.writes(shop)) == 3
    assert {world.names(one)[-1] for one in ids} == {"PriceApplied"}


async def test_sweeping_while_writing_tells_no_hand_edits(world, sandbox, shop):
    keys = world.simple_keys(shop)
    for turn in range(1, 4):
        before = sandbox.prices(shop)
        ids = [world.decide(shop, key, before[key] + 10 * turn) for key in keys]
        world.enqueue_sweep(shop)
        await world.run(WRITE, "observe")
        assert {world.names(one)[-1] for one in ids} == {"PriceApplied"}
    await world.sweep(shop)
    assert not [one for one in world.events() if isinstance(one, ManualEditDetected)]
    known = world.catalogue.known(shop, keys)
    assert {key: one.base_price for key, one in known.items()} == {key: sandbox.prices(shop)[key] for key in keys}


async def test_a_sweep_that_read_before_a_write_does_not_undo_what_is_known(world, sandbox, shop):
    key = world.simple_keys(shop)[0]
    target = sandbox.prices(shop)[key] + 100
    decision = world.decide(shop, key, target)
    written = asyncio.Event()
    loop = asyncio.get_running_loop()
    handler = world.runners["observe"]._handler
    keep = handler._catalogue._keep

    async def keep_later(*args):
        await asyncio.wait_for(written.wait(), 10)
        await keep(*args)

    handler._catalogue._keep = keep_later
    sweeping = asyncio.create_task(world.sweep(shop))
    await world.run(WRITE)
    loop.call_soon(written.set)
    await sweeping
    assert world.names(decision)[-1] == "PriceApplied"
    assert world.catalogue.known(shop, [key])[key].base_price == target
    assert not [one for one in world.events() if isinstance(one, ManualEditDetected)]


async def test_a_write_that_is_about_to_begin_waits_for_a_stop_of_everything_the_first_one_too(world, sandbox, shop):
    before = sandbox.prices(shop)
    key = world.simple_keys(shop)[0]
    decided = world.decide(shop, key, before[key] + 100)
    database = world.app.database
    assert database.fetch_all("SELECT 1 FROM system_settings") == []
    waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock' AND NOT granted"
    with database.transaction() as stopping:
        sql = load_queries("thaman_onboarding", "adapters/queries.sql")
        stopping.execute(sql["change_system"].encode())
        row = {"settings": '{"stopped": true}', "settings_version": 1, "system_fence": 1, "updated_at": NOW}
        stopping.execute(sql["upsert_system"].encode(), row)
        running = asyncio.create_task(world.run(WRITE))
        await asyncio.to_thread(wait_until, lambda: bool(database.fetch_all(waiting)), 10)
        assert world.names(decided) == []
    await running
    assert reason(world, decided) == "paused"
    assert sandbox.prices(shop) == before
