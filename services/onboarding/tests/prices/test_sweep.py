"""Sweeping a catalogue: everything once, then only what changed."""

import json

from thaman_contracts.events import onboarding as contracts
from thaman_onboarding.adapters.write_store import WRITE
from thaman_onboarding.domain.catalogue import CatalogItemsRemoved, CatalogObserved, ManualEditDetected
from thaman_onboarding.observation.rebuild import rebuild
from thaman_onboarding.publication import PUBLICATION


async def test_the_first_sweep_tells_everything_and_the_second_only_its_end(world, sandbox):
    store = sandbox.open_store(products=130, seed=5)
    world.connect(store)
    await world.sweep(store)
    first = [one for one in world.events() if isinstance(one, CatalogObserved)]
    seen = {item.key: item.base_price for one in first for item in one.items}
    assert seen == sandbox.prices(store)
    assert [one.originator_version for one in first] == list(range(1, len(first) + 1))
    assert [one.last_page for one in first] == [False] * (len(first) - 1) + [True]

    await world.sweep(store)
    second = [one for one in world.events() if isinstance(one, CatalogObserved)][len(first) :]
    assert [(one.items, one.last_page) for one in second] == [((), True)]


async def test_a_hand_edit_is_told_once_and_a_cost_is_no_hand_edit(world, sandbox):
    store = sandbox.open_store()
    world.connect(store)
    await world.sweep(store)
    first, second = world.simple_keys(store)[:2]
    old = sandbox.prices(store)[first]
    sandbox.edit(store, first, base=old + 700)
    sandbox.edit(store, second, cost=123)
    await world.sweep(store)
    await world.sweep(store)
    edits = [one for one in world.events() if isinstance(one, ManualEditDetected)]
    assert [(one.product_id, one.expected_base_price, one.found_base_price, one.found_by) for one in edits] == [
        (first, old, old + 700, "sweep")
    ]
    items = {item.key: item for one in world.events() if isinstance(one, CatalogObserved) for item in one.items}
    assert items[second].cost == 123


async def test_a_deleted_product_is_removed_once(world, sandbox):
    store = sandbox.open_store()
    world.connect(store)
    await world.sweep(store)
    key = world.simple_keys(store)[0]
    sandbox.edit(store, key, status="deleted")
    await world.sweep(store)
    await world.sweep(store)
    gone = [one.keys for one in world.events() if isinstance(one, CatalogItemsRemoved)]
    assert gone == [(key,)]


async def test_the_read_models_are_what_their_events_say(world, sandbox):
    store = sandbox.open_store(products=70, prices_include_vat=False)
    sandbox.call("POST", f"/stores/{store}/simulate-sales", {"days": 5, "orders_per_day": 2})
    world.connect(store)
    await world.sweep(store)
    keys = world.simple_keys(store)
    sandbox.edit(store, keys[0], with_tax=False)
    sandbox.edit(store, keys[1], status="deleted")
    before = sandbox.prices(store)
    for key in keys[2:20]:
        world.decide(store, key, before[key] + 100)
    await world.run(WRITE)
    await world.sweep(store)
    models = {
        "items": "SELECT * FROM items ORDER BY store_id, key",
        "orders": "SELECT store_id, order_id, version, state, content, refunded FROM orders ORDER BY order_id",
    }
    were = {name: world.app.database.fetch_all(sql) for name, sql in models.items()}
    assert any(not row["taxable"] for row in were["items"]) and any(row["removed"] for row in were["items"])
    assert were["orders"]
    world.app.database.execute("DELETE FROM orders")
    rebuild(world.app)
    assert {name: world.app.database.fetch_all(sql) for name, sql in models.items()} == were
    events = len(world.events())
    await world.sweep(store)
    assert [one.items for one in world.events()[events:]] == [()]


async def test_private_fields_stay_private(world, sandbox):
    store = sandbox.open_store(products=4)
    sandbox.call("POST", f"/stores/{store}/simulate-sales", {"days": 3, "orders_per_day": 2})
    world.connect(store)
    await world.sweep(store)
    told = {}
    for position, event in enumerate(world.events(), start=2):
        message = PUBLICATION.message_of(event, position, position - 1)
        told.setdefault(message.envelope.event_name, set()).update(json.loads(message.body))
    assert {"CatalogObserved", "SalesObserved"} <= set(told)
    assert told["CatalogObserved"] == set(contracts.CatalogObserved.model_fields)
    assert told["SalesObserved"] == set(contracts.SalesObserved.model_fields)
