"""A long history made at once is what it is made event by event, whatever happened in it and however it is cut."""

import os
import random
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from thaman_audit.adapters.hearing import Heard
from thaman_audit.adapters.moment import Moment
from thaman_audit.application import envelope_of
from thaman_audit.bootstrap import build
from thaman_audit.testing import NOW, Streams, settings_for
from thaman_audit.testing_events import authorized
from thaman_audit.testing_runs import FullRun
from thaman_cli.replaying import beside, bulk
from thaman_cli.replaying.chain import Chain
from thaman_cli.replaying.rebuilding import rebuilt, rebuilt_chain
from thaman_cli.replaying.state import read_models, schedule_of
from thaman_cli.world.reading import Connection
from thaman_contracts.events import EventData, onboarding, optimizer
from thaman_contracts.events.settings import ItemRule, StoreSettings, SystemSettings
from thaman_contracts.ids import SYSTEM
from thaman_kit.migrate import migrate

STORE, EVER = "77", NOW + timedelta(days=400)
SEEDS = int(os.environ.get("THAMAN_REPLAYS", "4"))
PRODUCTS = "1234567"
STEPS = 150


@dataclass
class Life:
    """A store to which everything happens that its tables hear of, in an order that only ``seed`` knows."""

    seed: int
    runs: int = 0
    waiting: list[list[EventData]] = field(default_factory=list)
    """Stories that have begun; each goes on by itself, beside the others."""

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.now = NOW

    def whole(self) -> Iterator[EventData]:
        """All events, the connection first."""
        yield authorized(STORE, prices_include_vat=self.chance.random() < 0.5)
        steps = [self.sight, self.sight, self.offers, self.run, self.run, self.other, self.order]
        for _ in range(STEPS):
            self.now += timedelta(minutes=self.chance.randrange(900))
            if self.waiting and self.chance.random() < 0.6:
                story = self.chance.choice(self.waiting)
                yield story.pop(0).model_copy(update={"occurred_at": self.now})
                self.waiting = [one for one in self.waiting if one]
            else:
                yield self.chance.choice(steps)()

    def told(self, kind: type[EventData], **fields: Any) -> EventData:
        return kind.model_validate({"store_id": STORE, "occurred_at": self.now} | fields)

    def sight(self) -> EventData:
        """Some items, perhaps the end of a sweep."""
        items = tuple(self.item(key) for key in self.chance.sample(PRODUCTS, self.chance.randrange(1, 6)))
        source = self.chance.choice(list(onboarding.ObservationSource))
        basis = {"prices_include_vat": self.chance.random() < 0.9, "vat_bp": 1_500}
        last = {"source": source, "last_page": self.chance.random() < 0.3}
        return self.told(onboarding.CatalogObserved, items=items, **basis, **last)

    def item(self, product: str) -> onboarding.CatalogItem:
        prices = {name: self.chance.choice((0, 900, 1_000, 1_100)) for name in ("base_price", "shelf_price")}
        more = {
            "status": self.chance.choice(list(onboarding.ItemStatus)),
            "stock": self.chance.choice((None, 0, 3)),
            "unlimited": self.chance.random() < 0.2,
            "sale_running": self.chance.random() < 0.2,
            "has_variants": product == "6" and self.chance.random() < 0.5,
            "variant_id": "71" if product == "7" else None,
            "brand": self.chance.choice((None, "عود", "b")),
        }
        fields = {"product_id": product, "name": f"عطر {product}", "currency": "SAR"} | prices | more
        return onboarding.CatalogItem.model_validate(fields)

    def offers(self) -> EventData:
        self.runs += self.chance.random() < 0.5
        run = FullRun(STORE, f"r{self.runs}")
        fitness = list(optimizer.OfferFitness)
        found = tuple(
            run.offer(key).model_copy(update={"fitness": self.chance.choice(fitness), "observed_at": self.now})
            for key in self.chance.sample(PRODUCTS, 3)
        )
        return run.event(optimizer.OffersObserved, self.now - NOW, offers=found)

    def run(self) -> EventData:
        """A run begins, and what it says of some items becomes stories of their own."""
        self.runs += 1
        run = FullRun(STORE, f"r{self.runs}")
        for product in self.chance.sample(PRODUCTS, 3):
            story = list(self.story(run, product))
            # As two streams may, what onboarding tells may come before what it answers.
            mixed = [event for event in story if event.service == "onboarding"]
            own = [event for event in story if event.service != "onboarding"]
            self.waiting += filter(None, [own, mixed] if self.chance.random() < 0.2 else [story])
        self.waiting.append([run.event(optimizer.OptimizationCompleted, timedelta())])
        return run.event(optimizer.OptimizationStarted, self.now - NOW, items=3)

    def story(self, run: FullRun, product: str) -> Iterator[EventData]:
        reference = self.chance.choice((None, 950, 1_050))
        if self.chance.random() < 0.2:
            yield run.item(optimizer.PriceHeld, product, reference=reference)
            return
        yield run.item(optimizer.PriceProposed, product, reference=reference)
        end = self.chance.randrange(5)
        if end == 0:
            return
        if end in (1, 2):
            yield [
                run.item(optimizer.PriceRejected, product, reason=self.chance.choice((None, "غال"))),
                run.item(optimizer.ProposalExpired, product, reason="time"),
            ][end - 1]
            return
        if end == 3:
            yield run.item(optimizer.PriceApproved, product, approved_by="layla")
        yield run.decided(product, timedelta(), "layla" if end == 3 else "policy")
        yield from self.writes(run, product)

    def writes(self, run: FullRun, product: str) -> Iterator[EventData]:
        for attempt in range(self.chance.randrange(3)):
            price = {"target_base_price": self.chance.choice((900, 1_000))}
            yield run.write(onboarding.PriceWriteStarted, product, 1, attempt=attempt + 1, **price)
            if self.chance.random() < 0.5:
                yield run.write(onboarding.PriceApplyUncertain, product, 2, attempt=attempt + 1, **price)
        kinds = onboarding.PriceApplied, onboarding.PriceApplied, onboarding.PriceApplyFailed
        kind = self.chance.choice((*kinds, onboarding.PriceDecisionStale, None))
        if kind is not None:
            price = self.chance.choice((900, 1_000, 1_100))
            prices = {"base_price": price, "shelf_price": price} if kind is onboarding.PriceApplied else {}
            yield run.write(kind, product, 3, **prices)

    def other(self) -> EventData:
        """What happens seldom, and what changes items otherwise."""
        product = self.chance.choice(PRODUCTS)
        mode = self.chance.choice(("manual", "full_auto"))
        rule = ItemRule(product_id=product, locked=self.chance.random() < 0.5)
        edit = {"expected_base_price": 1_000, "found_base_price": 1_234, "found_by": "webhook"}
        return self.chance.choice(
            [
                self.told(onboarding.ManualEditDetected, product_id=product, **edit),
                self.told(onboarding.CatalogItemsRemoved, keys=(product,)),
                self.told(onboarding.StorePaused, fence=self.runs, reason="عيد", paused_by="k"),
                self.told(onboarding.StoreResumed, fence=self.runs, resumed_by="k"),
                self.told(onboarding.ItemRulesChanged, rules=(rule,), changed_by="k"),
                self.told(
                    onboarding.StoreSettingsChanged,
                    settings_version=self.runs + 2,
                    settings=StoreSettings.model_validate({"mode": mode}),
                    changed_by="k",
                ),
                self.told(
                    onboarding.SystemSettingsChanged,
                    store_id=SYSTEM,
                    settings_version=self.runs + 1,
                    settings=SystemSettings(stopped=self.chance.random() < 0.5),
                    system_fence=self.runs,
                    changed_by="operator",
                ),
                FullRun(STORE, f"r{self.runs}").links(product),
            ]
        )

    def order(self) -> EventData:
        line = {"product_id": self.chance.choice(PRODUCTS), "quantity": self.chance.randrange(4), "unit_price": 1_000}
        state = self.chance.choice(list(onboarding.OrderState))
        names = {"order_id": str(self.chance.randrange(5)), "state": state, "placed_at": self.now, "source": "webhook"}
        return self.told(onboarding.SalesObserved, **names, lines=(line,))


