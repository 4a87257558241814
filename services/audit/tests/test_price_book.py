"""Prices become what they become one by one: in batches, and read from the beginning of a history."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thaman_audit.adapters.ledger import LedgerTables
from thaman_audit.adapters.published import BulkFold, PublishedFold
from thaman_audit.bootstrap import Container
from thaman_audit.testing import NOW
from thaman_audit.testing_events import observed
from thaman_contracts.envelope import Envelope
from thaman_contracts.events import EventData, onboarding
from thaman_kit.plain import Plain
from thaman_kit.plain_prices import APPLIED, read_applied
from thaman_kit.plain_sights import OBSERVED, read_sight
from thaman_kit.restoring import Told

STORE = "77"
BASES, SHELVES = (900, 1_000), (900, 1_000, 1_150)
ITEMS = st.sampled_from("12")
SEEN = st.tuples(ITEMS, st.sampled_from(BASES), st.sampled_from(SHELVES))
TOLD = st.one_of(
    st.lists(SEEN, min_size=1, max_size=3).map(lambda seen: ("seen", seen)),
    SEEN.map(lambda one: ("wrote", one)),
    SEEN.map(lambda one: ("edited", one)),
)


def event_of(place: int, kind: str, said: Any) -> EventData:
    minutes = {"store_id": STORE, "occurred_at": NOW + timedelta(minutes=place)}
    if kind == "seen":
        page = observed(STORE, *((item, base) for item, base, _ in said), minutes=place)
        items = [
            item.model_copy(update={"shelf_price": shelf}) for item, (*_, shelf) in zip(page.items, said, strict=True)
        ]
        return page.model_copy(update={"items": tuple(items)})
    item, base, shelf = said
    if kind == "edited":
        edit = {"product_id": item, "expected_base_price": 1, "found_base_price": base, "found_by": "sweep"}
        return onboarding.ManualEditDetected.model_validate(minutes | edit)
    ids = {"decision_id": UUID(int=place), "run_id": UUID(int=place), "product_id": item}
    prices = {"old_base_price": 1, "base_price": base, "shelf_price": shelf, "settled_by": "answer"}
    return onboarding.PriceApplied.model_validate(minutes | ids | prices)


def told_of(place: int, event: EventData) -> Told:
    """As the chain has it."""
    at = event.occurred_at
    return Envelope(str(place), "onboarding", event.event_type(), STORE, at, place, 0), event


def plain_of(told: Told) -> Told | Plain:
    """As who makes a long history at once is given it."""
    envelope, event = told
    read = {APPLIED: read_applied, OBSERVED: read_sight}.get(envelope.type)
    return told if read is None else Plain(envelope.event_id, read(event.model_dump_json().encode()))


def kept(tables: LedgerTables) -> list[list[dict[str, Any]]]:
    history = tables._database.fetch_all("SELECT * FROM price_history ORDER BY id")
    prices = tables._database.fetch_all("SELECT * FROM prices ORDER BY item")
    return [[{name: value for name, value in row.items() if name != "id"} for row in history], prices]


def emptied(tables: LedgerTables) -> LedgerTables:
    for table in ("price_history", "prices"):
        tables._database.execute(f"DELETE FROM {table}")
    return tables


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.lists(TOLD, min_size=1, max_size=12), cut=st.integers(1, 12))
def test_batches_and_the_book_give_what_one_after_another_gives(
    container: Container, said: list[tuple[str, Any]], cut: int
) -> None:
    told = [told_of(place, event_of(place, *one)) for place, one in enumerate(said, start=1)]
    one_by_one = PublishedFold(emptied(container.tables))
    for one in told:
        one_by_one.fold([one])
    found = kept(container.tables)
    together = PublishedFold(emptied(container.tables))
    for first in range(0, len(told), cut):
        together.fold(told[first : first + cut])
    assert kept(container.tables) == found
    at_once = BulkFold(emptied(container.tables), STORE)
    for first in range(0, len(told), cut):
        at_once.fold([plain_of(one) for one in told[first : first + cut]])
    at_once.finish()
    assert kept(container.tables) == found
