"""A store that stops by itself: over PostgreSQL and the sandbox, and through the API."""

from typing import Any
from uuid import uuid4

import httpx

from thaman_contracts.events.breaker import BREAKER
from thaman_onboarding.adapters.store_rows import StoreRows
from thaman_onboarding.adapters.write_store import WRITE, add_decision
from thaman_onboarding.application import measures
from thaman_onboarding.domain.events import StorePaused
from thaman_onboarding.domain.price_write import PriceApplied, PriceWriteStarted
from thaman_onboarding.writer import recording

FEW: dict[str, Any] = {"min_items": 3, "edits": 2}
SETTLED: dict[str, Any] = {"watch_until": None}


async def swept(world, sandbox, **breaker):
    store = sandbox.open_store(products=20, catalogue="perfumes")
    world.connect(store, SETTLED | {"breaker": FEW | breaker})
    before = sandbox.prices(store)
    for one in sandbox.products(store):  # stores differ, and no floor is to stop what a test wants written
        if one.get("cost"):
            sandbox.edit(store, str(one["id"]), cost=min(one["cost"], before.get(str(one["id"]), 0) // 4) or None)
    await world.sweep(store)
    return store, world.simple_keys(store), before


def stops(world):
    return [one for one in world.events() if isinstance(one, StorePaused)]


def kinds(world):
    return [type(one).__name__ for one in world.events()]


async def test_a_run_that_cuts_too_much_is_not_begun(world, sandbox):
    store, keys, before = await swept(world, sandbox)
    run = uuid4()
    ids = [world.decide(store, key, before[key] * 6 // 10, run_id=run) for key in keys[:5]]
    await world.run(WRITE)
    (stop,) = stops(world)
    assert (stop.paused_by, stop.fence) == ("breaker", 1)
    assert (
        "one run cuts 5 of the 5 prices looked at by more than 15% (100%); the limit is 30% (breaker.large_cuts_bp)"
        in stop.reason
    )
    assert stop.reason_ar is not None and "توقفت الكتابة تلقائيًا" in stop.reason_ar
    assert sandbox.writes(store) == []
    assert {tuple(world.names(one)) for one in ids} == {("PriceDecisionStale",)}
    row = StoreRows(world.app.database).get(store)
    assert row is not None and (row.paused, row.pause_reason, row.pause_reason_ar) == (
        True,
        stop.reason,
        stop.reason_ar,
    )


async def test_a_person_may_cut_what_a_policy_may_not(world, sandbox):
    store, keys, before = await swept(world, sandbox, changes=2)
    run = uuid4()
    wanted = {key: before[key] * 8 // 10 for key in keys[:5]}
    for key, price in wanted.items():
        world.decide(store, key, price, run_id=run, decided_by="key_1")
    await world.run(WRITE)
    assert sandbox.prices(store) == before | wanted
    assert stops(world) == []


async def test_more_changes_than_allowed_within_the_window(world, sandbox):
    store, keys, before = await swept(world, sandbox, changes=4)
    for key in keys[:3]:
        world.decide(store, key, before[key] + 100)
    await world.run(WRITE)
    assert (len(sandbox.writes(store)), stops(world)) == (3, [])
    for key in keys[3:5]:
        world.decide(store, key, before[key] + 100)
    await world.run(WRITE)
    (stop,) = stops(world)
    assert "policies change the prices of 5 of" in stop.reason
    assert len(sandbox.writes(store)) == 3
    old = "UPDATE decisions SET first_started_at = first_started_at - interval '2 hours'"
    world.app.database.execute(old)
    world.change(store, lambda one: one.resume("operator:x", world.clock.now()))
    for key in keys[3:7]:
        world.decide(store, key, before[key] + 100)
    await world.run(WRITE)
    assert (len(sandbox.writes(store)), len(stops(world))) == (7, 1)


async def test_many_refusals_stop_the_store_in_the_transaction_of_the_last(world, sandbox):
    store, keys, before = await swept(world, sandbox)

    def refuse(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.method != "PUT":
            return response
        body = {"status": 422, "success": False, "error": {"code": "error", "message": "no", "fields": {}}}
        return httpx.Response(422, json=body, request=request)

    world.wire.after = refuse
    for key in keys[:4]:
        world.decide(store, key, before[key] + 100)
    await world.run(WRITE)
    (stop,) = stops(world)
    assert "4 of 4 writes within 60 minutes failed or stay unclear (100%)" in stop.reason
    together = "SELECT DISTINCT xmin::text FROM onboarding_events WHERE topic IN ('store.Paused', 'price_write.Failed')"
    assert len(world.app.database.fetch_all(together)) == 1


async def test_hand_edits_of_what_we_wrote_stop_it_once_and_edits_of_other_items_do_not(world, sandbox):
    store, keys, before = await swept(world, sandbox)
    for key in keys[3:9]:
        sandbox.edit(store, key, base=before[key] + 777)
    await world.sweep(store)
    assert stops(world) == []
    for key in keys[:3]:
        world.decide(store, key, before[key] + 100)
    await world.run(WRITE)
    for key in keys[:3]:
        sandbox.edit(store, key, base=before[key] + 555)
    await world.sweep(store)
    await world.sweep(store)
    (stop,) = stops(world)
    assert "3 of 3 items were edited by hand within 24 hours after we wrote their prices" in stop.reason
    assert kinds(world).index("StorePaused") > kinds(world).index("ManualEditDetected")


async def test_costs_that_jump_at_once_stop_it_and_a_few_do_not(world, sandbox):
    store, keys, _ = await swept(world, sandbox, jumps_bp=3_000)
    costs = {str(one["id"]): one.get("cost") for one in sandbox.products(store)}
    many = [key for key in keys if costs.get(key)]
    for key in many[:2]:
        sandbox.edit(store, key, cost=costs[key] * 10)
    await world.sweep(store)
    assert stops(world) == []
    for key in many[2:12]:
        sandbox.edit(store, key, cost=costs[key] // 10)
    await world.sweep(store)
    (stop,) = stops(world)
    assert "items in Salla jumped by more than 30%, seen within 60 minutes" in stop.reason


async def test_a_store_that_changes_while_it_is_stopped_is_judged_again(world, sandbox, monkeypatch):
    """Two lanes see trouble at once: one stops the store between the other's judgement and its commit."""
    store, keys, before = await swept(world, sandbox)
    run = uuid4()
    for key in keys[:5]:
        world.decide(store, key, before[key] * 6 // 10, run_id=run)
    passages = []

    def other_lane(name: str) -> None:
        if name == "onboarding.write.intent.before":
            passages.append(name)
            if len(passages) == 1:
                world.change(store, lambda one: one.pause("the other lane", BREAKER, world.clock.now()))

    monkeypatch.setattr(recording, "faultpoint", other_lane)
    counted = measures.TRIPS.labels("large_cuts")._value.get()
    await world.run(WRITE)
    assert len(passages) == 2
    assert [one.reason for one in stops(world)] == ["the other lane"]
    assert measures.TRIPS.labels("large_cuts")._value.get() == counted
    assert not [one for one in world.events() if isinstance(one, PriceWriteStarted) and one.run_id == run]


async def test_a_tripped_store_writes_nothing_more_until_a_person_resumes_it(world, sandbox, service):
    """Set, seen and ended through the API; a window begins anew with each end."""
    store, keys, before = await swept(world, sandbox)
    path, head = f"/stores/{store}", service.store_key(store)
    wrong = service.http.patch(f"{path}/settings", json={"breaker": {"chnages": 3}}, headers=head)
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/breaker/chnages")
    changed = service.http.patch(f"{path}/settings", json={"breaker": {"changes": 2}}, headers=head)
    assert (changed.status_code, changed.json()["settings"]["breaker"]["changes"]) == (200, 2)

    def decide(chosen, by):
        return [world.decide(store, key, before[key] + by) for key in chosen]

    decide(keys[:3], 100)
    await world.run(WRITE)
    seen = service.http.get(path, headers=head).json()
    assert (seen["state"], seen["fence"]) == ("paused", 1)
    assert "the limit is 2 (breaker.changes)" in seen["pause_reason"]
    assert "والحد 2 (breaker.changes)" in seen["pause_reason_ar"]
    late = decide(keys[:2], 200)
    await world.run(WRITE)
    assert sandbox.writes(store) == []
    assert {tuple(world.names(one)) for one in late} == {("PriceDecisionStale",)}

    resumed = service.http.post(f"{path}/resume", headers=head).json()
    assert (resumed["state"], resumed["pause_reason"], resumed["pause_reason_ar"]) == ("connected", None, None)
    good = decide(keys[:2], 300)
    await world.run(WRITE)
    assert all(isinstance(world.events(one)[-1], PriceApplied) for one in good)
    decide(keys[2:4], 300)
    await world.run(WRITE)
    assert len(stops(world)) == 2
    assert len(sandbox.writes(store)) == 2


async def test_what_was_seen_before_a_resume_counts_no_more(world, sandbox, service):
    store, keys, before = await swept(world, sandbox)
    head = service.operator()
    for key in keys[:3]:
        world.decide(store, key, before[key] + 100)
    await world.run(WRITE)
    for key in keys[:3]:
        sandbox.edit(store, key, base=before[key] + 555)
    await world.sweep(store)
    assert len(stops(world)) == 1
    service.http.post(f"/stores/{store}/resume", headers=head)
    for key in keys[:3]:  # somebody puts them right, and the sweep finds it after the resume
        sandbox.edit(store, key, base=before[key])
    await world.sweep(store)
    world.decide(store, keys[4], before[keys[4]] + 100)
    await world.run(WRITE)
    assert (len(stops(world)), len(sandbox.writes(store))) == (1, 4)
    assert world.app.database.fetch_all("SELECT count(*) AS n FROM breaker_signals")[0]["n"] == 3


async def test_a_decision_that_arrives_twice_trips_once(world, sandbox):
    store, keys, before = await swept(world, sandbox)
    run = uuid4()
    decisions = [world.decision(store, key, before[key] // 2, run_id=run) for key in keys[:4]]
    for _ in range(2):
        uow = world.app.unit_of_work()
        for one in decisions:
            add_decision(uow, one)
        uow.commit()
        await world.run(WRITE)
    assert (len(stops(world)), sandbox.writes(store)) == (1, [])