@pytest.fixture
def ledger(database_url: str, seed: int) -> Iterator[tuple[str, Chain]]:
    """The address of a database whose ledger has a life, and its chain."""
    migrate(database_url, ["audit"])
    container = build(settings_for(database_url))
    streams = Streams(container)
    for event in Life(seed).whole():
        streams.deliver(event)
    container.close()
    with Moment.of(database_url) as moment:
        yield database_url, Chain(moment, STORE, EVER)


def made(database: AbstractContextManager[Connection]) -> dict[str, Any]:
    with database as connection:
        return read_models(connection, STORE) | {"schedule": schedule_of(connection, STORE, EVER)}


def end_of(chain: Chain) -> tuple[int, int | None, str | None]:
    return chain.entries, chain.last, chain.hash


@pytest.mark.parametrize("size", [5, 5_000])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_at_once_is_as_event_by_event(ledger: tuple[str, Chain], size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    url, _ = ledger
    monkeypatch.setattr(bulk, "LONG", 1)
    monkeypatch.setattr(bulk, "PAGE", size)
    monkeypatch.setattr(beside, "PAGE", size)
    monkeypatch.setattr(bulk, "UNFIT", ())  # nothing may be made the other way
    with psycopg.connect(url, autocommit=True) as connection:  # as an older and a newer release would say it
        connection.execute(
            "UPDATE audit.ledger SET data = convert_to((convert_from(data, 'UTF8')::jsonb - 'notify' - 'shown_digest'"
            """ || '{"later": 1}')::text, 'UTF8') WHERE seq % 3 = 0 AND service = 'optimizer'"""
        )
    with Moment.of(url) as moment:
        slowly, quickly = (Chain(moment, STORE, EVER) for _ in range(2))
        one_by_one = made(rebuilt(url, slowly.messages()))
        assert one_by_one["optimizer"]["decisions"]
        assert one_by_one["optimizer"]["offers"]
        assert one_by_one["audit"]["price_history"]
        assert made(rebuilt_chain(url, quickly)) == one_by_one
        assert end_of(quickly) == end_of(slowly)


@pytest.mark.parametrize("seed", [1])
def test_an_instant_cuts_both_at_the_same_place(ledger: tuple[str, Chain], monkeypatch: pytest.MonkeyPatch) -> None:
    url, chain = ledger
    monkeypatch.setattr(bulk, "LONG", 1)
    monkeypatch.setattr(bulk, "UNFIT", ())
    at = NOW + timedelta(days=20)
    slowly, quickly = (Chain(chain.ledger, STORE, at) for _ in range(2))
    assert made(rebuilt_chain(url, quickly)) == made(rebuilt(url, slowly.messages()))
    assert 20 < quickly.entries < STEPS
    assert end_of(quickly) == end_of(slowly)


@pytest.mark.parametrize("seed", [1])
def test_what_is_heard_is_what_happened(ledger: tuple[str, Chain]) -> None:
    _, chain = ledger
    moment = chain.ledger
    entries = list(moment.happened(STORE, EVER))
    types = {entry.type for entry in entries if "Price" in entry.type}
    some = list(moment.bodies(STORE, EVER, types))
    assert some == [(entry.type, entry.data) for entry in entries if entry.type in types]
    rest = list(moment.heard(STORE, EVER, types))
    assert rest == [Heard.of(entry) for entry in entries if entry.type not in types]
    assert [one.envelope() for one in rest] == [envelope_of(entry) for entry in entries if entry.type not in types]
    assert moment.reach(STORE, datetime(2000, 1, 1, tzinfo=UTC)) == (0, None)
