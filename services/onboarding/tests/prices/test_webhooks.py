"""Product and order webhooks: hints and news, in any order, twice, late."""

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thaman_contracts.ids import derived_id
from thaman_onboarding.domain.catalogue import CatalogObserved, ManualEditDetected, SalesObserved
from thaman_onboarding.errors import WebhookMalformed
from thaman_onboarding.observation.webhooks import OBSERVE, WebhookReader
from thaman_onboarding.webhooks import WebhookEvent

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def take(world):
    """Takes one webhook in as the webhook job does."""
    reader = WebhookReader(world.app, world.clock)

    def take_in(store_id, name, data, at=AT):
        event = WebhookEvent(name, store_id, at, uuid4().hex, data)

        def work(uow):
            (reader.order_event if name.startswith("order.") else reader.product_event)(uow, event)

        world.app.execute(work)

    return take_in


@pytest.fixture
async def shop(world, sandbox):
    store_id = sandbox.open_store(products=20, catalogue="perfumes")
    world.connect(store_id)
    await world.sweep(store_id)
    return store_id


def price_data(world, store_id, key, base=None):
    item = world.catalogue.known(store_id, [key])[key].item
    return {
        "id": int(key),
        "sku": item.sku,
        "cost": None if item.cost is None else Decimal(item.cost) / 100,
        "price": Decimal(item.base_price if base is None else base) / 100,
        "sale_price": None if item.sale_price is None else {"amount": Decimal(item.sale_price) / 100},
        "regular_price": Decimal(item.base_price if base is None else base) / 100,
        "with_tax": True,
    }


def looks(world):
    return [one for one in world.events() if isinstance(one, CatalogObserved) and one.source.value == "webhook"]


async def test_an_echo_asks_for_nothing(world, sandbox, shop, take):
    key = world.simple_keys(shop)[0]
    take(shop, "product.price.updated", price_data(world, shop, key))
    assert world.unfinished((OBSERVE,)) == 0


async def test_a_changed_price_is_looked_up_not_believed(world, sandbox, shop, take):
    key = world.simple_keys(shop)[0]
    old = sandbox.prices(shop)[key]
    sandbox.edit(shop, key, base=old + 500)
    take(shop, "product.price.updated", price_data(world, shop, key, base=old + 123))
    await world.run(OBSERVE)
    (edit,) = [one for one in world.events() if isinstance(one, ManualEditDetected)]
    assert (edit.found_base_price, edit.found_by) == (old + 500, "webhook")
    assert [item.base_price for look in looks(world) for item in look.items] == [old + 500]


async def test_an_outdated_price_changes_nothing(world, sandbox, shop, take):
    key = world.simple_keys(shop)[0]
    take(shop, "product.price.updated", price_data(world, shop, key, base=1))
    take(shop, "product.updated", {"id": int(key)})
    await world.run(OBSERVE)
    assert looks(world) == []
    assert not [one for one in world.events() if isinstance(one, ManualEditDetected)]
    assert world.app.database.fetch_all("SELECT * FROM product_hints") == []


async def test_new_and_deleted_products(world, sandbox, shop, take):
    key = world.simple_keys(shop)[0]
    sandbox.edit(shop, key, status="deleted")
    take(shop, "product.deleted", {"id": int(key)})
    await world.run(OBSERVE)
    removed = [one.keys for one in world.events() if type(one).__name__ == "CatalogItemsRemoved"]
    assert removed == [(key,)]
    sandbox.edit(shop, key, status="sale")
    take(shop, "product.created", {"id": int(key), "name": "x"})
    await world.run(OBSERVE)
    assert [item.key for look in looks(world) for item in look.items] == [key]


async def test_many_hints_cost_one_sweep(world, sandbox, shop, take):
    for key, _ in itertools.product(world.simple_keys(shop), range(3)):
        take(shop, "product.status.updated", {"id": int(key), "status": "hidden"})
    for number in range(40):
        take(shop, "product.created", {"id": 900_000 + number})
    calls = []
    world.wire.before = lambda request: calls.append(request.url.path)
    await world.run(OBSERVE)
    assert calls == ["/admin/v2/products"]


