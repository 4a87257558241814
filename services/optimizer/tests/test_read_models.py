"""Read models: what events make of them, and that they can be made again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from thaman_contracts.events import onboarding
from thaman_contracts.events.onboarding import CatalogItem
from thaman_optimizer.adapters.rebuild import TABLES, rebuild
from thaman_optimizer.consumers import router


def dump(world: Any) -> dict[str, list[dict[str, Any]]]:
    database = world.container.application.database
    return {table: database.fetch_all(f"SELECT * FROM {table} ORDER BY {table}::text") for table in TABLES}


def live(world: Any, item_of: Callable[..., CatalogItem]) -> None:
    """A store's life with everything in it."""
    world.connect(settings={"mode": "semi_auto"})
    world.stock(4)
    world.observe(item_of("5", variant_id="9", cost=None), item_of("6", sale_running=True, shelf_price=8_000))
    world.run()
    for decision in world.decisions():
        world.applied(decision)
    for row in world.proposals(states=["pending"])[:1]:
        world.container.optimizer.reject("1", row["proposal_id"], "key_1")
    now = world.clock.now()
    rule = {"product_id": "2", "min_price": 9_000, "locked": True}
    world.tell(onboarding.ItemRulesChanged(store_id="1", occurred_at=now, rules=(rule,), changed_by="me"))
    world.tell(
        onboarding.ManualEditDetected(
            store_id="1",
            occurred_at=now,
            product_id="3",
            expected_base_price=10_000,
            found_base_price=10_300,
            found_by="sweep",
        )
    )
    for state in ("pending", "counted"):
        world.tell(
            onboarding.SalesObserved(
                store_id="1",
                occurred_at=now,
                order_id="500",
                state=state,
                placed_at=now,
                source="webhook",
                lines=({"product_id": "1", "quantity": 2, "unit_price": 10_000},),
            )
        )
    world.tell(onboarding.CatalogItemsRemoved(store_id="1", occurred_at=now, keys=("4",)))
    world.stop_all(stopped=False)
    for url in world.pages.prices:
        world.pages.prices[url] = None
    world.clock.advance(timedelta(hours=2))
    world.run()
    world.clock.advance(timedelta(hours=60))
    world.container.optimizer.expire_due()
    world.tell(onboarding.StoreUninstalled(store_id="1", occurred_at=world.clock.now(), fence=1))


def test_every_table_dropped_and_rebuilt_is_what_it_was(world: Any, item_of: Callable[..., CatalogItem]) -> None:
    live(world, item_of)
    before = dump(world)
    assert all(before[table] for table in TABLES)
    rebuild(world.container.application, router, world.history)
    assert dump(world) == before


def test_handling_every_message_again_changes_nothing(world: Any, item_of: Callable[..., CatalogItem]) -> None:
    live(world, item_of)
    before = dump(world)
    for envelope, body in world.history:
        unit = world.container.application.unit_of_work()
        router.dispatch(envelope, body, unit)
        unit.commit()
    assert dump(world) == before


def test_the_baseline_is_the_first_price_without_a_sale(world: Any, item_of: Callable[..., CatalogItem]) -> None:
    world.connect()
    world.observe(item_of("1", base_price=9_000, shelf_price=7_000, sale_running=True, sale_price=7_000))
    world.observe(item_of("1", base_price=12_000, shelf_price=12_000))
    (item,) = world.container.facts.items("1", world.clock.now()).items
    assert (item.baseline, item.shelf_price) == (9_000, 12_000)


def test_a_hand_edit_sets_the_shelf_price_of_a_vat_exclusive_store(
    world: Any, item_of: Callable[..., CatalogItem]
) -> None:
    world.connect(prices_include_vat=False)
    world.observe(item_of("1", base_price=8_696, shelf_price=10_000), prices_include_vat=False)
    world.tell(
        onboarding.ManualEditDetected(
            store_id="1",
            occurred_at=world.clock.now(),
            product_id="1",
            expected_base_price=8_696,
            found_base_price=8_699,
            found_by="sweep",
        )
    )
    (item,) = world.container.facts.items("1", world.clock.now()).items
    assert (item.base_price, item.shelf_price) == (8_699, 10_004)


def test_a_pause_outlives_an_uninstall(world: Any) -> None:
    world.connect()
    now = world.clock.now()
    world.tell(onboarding.StorePaused(store_id="1", occurred_at=now, fence=1, reason="x", paused_by="me"))
    world.tell(onboarding.StoreUninstalled(store_id="1", occurred_at=now, fence=2))
    assert world.container.facts.store("1", now) is None
    world.connect(fence=2)
    store = world.container.facts.store("1", now)
    assert (store.paused, store.connected, store.fence) == (True, True, 2)


def test_lost_tokens_disconnect_and_new_ones_connect(world: Any) -> None:
    world.connect()
    now = world.clock.now()
    world.tell(onboarding.ReauthorizationRequired(store_id="1", occurred_at=now, reason="refresh_rejected", detail="x"))
    assert not world.container.facts.store("1", now).connected
    world.tell(
        onboarding.StoreReauthorized(
            store_id="1", occurred_at=now, via="webhook", scopes=(), plan="pro", prices_include_vat=False, vat_bp=1_500
        )
    )
    store = world.container.facts.store("1", now)
    assert store.connected
    assert not store.prices_include_vat
