"""Where an item is spoken of among others: what is found by stretches is what a walk along the whole chain finds."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate, count
from typing import Any

import psycopg
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from thaman_audit.adapters.ledger import LedgerTables
from thaman_audit.bootstrap import Container
from thaman_audit.testing import NOW, Streams
from thaman_audit.testing_why import Pricing, at
from thaman_audit.why import LAST, PLACES, Mentions, why
from thaman_contracts.events import EventData
from thaman_contracts.events.onboarding import CatalogItemsRemoved, CatalogObserved
from thaman_contracts.events.optimizer import CompetitorLinksChanged, OffersObserved
from thaman_contracts.ids import item_key
from thaman_kit.database import Database, load_queries

KINDS = (CatalogObserved, CatalogItemsRemoved, CompetitorLinksChanged, OffersObserved)
STRETCH = 16_384
FAR = 10 * STRETCH
GAPS = (1, 1, 1, 7, STRETCH - 1, STRETCH, 3 * STRETCH, FAR)
HOURS = 30
Told = list[tuple[int, EventData]]
"""Events with their places."""

_stores = count(1)


class Walked(LedgerTables):
    """A ledger whose mentions are found by walking along the chain that a test knows."""

    def __init__(self, database: Database, told: Told) -> None:
        super().__init__(database)
        self._told = told

    def select(self, query: str, **params: Any) -> list[dict[str, Any]]:
        if query != "mentions":
            return super().select(query, **params)
        return [
            {"seq": place}
            for place, event in reversed(self._told)
            if event.event_type() == params["type"] and params["item"] in _items(event) and place < params["before"]
            if params["until"] is None or event.occurred_at <= params["until"]
        ]


def _items(event: EventData) -> set[str]:
    """The items that an event about several speaks of."""
    match event:
        case CatalogItemsRemoved():
            return set(event.keys)
        case CatalogObserved() | CompetitorLinksChanged():
            return {item_key(part.product_id, part.variant_id) for part in event.items}
        case OffersObserved():
            return {item_key(offer.product_id, offer.variant_id) for offer in event.offers}
    return set()


def _story(store: str, chapters: Sequence[tuple[str, str, int]]) -> list[EventData]:
    """What happened to items "1" and "2", late or not, in the order in which the ledger is told."""
    events: list[EventData] = [Pricing(store, 10_000, 9_900).seen()]
    for number, (what, product, hour) in enumerate(chapters):
        one = Pricing(store, 10_000 + number % 2, 9_900 + number % 3, product, cause=f"r{number}", hours=hour)
        match what:
            case "run":
                events += one.whole()
            case "seen":
                events.append(one.seen())
            case "gone":
                events.append(CatalogItemsRemoved(store_id=store, occurred_at=at(hours=hour), keys=(product, "9")))
            case "links":
                events.append(one.market()[0])
            case "offers":
                events.append(one.offers())
    return events


def _tell(streams: Streams, admin_url: str, events: Sequence[EventData], gaps: Sequence[int]) -> Told:
    """Tell events one by one, then move the entries apart, as if others lay between them."""
    for event in events:
        streams.deliver(event)
    places = list(accumulate(gaps[: len(events)]))
    moved = {"store": events[0].store_id, "places": places, "last": places[-1]}
    with psycopg.connect(admin_url, autocommit=True, options="-c search_path=audit") as admin:
        # By way of places that no entry has, because no two may have one in between.
        admin.execute("UPDATE ledger SET seq = -(%(places)s::bigint[])[seq] WHERE store_id = %(store)s", moved)
        admin.execute("UPDATE ledger SET seq = -seq WHERE store_id = %(store)s", moved)
        admin.execute("UPDATE heads SET seq = %(last)s WHERE store_id = %(store)s", moved)
    return list(zip(places, events, strict=True))


def _found(
    tables: LedgerTables, store: str, item: str, kind: type[EventData], before: int, until: datetime | None
) -> list[int]:
    return [row.entry.seq for row in Mentions(tables, store, item).of(kind, before=before, until=until)]


whats = st.sampled_from(("run", "seen", "gone", "links", "offers"))
chapters = st.lists(st.tuples(whats, st.sampled_from("12"), st.integers(0, HOURS)), max_size=7)


@settings(
    max_examples=25,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a shorter story is not worth minutes of telling others
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(chapters=chapters, data=st.data())
def test_stretches_find_what_a_walk_finds(
    container: Container, streams: Streams, admin_url: str, chapters: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    store = str(next(_stores))
    events = _story(store, chapters)
    gaps = data.draw(st.lists(st.sampled_from(GAPS), min_size=len(events), max_size=len(events)))
    told = _tell(streams, admin_url, events, gaps)
    walked = Walked(container.application.database, told)
    befores = [LAST, *data.draw(st.lists(st.sampled_from([place for place, _ in told]), max_size=2))]
    untils = [None, *data.draw(st.lists(st.sampled_from(events).map(lambda event: event.occurred_at), max_size=2))]
    for kind in KINDS:
        for before in befores:
            for until in untils:
                for item in ("1", "2", "404"):
                    wanted = (store, item, kind, before, until)
                    assert _found(container.tables, *wanted) == _found(walked, *wanted)
    later = at(hours=HOURS * 2)
    for when in (*(event.occurred_at for event in events), later):
        answers = [why(tables, store, "1", when, later).model_dump() for tables in (container.tables, walked)]
        assert answers[0] == answers[1]


def test_a_mention_is_found_however_far_back_and_however_many_there_are(
    container: Container, streams: Streams, admin_url: str
) -> None:
    one = Pricing("77", 10_000, 9_900)
    many = [one.seen(minutes=number) for number in range(PLACES * 2 + 1)]
    others = Pricing("77", 5_000, 4_900, "2").seen()
    events: list[EventData] = [one.market()[0], *many, others, others]
    told = _tell(streams, admin_url, events, [FAR, FAR, *[1] * (len(many) - 1), FAR * 9, FAR * 9])
    places = [place for place, event in told if "1" in _items(event) and isinstance(event, CatalogObserved)]
    found = _found(container.tables, "77", "1", CatalogObserved, LAST, None)
    assert found == places[::-1] and len(found) > PLACES * 2
    assert _found(container.tables, "77", "1", CompetitorLinksChanged, LAST, None) == [FAR]
    assert _found(container.tables, "77", "1", CompetitorLinksChanged, FAR, None) == []
    assert _found(container.tables, "77", "1", CatalogItemsRemoved, LAST, None) == []
    until = NOW + timedelta(hours=1, minutes=3)
    assert _found(container.tables, "77", "1", CatalogObserved, LAST, until) == places[3::-1]
    assert _found(container.tables, "78", "1", CatalogObserved, LAST, None) == []


def test_the_index_is_used_whose_words_the_question_has(container: Container, streams: Streams, admin_url: str) -> None:
    """Said in other words it would be answered all the same, by reading every entry of the chain."""
    with psycopg.connect(admin_url, autocommit=True, options="-c search_path=audit") as admin:
        one = admin.execute("SELECT ledger_stretch('77', 'seen', 3 * 16384 - 1)").fetchone()
        assert one == ("77 seen 2",), "the query counts stretches as the function does"
    streams.deliver(*(Pricing("77", 10_000, 9_900).seen(minutes=number) for number in range(100)))
    # Executed, because before that PostgreSQL does not tell what is within a recursion.
    text = "EXPLAIN (ANALYZE) " + load_queries("thaman_audit", "adapters/queries.sql")["mentions"]
    asked = {"store_id": "77", "item": "1", "type": CatalogObserved.event_type(), "before": LAST, "until": None}
    plan = [row["QUERY PLAN"] for row in container.application.database.fetch_all(text, asked | {"limit": 1})]
    scan = next(number for number, line in enumerate(plan) if "Bitmap Index Scan on ledger_mentions" in line)
    assert "ledger_items" in plan[scan + 1] and "16384" in plan[scan + 1]
