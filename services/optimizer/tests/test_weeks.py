"""The read model of items' weeks: what events make of it."""

from collections.abc import Callable
from datetime import date, timedelta
from importlib import resources
from typing import Any

from thaman_contracts.events import onboarding
from thaman_contracts.events.onboarding import CatalogItem


def order(
    world: Any, number: str, *lines: dict[str, Any], store_id: str = "1", state: str = "counted", ago: int = 0
) -> None:
    """An order as it stands, placed so many days ago."""
    world.tell(
        onboarding.SalesObserved(
            store_id=store_id,
            occurred_at=world.clock.now(),
            order_id=number,
            state=state,
            placed_at=world.clock.now() - timedelta(days=ago),
            source="sweep",
            lines=lines,
        )
    )


def line(product_id: str, quantity: int, price: int | None = None, variant_id: str | None = None) -> dict[str, Any]:
    return {"product_id": product_id, "variant_id": variant_id, "quantity": quantity, "unit_price": price}


def weeks(world: Any, store_id: str = "1") -> dict[tuple[str, date], dict[str, Any]]:
    rows = world.container.application.database.fetch_all(
        "SELECT * FROM weeks WHERE store_id = %(store_id)s ORDER BY item_key, week", {"store_id": store_id}
    )
    return {(row["item_key"], row["week"]): row for row in rows}


def units(world: Any, store_id: str = "1") -> dict[str, int]:
    return {key: int(row["units"]) for (key, _), row in weeks(world, store_id).items() if row["units"]}


def test_orders_count_in_the_week_they_were_placed_in(world: Any) -> None:
    world.connect()
    monday = world.clock.now().date()
    assert monday.weekday() == 0
    order(world, "a", line("1", 2, 900), line("1", 1), line("2", 3, 500, "7"))
    order(world, "b", line("1", 4, 1_000), ago=1)
    order(world, "c", {"sku": "who knows", "quantity": 9})
    found = weeks(world)
    assert found["1", monday]["units"] == 3
    assert (found["1", monday]["paid_units"], found["1", monday]["paid"]) == (2, 1_800)
    assert found["2/7", monday]["units"] == 3
    assert found["1", monday - timedelta(days=7)]["units"] == 4
    assert len(found) == 3


def test_a_correction_replaces_what_the_order_counted_before(world: Any) -> None:
    world.connect()
    order(world, "a", line("1", 2), state="pending")
    assert units(world) == {}
    order(world, "a", line("1", 2))
    order(world, "a", line("1", 2))
    assert units(world) == {"1": 2}
    order(world, "a", line("1", 1), line("2", 5))
    order(world, "b", line("1", 1))
    assert units(world) == {"1": 2, "2": 5}
    order(world, "a", line("1", 1), line("2", 5), state="not_counted")
    assert units(world) == {"1": 1}


def test_the_migration_counts_the_orders_that_are_known_already(world: Any) -> None:
    world.connect()
    order(world, "a", line("1", 2, 900), line("2", 3, 500, "7"))
    order(world, "b", line("1", 4), line("1", 1, 800), ago=1)
    order(world, "c", line("1", 9), state="pending")
    order(world, "d", {"sku": "who knows", "quantity": 9})
    before = weeks(world)
    text = (resources.files("thaman_optimizer") / "migrations" / "0002_pre_weeks.sql").read_text(encoding="utf-8")
    world.container.application.database.execute("DELETE FROM weeks")
    world.container.application.database.execute(text[text.index("INSERT INTO weeks") :])
    assert weeks(world) == before
    assert len(before) == 3


def test_the_shelf_is_kept_by_the_day(world: Any, item_of: Callable[..., CatalogItem]) -> None:
    world.connect()
    world.observe(
        item_of("1"), item_of("2", stock=0), item_of("3", stock=0, unlimited=True), item_of("4", status="out")
    )
    world.clock.advance(timedelta(days=2))
    world.observe(item_of("1", base_price=9_000, shelf_price=9_000, stock=0))
    world.clock.advance(timedelta(hours=2))
    world.observe(item_of("1", base_price=9_100, shelf_price=9_100))
    monday = world.clock.now().date() - timedelta(days=2)
    found = {key: (row["prices"], row["stocked"]) for (key, week), row in weeks(world).items() if week == monday}
    none = [None] * 4
    assert found["1"] == ([10_000, None, 9_100, *none], [True, None, True, *none]), "of a day the last look counts"
    assert [found[key][1][0] for key in ("2", "3", "4")] == [False, True, False]


def test_applied_prices_and_references_enter_the_week(world: Any) -> None:
    world.connect()
    world.stock(1)
    world.run()
    world.clock.advance(timedelta(days=1))
    world.applied(world.decisions()[0])
    ((key, _), row) = next(iter(weeks(world).items()))
    assert key == "1"
    assert row["prices"][:2] == [10_000, 9_700]
    assert row["reference"] == 9_700


def test_nothing_of_one_store_reaches_another(world: Any, item_of: Callable[..., CatalogItem]) -> None:
    for store_id in ("1", "2"):
        world.connect(store_id, settings={"strategy": "demand"})
        world.observe(item_of("1"), store_id=store_id)
        order(world, "a", line("1", 2, 10_000), store_id=store_id)
    facts, now = world.container.facts, world.clock.now()
    before = facts.with_pasts("1", facts.items("1", now).items, now)
    for number in range(5):
        order(world, f"more-{number}", line("1", 7, 10_000), store_id="2", ago=number)
    order(world, "a", line("1", 50, 10_000), store_id="2")
    world.observe(item_of("1", category="another", stock=0), store_id="2")
    assert facts.with_pasts("1", facts.items("1", now).items, now) == before
    assert units(world, "1") == {"1": 2}
    assert facts.with_pasts("2", facts.items("2", now).items, now) != before