@pytest.mark.parametrize("data", [{}, {"id": None}, {"id": "x"}, {"id": "٣"}, {"id": -4}])
def test_a_product_event_without_a_product(world, take, data):
    with pytest.raises(WebhookMalformed):
        take("1", "product.created", data)


# -- orders -------------------------------------------------------------------------------------------------------


def order(number=5, slug="under_review", quantity=2, **more):
    return {
        "id": number,
        "date": {"date": "2026-05-01 14:00:00.000000", "timezone_type": 3, "timezone": "Asia/Riyadh"},
        "status": {"id": 1, "name": "…", "slug": slug},
        "customer": {"first_name": "Canary-Person", "mobile": "500000001", "email": "canary@person.test"},
        "items": [
            {
                "id": 1,
                "name": "x",
                "sku": "A-1",
                "quantity": quantity,
                "product": {"id": 70},
                "amounts": {"total": {"amount": Decimal("23.10"), "currency": "SAR"}},
            }
        ],
        **more,
    }


def sales(world):
    return [one for one in world.events() if isinstance(one, SalesObserved)]


def test_an_order_is_told_without_the_person(world, take):
    take("1", "order.created", order())
    (told,) = sales(world)
    assert told.originator_id == derived_id("order", "1", "5")
    assert (told.state.value, told.placed_at) == ("counted", datetime(2026, 5, 1, 11, tzinfo=UTC))
    (line,) = told.lines
    assert (line.product_id, line.sku, line.quantity, line.unit_price) == ("70", "A-1", 2, 1155)
    stored = world.app.database.fetch_all("SELECT content::text AS text FROM orders")[0]["text"]
    assert "anary" not in stored + told.model_dump_json()


def test_the_history_shape_and_a_flat_product_id(world, take):
    inner = order(slug="canceled")
    inner["items"] = [{"id": 1, "product_id": 70, "quantity": "2", "amounts": {"total": {"amount": 9}}}]
    take("1", "order.status.updated", {"id": 9, "status": "ملغي", "order": inner})
    (told,) = sales(world)
    assert (told.state.value, told.lines[0].product_id, told.lines[0].unit_price) == ("not_counted", "70", 450)


@pytest.mark.parametrize(
    ("name", "slug", "more", "state"),
    [
        ("order.created", "payment_pending", {}, "pending"),
        ("order.created", "under_review", {"is_pending_payment": True}, "pending"),
        ("order.created", "a custom one", {}, "pending"),
        ("order.updated", "delivered", {}, "counted"),
        ("order.cancelled", "canceled", {}, "not_counted"),
        ("order.refunded", "completed", {}, "not_counted"),
        ("order.deleted", "completed", {}, "not_counted"),
    ],
)
def test_which_orders_are_demand(world, take, name, slug, more, state):
    take("1", name, order(slug=slug, **more))
    assert [one.state.value for one in sales(world)] == [state]


def test_a_refund_stays_one_and_nothing_is_told_twice(world, take):
    take("1", "order.created", order())
    take("1", "order.created", order())
    take("1", "order.refunded", order(slug="completed"), AT + timedelta(minutes=1))
    take("1", "order.updated", order(slug="completed"), AT + timedelta(minutes=2))
    assert [one.state.value for one in sales(world)] == ["counted", "not_counted"]
    assert [one.originator_version for one in sales(world)] == [1, 2]


@pytest.mark.parametrize("data", [{}, {"order": {}}, {"id": "x"}, {"id": 5, "items": [{"quantity": "many"}]}])
def test_an_unreadable_order(world, take, data):
    with pytest.raises(WebhookMalformed):
        take("1", "order.created", data)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(deliveries=st.permutations([0, 1, 2, 3, 0, 2]))
def test_in_any_order_of_arrival_the_latest_news_stands(world, take, deliveries):
    history = ["payment_pending", "under_review", "delivered", "canceled"]
    number = uuid4().int % 10**9
    for step in deliveries:
        take("1", "order.updated", order(number, history[step]), AT + timedelta(minutes=step))
    told = [one for one in sales(world) if one.order_id == str(number)]
    assert told[-1].state.value == "not_counted"
    assert [one.originator_version for one in told] == list(range(1, len(told) + 1))
