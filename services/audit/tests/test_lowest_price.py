"""The lowest price of some days, against a model that looks at every minute; and from the ledger, with its proof."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thaman_audit.bootstrap import Container
from thaman_audit.domain.lowest import Said, Statement, lowest
from thaman_audit.errors import FutureInstant, PricedByVariants, UnknownItem
from thaman_audit.lowest_price import LowestPrice, lowest_price
from thaman_audit.testing import NOW, Streams
from thaman_audit.testing_events import authorized, observed, price_change
from thaman_contracts.events import onboarding

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
STORE = "77"


@st.composite
def histories(draw: st.DrawFn) -> list[Statement]:
    """Statements at whole minutes in the chain's order, which is that of time but for a look that took a while."""
    found, minute = [], draw(st.integers(-5, 20))
    for _ in range(draw(st.integers(0, 12))):
        minute += draw(st.sampled_from([0, 0, 1, 2, 5, -1]))
        said, base = draw(st.sampled_from(Said)), draw(st.integers(1, 4))
        shelf = draw(st.integers(1, base)) if said in (Said.SEEN, Said.WRITTEN) else None
        found.append(Statement(NOW + minute * MINUTE, said, None if said is Said.GONE else base, shelf))
    return found


def _by_minutes(statements: Sequence[Statement], minutes: range) -> tuple[int | None, set[int]]:
    """The lowest price and the minutes without a known one, by looking at each minute by itself."""
    prices, unknown = set[int](), set[int]()
    for minute in minutes:
        # What holds in a minute: the statements that were made until then, one after another.
        base, shelf, is_known, latest = None, None, False, NOW - DAY
        for one in statements:
            if one.at >= NOW + minutes.stop * MINUTE:
                continue
            latest = max(latest, one.at)
            if latest > NOW + minute * MINUTE:
                break
            if one.said is Said.EDITED:
                is_known = is_known and one.base_price == base
                shelf = shelf if is_known else None
            else:
                shelf, is_known = one.shelf_price, True
            base = one.base_price
        if not is_known:
            unknown.add(minute)
        elif shelf is not None:
            prices.add(shelf)
    return min(prices, default=None), unknown


@settings(max_examples=500, deadline=None)
@given(statements=histories(), first=st.integers(-3, 15), length=st.integers(1, 15))
def test_it_is_what_looking_at_every_minute_finds(statements: list[Statement], first: int, length: int) -> None:
    minutes = range(first, first + length)
    found = lowest(statements, NOW + first * MINUTE, NOW + minutes.stop * MINUTE)
    price, unknown = _by_minutes(statements, minutes)
    assert (found.span.price if found.span else None) == price
    gaps = [(_minute(gap.since), _minute(gap.until)) for gap in found.unknown]
    assert {minute for since, until in gaps for minute in range(since, until)} == unknown
    assert all(until < since for (_, until), (since, _) in pairwise(gaps)), "gaps that touch are one"
    if found.span is not None:
        at = [minute for minute in minutes if found.span.since <= NOW + minute * MINUTE]
        assert found.span.by is not None and found.span.by.shelf_price == price and at


def _minute(at: datetime | None) -> int:
    assert at is not None
    return (at - NOW) // MINUTE


@pytest.fixture
def story(container: Container, streams: Streams) -> Container:
    """Two months: seen, lowered by Thaman, edited by hand, put on sale, back again."""
    streams.deliver(
        authorized(STORE),
        observed(STORE, ("1", 10_000), ("2", 100), minutes=_in_days(0)),
        *price_change(STORE, "1", 10_000, 9_000, minutes=_in_days(5)),
        _seen(20, base=9_500, shelf=9_500), _edited(20, 9_000, 9_500),
        _seen(25, base=9_500, shelf=8_000), _seen(27, base=9_500, shelf=9_500),
        _edited(40, 9_500, 9_700), _seen(41, base=9_700, shelf=9_700),
        _gone(50),
    )  # fmt: skip
    return container


def _in_days(days: int) -> int:
    return days * 24 * 60


