"""What a store's breaker counts and what not: jumps and ways back, first sweeps, resumes, other stores."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from thaman_contracts.events.breaker import BreakerLimits
from thaman_onboarding.adapters import breaker_store
from thaman_onboarding.adapters.catalogue_store import remove_items
from thaman_onboarding.adapters.write_store import WRITE
from thaman_onboarding.domain.breaker import InHand, Jumps, Origin
from thaman_onboarding.domain.events import StorePaused

LIMITS: dict[str, Any] = {"min_items": 3, "edits": 2}


async def swept(world, sandbox, watch_until=None, **breaker):
    store = sandbox.open_store(products=20, catalogue="perfumes")
    world.connect(store, {"watch_until": watch_until, "breaker": LIMITS | breaker})
    await world.sweep(store)
    return store, world.simple_keys(store), sandbox.prices(store)


def stops(world, store):
    return [one for one in world.events() if isinstance(one, StorePaused) and one.store_id == store]


def costs(sandbox, store, keys):
    found = {str(one["id"]): one.get("cost") for one in sandbox.products(store)}
    return {key: found[key] for key in keys if found.get(key)}


def multiply(sandbox, store, were, by):
    for key, cost in were.items():
        sandbox.edit(store, key, cost=cost * by)


def marks(world, store):
    sql = "SELECT count(*) AS n FROM breaker_signals WHERE store_id = %s AND counts"
    return world.app.database.fetch_all(sql, (store,))[0]["n"]


async def test_putting_a_broken_import_right_does_not_stop_it_again(world, sandbox, service):
    store, keys, _ = await swept(world, sandbox)
    were = costs(sandbox, store, keys)
    multiply(sandbox, store, were, 10)
    await world.sweep(store)
    assert len(stops(world, store)) == 1
    service.http.post(f"/stores/{store}/resume", headers=service.operator())
    await world.sweep(store)
    multiply(sandbox, store, were, 1)
    await world.sweep(store)
    assert (len(stops(world, store)), marks(world, store)) == (1, 0)
    multiply(sandbox, store, were, 10)
    await world.sweep(store)
    assert len(stops(world, store)) == 2


async def test_the_first_sweep_after_a_resume_and_the_watch_time_count_no_jumps(world, sandbox, service):
    store, keys, _ = await swept(world, sandbox)
    were = costs(sandbox, store, keys)
    world.change(store, lambda one: one.pause("a look", "key_1", world.clock.now()))
    service.http.post(f"/stores/{store}/resume", headers=service.operator())
    multiply(sandbox, store, were, 10)
    await world.sweep(store)
    later = {"watch_until": world.clock.now().replace(year=2999)}
    world.change(store, lambda one: one.change_settings(later, None, "test", world.clock.now()))
    multiply(sandbox, store, were, 100)
    await world.sweep(store)
    assert ([one.paused_by for one in stops(world, store)], marks(world, store)) == (["key_1"], 0)
    now = {"watch_until": None}
    world.change(store, lambda one: one.change_settings(now, None, "test", world.clock.now()))
    multiply(sandbox, store, were, 1_000)
    await world.sweep(store)
    assert [one.paused_by for one in stops(world, store)] == ["key_1", "breaker"]


async def test_a_sweep_after_a_long_gap_counts_no_jumps(world, sandbox):
    store, keys, _ = await swept(world, sandbox)
    world.app.database.execute("UPDATE breaker_sweeps SET swept_at = swept_at - interval '3 days'")
    multiply(sandbox, store, costs(sandbox, store, keys), 10)
    await world.sweep(store)
    assert (stops(world, store), marks(world, store)) == ([], 0)


async def test_what_is_superseded_or_expired_is_no_part_of_a_run(world, sandbox):
    store, keys, before = await swept(world, sandbox)
    run, now = uuid4(), world.clock.now()
    for key in keys[:2]:
        world.decide(store, key, before[key] + 100, run_id=run)
    for key in keys[2:4]:
        world.decide(store, key, before[key] * 6 // 10, run_id=run)
        world.decide(store, key, before[key] + 100)
    for key in keys[4:6]:
        world.decide(store, key, before[key] * 6 // 10, run_id=run, expires_at=now)
    await world.run(WRITE)
    assert (stops(world, store), len(sandbox.writes(store))) == ([], 4)


def test_an_authorisation_begins_a_window_anew(salla, service):
    store = salla.new_store()
    service.connect(store)
    assert service.rows("SELECT swept_at FROM breaker_sweeps WHERE store_id = %s", store) == [(None,)]


async def test_jumps_that_the_writer_sees_first_count(world, sandbox):
    store, keys, before = await swept(world, sandbox)
    for key in keys[:8]:
        world.decide(store, key, before[key] + 100)
        sandbox.edit(store, key, base=before[key] * 3)
    await world.run(WRITE)
    (stop,) = stops(world, store)
    assert "jumped by more than 30%, seen within 60 minutes" in stop.reason
    assert sandbox.writes(store) == []


@pytest.mark.parametrize("changed", ["resumed", "limit"])
async def test_a_sweep_judges_by_the_store_as_it_is_when_it_is_stored(world, sandbox, service, changed):
    store, keys, before = await swept(world, sandbox)
    head = service.operator()
    for key in keys[:3]:
        world.decide(store, key, before[key] + 100)
    await world.run(WRITE)
    for key in keys[:3]:
        sandbox.edit(store, key, base=before[key] + 555)
    done = []

    def meanwhile(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if not done:
            done.append(request.url)
            if changed == "resumed":
                world.change(store, lambda one: one.pause("a look", "key_1", world.clock.now()))
                service.http.post(f"/stores/{store}/resume", headers=head)
            else:
                body = {"breaker": LIMITS | {"edits": 3}}
                assert service.http.patch(f"/stores/{store}/settings", json=body, headers=head).status_code == 200
        return response

    world.wire.after = meanwhile
    await world.sweep(store)
    assert done
    assert [one.paused_by for one in stops(world, store)] == (["key_1"] if changed == "resumed" else [])
    (row,) = world.app.database.fetch_all("SELECT swept_at FROM breaker_sweeps WHERE store_id = %s", (store,))
    assert (row["swept_at"] is None) is (changed == "resumed")


async def test_one_store_stops_and_the_other_goes_on(world, sandbox, service):
    bad, bad_keys, _ = await swept(world, sandbox)
    good, keys, before = await swept(world, sandbox)
    multiply(sandbox, bad, costs(sandbox, bad, bad_keys), 10)
    were = costs(sandbox, good, keys)
    few = dict(list(were.items())[:2])
    multiply(sandbox, good, few, 10)
    await world.sweep(bad)
    await world.sweep(good)
    assert (len(stops(world, bad)), stops(world, good), marks(world, good)) == (1, [], 2)
    service.http.post(f"/stores/{bad}/resume", headers=service.operator())
    assert (marks(world, bad), marks(world, good)) == (0, 2)
    world.decide(good, keys[4], before[keys[4]] + 100)
    await world.run(WRITE)
    assert len(sandbox.writes(good)) == 1


async def test_what_empties_marks_and_what_does_not(world, sandbox, service):
    store, keys, _ = await swept(world, sandbox)
    hand = InHand()
    jumps = Jumps({key: Origin(cost=100) for key in keys[:5]})

    def note(*, all_gone: bool = False) -> None:
        unit = world.app.unit_of_work()
        breaker_store.note(unit, store, hand, jumps, counting=True)
        if all_gone:
            remove_items(unit, store, keys[:2])
        unit.commit()

    note(all_gone=True)
    window = breaker_store.window_of(world.app.unit_of_work(), store, hand, Jumps(), BreakerLimits())
    assert window.jumped == 3  # two of the five are no longer in the catalogue
    head = service.operator()
    service.http.post(f"/stores/{store}/resume", headers=head)
    assert marks(world, store) == 5  # it was not paused
    service.container.system.change({"stopped": True}, None, "test")
    assert marks(world, store) == 0
    note()
    world.app.execute(lambda unit: service.container.stores.uninstall(unit, store, world.clock.now()))
    assert world.app.database.fetch_all("SELECT 1 FROM breaker_signals WHERE store_id = %s", (store,)) == []
    note()
    service.container.forgetting.ask(store, "test", now=True)
    assert world.app.database.fetch_all("SELECT 1 FROM breaker_signals WHERE store_id = %s", (store,)) == []


async def test_marks_wait_for_whoever_holds_the_store(world, sandbox):
    """The store's row comes before signals everywhere, so nobody who holds signals ever waits for it."""
    store, keys, _ = await swept(world, sandbox)
    unit = world.app.unit_of_work()
    breaker_store.note(unit, store, InHand(edited=frozenset(keys[:3])), Jumps(), counting=True)
    statements = [one.sql for one in unit._effects]
    assert "FOR SHARE" in statements[0] and "breaker_signals" in statements[1]
    unit.commit()
    assert marks(world, store) == 3
