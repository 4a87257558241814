"""Sweeping orders: all of them once, then only what changed."""

from thaman_onboarding.domain.catalogue import SalesObserved


def sales(world):
    return [one for one in world.events() if isinstance(one, SalesObserved)]


async def test_orders_are_read_with_their_lines_and_then_left_alone(world, sandbox):
    store = sandbox.open_store(products=12)
    sandbox.call("POST", f"/stores/{store}/simulate-sales", {"days": 10, "orders_per_day": 3})
    world.connect(store)
    await world.sweep(store)
    orders = {str(one["id"]): one for one in sandbox.call("GET", f"/stores/{store}/orders")}
    first = sales(world)
    assert {one.order_id for one in first} == set(orders)
    for told in first:
        lines = orders[told.order_id]["lines"]
        found = [(line.product_id, line.variant_id, line.quantity) for line in told.lines]
        assert found == [
            (str(one["product_id"]), one["variant_id"] and str(one["variant_id"]), one["quantity"]) for one in lines
        ]
    calls = []
    world.wire.before = lambda request: calls.append(request.url.path)
    await world.sweep(store)
    assert len(sales(world)) == len(first)
    assert not [path for path in calls if path.endswith("/orders/items")]


async def test_a_moved_order_is_told_again_without_reading_its_lines(world, sandbox):
    store = sandbox.open_store(products=12)
    world.connect(store)
    await world.sweep(store)
    product = int(world.simple_keys(store)[0])
    made = sandbox.call("POST", f"/stores/{store}/orders", {"lines": [{"product_id": product, "quantity": 3}]})
    await world.sweep(store)
    sandbox.call("POST", f"/stores/{store}/orders/{made['id']}/status", {"status": "canceled"})
    calls = []
    world.wire.before = lambda request: calls.append(request.url.path)
    await world.sweep(store)
    assert [(one.state.value, one.lines[0].quantity) for one in sales(world)] == [("counted", 3), ("not_counted", 3)]
    assert not [path for path in calls if path.endswith("/orders/items")]
