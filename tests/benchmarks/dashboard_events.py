"""What one store with many products has behind it: the events of fourteen weeks of runs, edits and orders.

The same size is the same events every time. Runs come at equal distances up to an hour before the first instant of the
tests; there are as many of them as fit the wanted number, and orders of the last days make it exact. In a run

- every third time the catalogue is seen, 60 items a page; five base prices were edited by hand before it;
- half of the items have two rivals' pages, read 200 offers an event, and a fifth of these prices moved;
- every item is ruled on once: a twentieth is in the control share in the second half of the weeks, an eighth of the
  others is proposed, the rest stays, mostly because it is right already;
- six of ten proposals are decided by the policy; of the others half are approved, two tenths rejected, three lapse;
- of what is decided 95 of 100 are written and read back, and the rest is refused, stale, or unclear at first;
- and for every five items there is an order of one to three lines, one of twenty not counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from thaman_contracts.events import EventData, onboarding, optimizer
from thaman_contracts.events.onboarding import CatalogItem
from thaman_contracts.events.settings import AutomationMode, ItemRule, StoreSettings
from thaman_dashboard.domain.weeks import CONTROLLED
from thaman_dashboard.testing import NOW
from thaman_dashboard.testing_events import Run, authorized, edited, item, observed, rules, told

STORE = "77"
DAYS = 98
RULES_EACH = 20
"""One item of so many has limits of the merchant's own."""

CATALOGUE_PAGE, OFFERS_PAGE, RIVALS = 60, 200, 2
PROPOSED_EACH, CONTROLLED_EACH, ORDERS_EACH, SWEEP_EACH = 8, 20, 5, 3
EDITS = 5
BRANDS = tuple(f"دار {number}" for number in range(40))
CATEGORIES = tuple(f"قسم {number}" for number in range(25))
HELD = (*("result/already_right",) * 7, "movement/cooldown", "market/too_few_offers", "movement/too_small")
WORDS = {
    "result/already_right": ("السعر في مكانه", "The price is right already"),
    "movement/cooldown": ("لم تمضِ المدة", "Too soon after the last change"),
    "market/too_few_offers": ("العروض قليلة", "Too few offers"),
    "movement/too_small": ("الفرق صغير", "The difference is too small"),
    CONTROLLED: ("في حصة المقارنة", "In the control share"),
}
SETTINGS = StoreSettings(mode=AutomationMode.SEMI_AUTO, control_share_bp=500, min_offers=2)


