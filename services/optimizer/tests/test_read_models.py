"""Read models: what events make of them, and that they can be made again."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from thaman_contracts.envelope import Envelope
from thaman_contracts.events import EventData, model_of, onboarding
from thaman_contracts.events.listings import ListingSource, LookOutcome, SourceKind
from thaman_contracts.events.onboarding import CatalogItem
from thaman_contracts.events.optimizer import UndoScope
from thaman_contracts.events.policies import PolicyStage, PricePolicy
from thaman_kit.application import EventSourcedApplication
from thaman_kit.restoring import Restorer
from thaman_optimizer.adapters.published import PublishedFold
from thaman_optimizer.adapters.rebuild import TABLES
from thaman_optimizer.consumers import router
from thaman_optimizer.domain.listings import Listing
from thaman_optimizer.listing_ports import Look
from thaman_optimizer.publication import PUBLICATION, STORED
from thaman_optimizer.testing import made_again
from thaman_optimizer.undo_ports import Wanted


def dump(application: EventSourcedApplication) -> dict[str, list[dict[str, Any]]]:
    database = application.database
    return {table: database.fetch_all(f"SELECT * FROM {table} ORDER BY {table}::text") for table in TABLES}


def live(world: Any, item_of: Callable[..., CatalogItem]) -> None:
    """A store's life with everything in it."""
    world.connect(settings={"mode": "semi_auto", "advice": "crew"})
    world.stock(4)
    world.observe(item_of("5", variant_id="9", cost=None), item_of("6", sale_running=True, shelf_price=8_000))
    world.run()
    for decision in world.decisions():
        world.applied(decision)
    for row in world.proposals(states=["pending"])[:1]:
        world.container.optimizer.reject("1", row["proposal_id"], "key_1")
    wanted = Wanted(UndoScope.DECISIONS, decisions=tuple(one["decision_id"] for one in world.decisions(item_key="1")))
    assert len(world.container.undoing.undo("1", wanted, "key_1").decisions) == 1
    now = world.clock.now()
    rule = {"product_id": "2", "min_price": 9_000, "locked": True, "season_ends_on": "2026-04-01", "salvage": 1_000}
    rule |= {"cost": 4_000, "mode": "manual"}
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
    policies(world)
    listings(world, item_of)
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
    world.tell(
        onboarding.ApiKeyIssued(
            store_id="1", occurred_at=now, key_id="key_1", key_hash="hash", scope="store", label="of the store"
        )
    )
    world.stop_all(stopped=False)
    for url in world.pages.prices:
        world.pages.prices[url] = None
    world.clock.advance(timedelta(hours=2))
    world.run()
    world.clock.advance(timedelta(hours=60))
    world.container.optimizer.expire_due()
    world.tell(onboarding.StoreUninstalled(store_id="1", occurred_at=world.clock.now(), fence=1))


def listings(world: Any, item_of: Callable[..., CatalogItem]) -> None:
    """Sources, one gone again, looks that found things, and answers of both kinds."""
    gtins = ("6281000000014", "4006381333931", "5901234123457")
    world.observe(*(item_of(str(number), gtin=gtin, mpn="X1") for number, gtin in enumerate(gtins, 7)))
    found = [
        Listing("rival", f"https://r.example/{number}", f"عطر {number}", gtin=gtin)
        for number, gtin in enumerate(gtins, 7)
    ]
    commands, sources = world.container.listings, [ListingSource(source_id="web", kind=SourceKind.SEARCH)]
    world.looker.looks["web"] = Look(LookOutcome.FAILED, detail="no provider")
    world.looker.looks["feed"] = Look(LookOutcome.PARTLY, tuple(found), skipped=1, problems=("row 2",), requests=1)
    feed = ListingSource(source_id="feed", kind=SourceKind.FEED, url="https://r.example/feed.csv", competitor="R")
    commands.set_sources("1", [*sources, feed], "key_1")
    world.look()
    commands.set_sources("1", [feed], "key_1")
    first, second, _ = commands.meant("1", "exact", "feed", 0, 9)
    commands.answer("1", [first], confirmed=True, by="key_1")
    commands.answer("1", [first, second], confirmed=False, by="key_2")
    commands.answer("1", [second], confirmed=True, by="key_2")
    world.looker.looks["feed"] = Look(LookOutcome.READ, tuple(replace(one, title="Stapler") for one in found))
    commands.request_look("1", "feed", "key_1")
    world.look()


def policies(world: Any) -> None:
    """Policies in every stage, one replaced, one sent back, and what one in shadow made of an item in two runs."""
    commands = world.container.policies
    for title in ("one", "two", "three", "four", "five"):
        commands.draft("1", PricePolicy(title=title, min_margin_bp=1_500), "key_1")
        world.clock.advance(timedelta(seconds=1))
    staged = ((1, "live"), (2, "live"), (3, "shadow"), (4, "canary"))
    for version, stage in staged:
        commands.stage("1", version, PolicyStage(stage), 500 if stage == "canary" else None, "key_2")
        world.clock.advance(timedelta(seconds=1))
    for run in (1, 2):
        world.shadowed(3, UUID(int=run), {"product_id": "1", "shelf_price": 10_000, "shadow_price": 9_000 + run})


