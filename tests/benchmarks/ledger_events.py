"""The events of stores whose runs change prices, in the mix that a run of the real services tells.

Each store has :data:`ITEMS` items. Every twelve hours a run changes the price of each: the catalogue is seen (pages of
60 items), the run is asked for and begins, three rivals' offers of each item are read (pages of 200), the market is
handed over, and of each item come a proposal, a decision, the begin of its write and what became of it; then the run
ends. That is 812 events a run, nearly all about one item. The stores take turns, their runs are the same but for the
store, and the same number of events is the same events every time.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache

from thaman_audit.testing_events import authorized
from thaman_audit.testing_why import Pricing
from thaman_contracts.events import EventData
from thaman_contracts.events.onboarding import CatalogObserved
from thaman_contracts.events.optimizer import Offer, OffersObserved, OptimizationCompleted

ITEMS, RIVALS, HOURS = 200, 3, 12
CATALOGUE_PAGE, OFFERS_PAGE, BATCH = 60, 200, 400


def events_of(stores: list[str], after: int = 0) -> Iterator[EventData]:
    """Endless, but for so many at the beginning, which are not made."""
    for store, events, first in stretches_of(stores, after):
        for event in events[first:]:
            yield event if event.store_id == store else event.model_copy(update={"store_id": store})


def stretches_of(stores: list[str], after: int = 0) -> Iterator[tuple[str, list[EventData], int]]:
    """The same by stretches, endless: a store, events that are its but for the name of the store in them, and the place
    of the first of them that is not among the ``after`` events before. The first of each store is its connection."""
    for store in stores:
        if after == 0:
            yield store, [authorized(store)], 0
        after = max(0, after - 1)
    number = 0
    while True:
        number += 1
        length = _length(number > 1)
        for store in stores:
            if after < length:
                yield store, _of_first(stores[0], number), after
            after = max(0, after - length)


@lru_cache
def _length(has_links: bool) -> int:
    """Events of a run; the first one tells the links of all items by themselves."""
    return len([event for batch in run("1", 1 + has_links) for event in batch])


@lru_cache(maxsize=1)
def _of_first(store: str, number: int) -> list[EventData]:
    return [event for batch in run(store, number) for event in batch]


def run(store: str, number: int) -> Iterator[list[EventData]]:
    """One run over all items, in batches of what one service says next."""
    old, new = (10_000, 9_900) if number % 2 else (9_900, 10_000)
    each = [
        Pricing(store, old + item, new + item, str(item), cause=f"r{number}", hours=HOURS * number)
        for item in range(1, ITEMS + 1)
    ]
    yield list(_catalogue(each))
    linked, asked, begun, _, handed_over = each[0].market()
    yield [asked]
    yield [*([one.market()[0] for one in each] if number == 1 else [linked]), begun, *_offers(each), handed_over]
    for start in range(0, ITEMS, BATCH // 2):
        part = each[start : start + BATCH // 2]
        yield [event for one in part for event in (one.proposed(), one.decided())]
        yield [event for one in part for event in (one.started(), one.applied()[0])]
    yield [each[0].run.event(OptimizationCompleted, timedelta(minutes=3))]


def _catalogue(each: list[Pricing]) -> Iterator[CatalogObserved]:
    for start in range(0, ITEMS, CATALOGUE_PAGE):
        pages = [one.seen() for one in each[start : start + CATALOGUE_PAGE]]
        yield pages[0].model_copy(update={"items": tuple(page.items[0] for page in pages)})


def _offers(each: list[Pricing]) -> Iterator[OffersObserved]:
    pages = [one.offers() for one in each]
    offers: list[Offer] = [
        page.offers[0].model_copy(update={"url": f"{page.offers[0].url}/{rival}", "competitor": f"rival {rival}"})
        if rival
        else page.offers[0]
        for rival in range(RIVALS)
        for page in pages
    ]
    for start in range(0, len(offers), OFFERS_PAGE):
        yield pages[0].model_copy(update={"offers": tuple(offers[start : start + OFFERS_PAGE])})
