"""Writing decided prices, all well."""

import pytest

from thaman_contracts.events.scheduler import ObservationDue
from thaman_kit.domain import EventMeta, caused_by
from thaman_onboarding.adapters.write_store import WRITE
from thaman_onboarding.domain.price_write import PriceApplied, PriceWriteStarted
from thaman_onboarding.writer_consumers import observation_due, price_decided


@pytest.mark.parametrize("vat", [True, False])
async def test_single_simple_and_variant(world, sandbox, vat):
    store = sandbox.open_store(catalogue="fashion", products=20, prices_include_vat=vat)
    world.connect(store)
    await world.sweep(store)
    simple, variant = world.simple_keys(store)[0], world.variant_keys(store)[0]
    before = sandbox.prices(store)
    wanted = {key: before[key] + 150 for key in (simple, variant)}
    ids = {key: world.decide(store, key, base) for key, base in wanted.items()}
    await world.run(WRITE)
    assert sandbox.prices(store) == before | wanted
    for key, decision in ids.items():
        assert world.names(decision) == ["PriceWriteStarted", "PriceApplied"]
        started, applied = world.events(decision)
        assert isinstance(started, PriceWriteStarted) and isinstance(applied, PriceApplied)
        assert started.call == ("variant" if "/" in key else "single")
        assert (applied.base_price, applied.settled_by) == (wanted[key], "answer")
    assert len(sandbox.writes(store)) == 2


async def test_many_simple_products_are_queued_in_one_call(world, sandbox):
    store = sandbox.open_store(products=60, catalogue="perfumes")
    world.connect(store)
    await world.sweep(store)
    keys = world.simple_keys(store)
    assert len(keys) >= 20
    before = sandbox.prices(store)
    wanted = {key: before[key] + 100 for key in keys}
    ids = [world.decide(store, key, base) for key, base in wanted.items()]
    sandbox.call("DELETE", "/calls")
    await world.run(WRITE)
    assert sandbox.prices(store) == before | wanted
    assert {tuple(world.names(one)) for one in ids} == {("PriceWriteStarted", "PriceApplied")}
    assert all(one["call"] == "bulk" for one in sandbox.writes(store))
    assert set(world.job_states(WRITE)) == {"done"}
    await world.sweep(store)
    assert not [one for one in world.events() if type(one).__name__ == "ManualEditDetected"]


async def test_causes_and_traces_reach_the_last_event(world, sandbox):
    store = sandbox.open_store()
    world.connect(store)
    await world.sweep(store)
    key = world.simple_keys(store)[0]
    meta = EventMeta(
        correlation_id="run-1", causation_id="decision-1", traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    )
    with caused_by(meta):
        decision = world.decide(store, key, sandbox.prices(store)[key] + 100)
        uow = world.app.unit_of_work()
        slot = world.clock.now()
        observation_due(ObservationDue(store_id=store, occurred_at=slot, slot=slot), None, uow)
        uow.commit()
    await world.run(WRITE)
    assert [one.meta for one in world.events(decision)] == [meta, meta]
    before = len(world.events())
    await world.run("observe")
    assert [one.meta for one in world.events()[before:]] == [meta]


async def test_a_decided_price_is_taken_in_by_the_consumer_once(world, sandbox):
    store = sandbox.open_store()
    world.connect(store)
    await world.sweep(store)
    key = world.simple_keys(store)[0]
    decided = world.decision(store, key, sandbox.prices(store)[key] + 100)
    for _ in range(2):
        uow = world.app.unit_of_work()
        price_decided(decided, None, uow)
        uow.commit()
    await world.run(WRITE)
    assert world.names(decided.decision_id) == ["PriceWriteStarted", "PriceApplied"]