@dataclass(frozen=True)
class Store:
    """A store of ``products`` items with ``events`` events."""

    products: int
    events: int

    @property
    def runs(self) -> int:
        """How many runs fit, one at least."""
        counted = max(1, self.events // self._of_a_run())
        return counted

    @property
    def keys(self) -> list[str]:
        """The items' keys."""
        return [str(number) for number in range(1, self.products + 1)]

    def _of_a_run(self) -> int:
        """About how many events a run makes."""
        return round(self.products * (1 + 0.119 * 2.9 + 1 / ORDERS_EACH + 1 / OFFERS_PAGE + 0.006)) + 10

    def history(self) -> Iterator[EventData]:
        """All of it, in the order in which it happened, exactly as many as wanted."""
        left = self.events
        for event in self._told():
            yield event
            left -= 1
            if left == 0:
                return

    def _told(self) -> Iterator[EventData]:
        yield authorized(STORE, self._minutes(0) - 60, settings=SETTINGS)
        yield from self.catalogue(self._minutes(0) - 50)
        ruled = [key for key in self.keys if int(key) % RULES_EACH == 0]
        for start in range(0, len(ruled), 100):
            yield rules(STORE, self._minutes(0) - 40, *map(rule_of, ruled[start : start + 100]))
        for number in range(self.runs):
            yield from self._run(number)
        orders = self.runs * self._orders()
        while True:
            yield order(orders, -90, self.products)
            orders += 1

    def _minutes(self, number: int) -> int:
        """When a run begins: minutes after the first instant of the tests."""
        return -60 * 24 * DAYS * (self.runs - number) // self.runs - 60

    def _orders(self) -> int:
        return self.products // ORDERS_EACH

    def catalogue(self, minutes: int, number: int = 0) -> Iterator[EventData]:
        """A sweep."""
        keys = self.keys
        for start in range(0, len(keys), CATALOGUE_PAGE):
            page = [shown(key, price_of(key, number)) for key in keys[start : start + CATALOGUE_PAGE]]
            yield observed(STORE, minutes, *page)

    def _run(self, number: int) -> Iterator[EventData]:
        run, at = Run(STORE, f"r{number}"), self._minutes(number)
        if number and number % SWEEP_EACH == 0:
            yield from self.catalogue(at - 20, number)
        for place in range(EDITS):
            key = str((number * 7 + place * 13) % self.products + 1)
            yield edited(STORE, at - 15, key, price_of(key, number), price_of(key, number) + 500)
        yield run.asked(at, slot=NOW + timedelta(minutes=at))
        yield run.started(at, items=self.products, mode=AutomationMode.SEMI_AUTO)
        yield from offers(run, at + 1, self.keys, number)
        counts = {"updated": 0, "asked": 0, "held": 0}
        for key in self.keys:
            yield from self._ruled(run, number, at, key, counts)
        statistics = dict.fromkeys(optimizer.RunStatistics.model_fields, 0) | counts
        statistics |= {
            "analysed": self.products,
            "competitors": 30,
            "offers_usable": self.products,
            "duration_ms": 9_000,
        }
        yield told(
            optimizer.OptimizationCompleted, STORE, at + 4, run_id=run.run_id, trigger="schedule", statistics=statistics
        )
        for place in range(self._orders()):
            yield order(number * self._orders() + place, at + 5 + place % 60, self.products)

    def _ruled(self, run: Run, number: int, at: int, key: str, counts: dict[str, int]) -> Iterator[EventData]:
        mixed = int(key) * 31 + number * 17
        reference = price_of(key, number) + (mixed % 41 - 20) * 25
        if int(key) % CONTROLLED_EACH == 0 and number >= self.runs // 2:
            yield self._held(run, at, key, CONTROLLED, number, reference)
        elif mixed % PROPOSED_EACH:
            yield self._held(run, at, key, HELD[mixed % len(HELD)], number, reference if mixed % 9 else None)
        else:
            yield from self._proposed(run, number, at, key, mixed, counts)
            return
        counts["held"] += 1

    def _held(self, run: Run, at: int, key: str, reason: str, number: int, reference: int | None) -> EventData:
        reason_ar, reason_en = WORDS[reason]
        return run.held(
            at + 2, key, reason, reason_ar=reason_ar, reason_en=reason_en, reference=reference,
            shelf_price=price_of(key, number),
        )  # fmt: skip

    def _proposed(
        self, run: Run, number: int, at: int, key: str, mixed: int, counts: dict[str, int]
    ) -> Iterator[EventData]:
        old, new = price_of(key, number), price_of(key, number + 1)
        kind = mixed // PROPOSED_EACH % 10
        asked = kind >= 6
        counts["asked" if asked else "updated"] += 1
        expected = (mixed % 900) - 100
        yield run.proposed(
            at + 2, key, old, new, floor=old // 2, ceiling=old * 2, risk=("low", "medium", "high")[mixed % 3],
            disposition="ask" if asked else "write", expected_weekly_profit_change=expected,
            interval80_low=expected - 300, interval80_high=expected + 400, risk_reasons=("small_cut",),
        )  # fmt: skip
        last = number == self.runs - 1
        if asked and last:
            return
        if asked and kind == 8:
            yield run.rejected(at + 30, key)
        elif asked and kind == 9:
            yield run.expired(at + 60, key)
        else:
            by = "key_1" if asked else "policy"
            yield run.decided(at + (30 if asked else 2), key, old, new, by=by)
            yield from _written(run, at + (31 if asked else 3), key, old, new, mixed // 80 % 100)

    def live(self, number: int) -> EventData:
        """One more thing that happens while a page is open."""
        key = str(number % self.products + 1)
        return Run(STORE, f"live{number}").proposed(0, key, price_of(key, 0), price_of(key, 0) + 100)


def _written(run: Run, at: int, key: str, old: int, new: int, luck: int) -> Iterator[EventData]:
    yield run.writing(at, key, old, new)
    if luck == 0:
        yield run.unwritten(at, key)
    elif luck == 1:
        yield run.stale(at, key)
    else:
        if luck < 5:
            yield run.uncertain(at, key, new)
        yield run.applied(at, key, old, new)


def price_of(key: str, number: int) -> int:
    """An item's shelf price in a run: halalas."""
    return 5_000 + int(key) * 37 % 400 * 100 + (int(key) * 31 + number * 17) // PROPOSED_EACH % 7 * 100


def shown(key: str, price: int) -> CatalogItem:
    """An item as Salla shows it; the cost of one in fifty is not known."""
    number = int(key)
    cost = None if number % 50 == 7 else price * 55 // 100
    return item(
        key, price, cost=cost, brand=BRANDS[number % len(BRANDS)], category=CATEGORIES[number % len(CATEGORIES)],
        name=f"عطر {BRANDS[number % len(BRANDS)]} {key} 100ml",
    )  # fmt: skip


def rule_of(key: str) -> ItemRule:
    """What the merchant says of an item."""
    return ItemRule(product_id=key, min_price=4_000, max_price=90_000, locked=int(key) % 200 == 0)


def links_of(key: str) -> list[tuple[str, str]]:
    """Rivals that sell an item, with their pages: every second item has two."""
    number = int(key)
    if number % 2:
        return []
    return [(f"منافس {(number + rival * 7) % 30}", f"https://rival{rival}.example/{key}") for rival in range(RIVALS)]


def offers(run: Run, at: int, keys: list[str], number: int) -> Iterator[EventData]:
    """All rivals' pages."""
    told_of: list[dict[str, Any]] = []
    for key in keys:
        for rival, (competitor, url) in enumerate(links_of(key)):
            moved = (int(key) + rival * 3 + number) // 5 % 9
            told_of.append({
                "product_id": key, "competitor": competitor, "url": url, "fitness": "usable", "currency": "SAR",
                "price": price_of(key, 0) + (moved - 4) * 150, "in_stock": True,
                "observed_at": NOW + timedelta(minutes=at),
            })  # fmt: skip
    for start in range(0, len(told_of), OFFERS_PAGE):
        page = told_of[start : start + OFFERS_PAGE]
        yield told(optimizer.OffersObserved, STORE, at, run_id=run.run_id, offers=page)


def order(number: int, minutes: int, products: int) -> EventData:
    """One order."""
    lines = [
        {
            "product_id": str((number * 11 + line * 101) % products + 1),
            "quantity": 1 + line,
            "unit_price": 5_000 + number % 300 * 100,
        }
        for line in range(1 + number % 3)
    ]
    made: EventData = told(
        onboarding.SalesObserved, STORE, minutes, order_id=str(number), source="webhook", lines=lines,
        state="not_counted" if number % 20 == 0 else "counted", placed_at=NOW + timedelta(minutes=minutes),
    )  # fmt: skip
    return made