def test_every_table_dropped_and_rebuilt_is_what_it_was(world: Any, item_of: Callable[..., CatalogItem]) -> None:
    live(world, item_of)
    before = dump(world.container.application)
    assert all(before[table] for table in TABLES)
    made_again(world.container.application, world.history)
    assert dump(world.container.application) == before


@pytest.mark.parametrize("size", [3, 1_000])
def test_published_events_alone_make_the_same_tables(
    world: Any, item_of: Callable[..., CatalogItem], other_database: str, size: int
) -> None:
    """In another database, from what a ledger has: the own events as published, and other services'."""
    live(world, item_of)
    log = world.container.application.recorder.select_notifications(0, 100_000, inclusive_of_start=False)
    own = [PUBLICATION.message_of(world.container.application.mapper.to_domain_event(one), one.id, 0) for one in log]
    restorer = Restorer(STORED)
    told = [(one.envelope, restorer.restore(one.envelope, one.body)) for one in own if one]
    told += [(envelope, model_of(envelope.type).model_validate_json(body)) for envelope, body in world.history]
    with closing(EventSourcedApplication.connect("optimizer", other_database)) as other:
        fold = PublishedFold(other, router)
        for first in range(0, len(told), size):
            fold.fold(told[first : first + size])
        fold.finish()
        assert dump(other) == dump(world.container.application)


def test_handling_every_message_again_changes_nothing(world: Any, item_of: Callable[..., CatalogItem]) -> None:
    live(world, item_of)
    before = dump(world.container.application)
    for envelope, body in world.history:
        unit = world.container.application.unit_of_work()
        router.dispatch(envelope, body, unit)
        unit.commit()
    assert dump(world.container.application) == before


def test_reports_of_one_batch_say_what_they_say_one_by_one(world: Any, item_of: Callable[..., CatalogItem]) -> None:
    world.connect()
    world.observe(*(item_of(str(number), base_price=10_000, shelf_price=10_000) for number in (1, 2, 3)))
    world.clock.advance(timedelta(minutes=1))
    reports = [_report(world, *one) for one in _REPORTS]
    units: list[dict[str, Any]] = []
    for size in (1, len(reports)):
        for table in ("decisions", "edits"):
            world.container.application.database.execute(f"DELETE FROM {table}")
        for first in range(0, len(reports), size):
            unit = world.container.application.unit_of_work()
            for report in reports[first : first + size]:
                router.dispatch(_envelope(report), report.model_dump_json().encode(), unit)
            unit.commit()
        units.append(dump(world.container.application))
    singly, together = units
    assert singly == together
    states = {row["decision_id"].int: (row["state"], row["base_price"], row["reason"]) for row in together["decisions"]}
    assert states == {1: ("applied", 9_100, None), 2: ("uncertain", 9_200, "cut"), 3: ("applied", 9_000, None)}
    assert {row["item_key"]: row["base_price"] for row in together["items"]} == {"1": 9_000, "2": 9_500, "3": 10_000}


# Of which decision and product, and what.
_REPORTS = (
    (1, "1", "started", 9_100),
    (2, "2", "started", 9_300),
    (2, "2", "uncertain", 9_200),
    (1, "1", "applied", 9_100),
    (0, "2", "edited", 9_500),
    (3, "1", "started", 8_900),
    (3, "1", "uncertain", 8_900),
    (3, "1", "applied", 9_000),
)


def _report(world: Any, decision: int, product: str, what: str, price: int) -> EventData:
    common = {"store_id": "1", "occurred_at": world.clock.now(), "product_id": product}
    if what == "edited":
        return onboarding.ManualEditDetected(
            **common, expected_base_price=10_000, found_base_price=price, found_by="sweep"
        )
    ids = {"decision_id": UUID(int=decision), "run_id": UUID(int=9)}
    if what == "started":
        return onboarding.PriceWriteStarted(
            **common, **ids, expected_base_price=10_000, target_base_price=price, attempt=1, call="bulk", fence=0
        )
    if what == "uncertain":
        return onboarding.PriceApplyUncertain(**common, **ids, target_base_price=price, attempt=1, reason="cut")
    prices = {"old_base_price": 10_000, "base_price": price, "shelf_price": price}
    return onboarding.PriceApplied(**common, **ids, **prices, settled_by="read_back")


def _envelope(event: EventData) -> Envelope:
    return Envelope(f"{UUID(int=1)}:1", "onboarding", event.event_type(), "1", event.occurred_at, 1, 0)


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