def _seen(day: int, base: int, shelf: int) -> onboarding.CatalogObserved:
    seen = observed(STORE, ("1", base), ("2", 100), minutes=_in_days(day))
    first, *others = seen.items
    sale = {"shelf_price": shelf, "sale_price": shelf if shelf != base else None}
    return seen.model_copy(update={"items": (first.model_copy(update=sale), *others)})


def _edited(day: int, expected: int, found: int) -> onboarding.ManualEditDetected:
    return onboarding.ManualEditDetected(
        store_id=STORE, occurred_at=NOW + day * DAY, product_id="1", expected_base_price=expected,
        found_base_price=found, found_by="webhook",
    )  # fmt: skip


def _gone(day: int) -> onboarding.CatalogItemsRemoved:
    return onboarding.CatalogItemsRemoved(store_id=STORE, occurred_at=NOW + day * DAY, keys=("1",))


def ask(container: Container, day: float, days: int = 30, item: str = "1") -> LowestPrice:
    at = NOW + day * DAY
    return lowest_price(container.tables, STORE, item, at, NOW + 100 * DAY, days)


ANSWERS: list[tuple[float, int, int | None, str | None, int, str]] = [
    (4, 30, 10_000, "CatalogObserved", -26, "before the first look nothing is known"),
    (36, 30, 8_000, "CatalogObserved", 6, "a sale counts though it ended, and a hand edit that the catalogue told"),
    (25, 20, 9_000, "PriceApplied", 5, "what begins at the instant does not count"),
    (24, 3, 9_500, "CatalogObserved", 21, "what stood at the beginning counts"),
    (40.5, 30, 8_000, "CatalogObserved", 11, "a hand edit alone tells no shelf price"),
    (49, 5, 9_700, "CatalogObserved", 44, "after somebody looked again"),
    (60, 5, None, None, 55, "gone is known, and no price"),
]


@pytest.mark.parametrize(("day", "days", "price", "name", "start", "why"), ANSWERS, ids=[row[-1] for row in ANSWERS])
def test_it_is_told_from_the_ledger(
    story: Container, day: float, days: int, price: int | None, name: str | None, start: int, why: str
) -> None:
    told = ask(story, day, days)
    assert (told.price, told.proven_by.name if told.proven_by else None) == (price, name)
    gap = {4: (NOW - 26 * DAY, NOW + MINUTE * 0), 40.5: (NOW + 40 * DAY, NOW + 40.5 * DAY)}.get(day)
    assert told.is_whole is (gap is None) and [(one.since, one.until) for one in told.unknown] == ([gap] if gap else [])
    assert told.known_from == (None if day == 40.5 else gap[1] if gap else told.start)
    if told.proven_by is not None:
        entry = next(entry for entry in story.tables.chain(STORE) if entry.seq == told.proven_by.seq)
        assert (entry.event_id, entry.hash.hex()) == (told.proven_by.event_id, told.proven_by.hash)
    assert (told.decision_id is not None) is (name == "PriceApplied")


def test_it_is_told_in_both_languages(story: Container) -> None:
    whole, part = ask(story, 36), ask(story, 4)
    text = "\n".join(whole.told_en).replace("\u2068", "").replace("\u2069", "")
    assert "the lowest price on the shelf was 80.00 SAR, from 2026-12-19 12:30:00 until 2026-12-21 12:30:00" in text
    assert "Salla showed it: entry" in text and text.endswith("The record covers the whole time.")
    assert "does not cover the whole time" in part.told_en[-2] and "لا يغطي المدة كلها" in part.told_ar[-2]
    assert "80.00" in whole.told_ar[0] and whole.told_ar[-1] == "السجل يغطي المدة كلها."


def test_what_cannot_be_told_is_refused(story: Container, streams: Streams) -> None:
    with pytest.raises(UnknownItem):
        ask(story, 4, item="404")
    with pytest.raises(FutureInstant):
        ask(story, 101)
    assert ask(story, -1).price is None and not ask(story, -1).is_whole, "asked before it was first seen"
    seen = observed(STORE, ("9", 300))
    variant: Any = seen.items[0].model_copy(update={"variant_id": "5"})
    streams.deliver(seen.model_copy(update={"items": (variant,)}))
    with pytest.raises(PricedByVariants):
        ask(story, 4, item="9")
