"""Which sale prices had a discount licence: against a model that asks of each hour, and from the ledger over HTTP."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from httpx import ASGITransport, AsyncClient
from hypothesis import given, settings
from hypothesis import strategies as st

from thaman_audit.api import build_api
from thaman_audit.bootstrap import Container
from thaman_audit.domain.licence_answer import LicenceLedger
from thaman_audit.domain.licensing import Licence, Uncovered, stretches
from thaman_audit.domain.sale_prices import Sale
from thaman_audit.domain.why.words import RIYADH
from thaman_audit.errors import FutureInstant, UnknownStore
from thaman_audit.licences import licence_ledger
from thaman_audit.testing import Streams
from thaman_audit.testing_events import authorized, observed, price_change
from thaman_contracts.events import EventData, onboarding
from thaman_contracts.events.licences import DiscountLicence, LicenceCorrected, LicenceRecorded, LicenceRevoked
from thaman_contracts.ids import derived_id
from thaman_kit.keys import NewKey

STORE, HOUR, DAY = "77", timedelta(hours=1), timedelta(days=1)
FIRST = datetime(2026, 9, 16, tzinfo=RIYADH)
"""The first instant of the licence's first day."""
ONE, TWO = derived_id("licence", STORE, "1"), derived_id("licence", STORE, "2")


def licence(first: int = 0, last: int = 4, number: str = "7/2026", **changes: Any) -> DiscountLicence:
    """A licence from a day on up to another, both included, counted from the first."""
    days = {"starts_on": FIRST.date() + first * DAY, "ends_on": FIRST.date() + last * DAY}
    return DiscountLicence(number=number, authority="وزارة التجارة", **days | changes)


def sale(item: str, since: float, until: float | None, price: int) -> Sale:
    """A sale price against 100.00, in hours from the first instant."""
    ended = None if until is None else FIRST + until * HOUR
    nobody: Any = None
    return Sale(item, "عطر", "عطور", FIRST + since * HOUR, ended, 10_000, price, nobody)


@st.composite
def known_licences(draw: st.DrawFn) -> list[Licence]:
    found = []
    for number in range(draw(st.integers(0, 3))):
        first = draw(st.integers(-2, 4))
        limits = sorted(draw(st.sampled_from([(1_000, 3_000), (2_000, 2_000), (0, 10_000)])))
        details = licence(
            first, first + draw(st.integers(0, 3)), str(number),
            product_ids=draw(st.sampled_from([(), ("1",), ("2",)])),
            categories=draw(st.sampled_from([(), (), ("عطور",), ("أثاث",)])),
            min_discount_bp=draw(st.sampled_from([None, limits[0]])),
            max_discount_bp=draw(st.sampled_from([None, limits[1]])),
        )  # fmt: skip
        revoked = draw(st.none() | st.integers(-2, 6))
        day = None if revoked is None else FIRST.date() + revoked * DAY
        found.append(Licence(derived_id("licence", str(number)), details, FIRST, day))
    return found


def covers(one: Licence, sold: Sale, at: datetime) -> bool:
    """Said again from the words of the licence, for one instant."""
    said, day = one.licence, at.astimezone(RIYADH).date()
    named = (
        not (said.product_ids or said.categories) or sold.item in said.product_ids or sold.category in said.categories
    )
    share = (sold.base_price - sold.sale_price) / sold.base_price
    least, most = said.min_discount_bp, said.max_discount_bp
    fits = (least is None or share >= least / 10_000) and (most is None or share <= most / 10_000)
    stands = one.revoked_from is None or day < one.revoked_from
    return said.starts_on <= day <= said.ends_on and stands and named and fits


@settings(max_examples=300, deadline=None)
@given(
    held=known_licences(), since=st.integers(-60, 100), length=st.integers(1, 90),
    price=st.sampled_from([7_000, 7_500, 8_000, 9_000]), runs=st.booleans(),
)  # fmt: skip
def test_it_is_what_asking_of_every_hour_finds(
    held: list[Licence], since: int, length: int, price: int, runs: bool
) -> None:
    sold = sale("1", since, None if runs else since + length, price)
    parts = list(stretches(sold, held, FIRST + (since + length) * HOUR))
    assert [part.since for part in parts] == sorted({part.since for part in parts})
    assert parts[0].since == sold.since and parts[-1].until == sold.until
    assert all(one.until == other.since for one, other in pairwise(parts))
    for hour in range(since, since + length):
        at = FIRST + hour * HOUR
        (part,) = (one for one in parts if one.since <= at and (one.until is None or at < one.until))
        assert {one.licence_id for one in part.licences} == {one.licence_id for one in held if covers(one, sold, at)}
        assert (part.why is None) is bool(part.licences)
        assert (part.why is Uncovered.NO_LICENCE) is not held


def told(kind: type[EventData], hours: float, **fields: Any) -> EventData:
    return kind(store_id=STORE, occurred_at=FIRST + hours * HOUR, **fields)


def recorded(hours: float, details: DiscountLicence, licence_id: UUID = ONE) -> EventData:
    return told(LicenceRecorded, hours, licence_id=licence_id, licence=details, recorded_by="store:key_1")


def seen(hours: float, base: int = 10_000, **sale_prices: int | None) -> EventData:
    """A look at items 1 and 2, for 100.00 each unless said; the named ones have a sale price."""
    look = observed(STORE, ("1", base), ("2", base))
    items = []
    for item in look.items:
        price = sale_prices.get(f"p{item.product_id}")
        changes = {"sale_price": price, "sale_running": True, "shelf_price": price} if price else {}
        items.append(item.model_copy(update={"category": "عطور" if item.product_id == "1" else "أثاث", **changes}))
    return look.model_copy(update={"occurred_at": FIRST + hours * HOUR, "items": tuple(items)})


@pytest.fixture
def story(container: Container, streams: Streams) -> Container:
    """A licence for perfumes, up to 25 %; sales before, under, above and after it, and one of another product."""
    streams.deliver(
        authorized(STORE),
        seen(-30), seen(-24, p1=9_000), seen(-2),
        recorded(-1, licence(categories=("عطور",), max_discount_bp=2_500)),
        seen(10, p1=8_000), seen(20, p1=8_000), seen(30, p1=7_000, p2=9_000), seen(40, p1=8_000),
        seen(5 * 24 + 6, p1=8_000), seen(5 * 24 + 8),
    )  # fmt: skip
    return container


def ask(container: Container, hours: float) -> LicenceLedger:
    return licence_ledger(container.tables, STORE, FIRST + hours * HOUR, FIRST + 100 * DAY)


def hours(at: datetime | None) -> float | None:
    return None if at is None else (at - FIRST) / HOUR


def rows(sales: Sequence[Any]) -> list[tuple[str, float | None, float | None, int, str | None]]:
    return [(one.item, hours(one.since), hours(one.until), one.sale_price, getattr(one, "why", None)) for one in sales]


def test_each_sale_price_is_told_under_its_licence_or_without_one(story: Container) -> None:
    found = ask(story, 10 * 24)
    (one,) = found.licences
    assert (one.state, one.recorded_at) == ("ended", FIRST - HOUR)
    assert rows(one.sales) == [("1", 10, 30, 8_000, None), ("1", 40, 120, 8_000, None)]
    assert [sold.recorded_before for sold in one.sales] == [True, True]
    assert [(sold.discount_bp, sold.source) for sold in one.sales] == [(2_000, "sweep")] * 2
    assert rows(found.uncovered) == [
        ("1", -24, -2, 9_000, "other_days"),
        ("1", 30, 40, 7_000, "discount_too_large"),
        ("2", 30, 40, 9_000, "other_products"),
        ("1", 120, 128, 8_000, "other_days"),
    ]
    assert {one.nearest for one in found.uncovered} == {ONE}
    entries = {entry.event_id: entry for entry in story.tables.chain(STORE)}
    for sold in (*one.sales, *found.uncovered):
        entry = entries[sold.proven_by.event_id]
        assert (entry.seq, entry.hash.hex()) == (sold.proven_by.seq, sold.proven_by.hash)


def test_at_any_instant_it_is_what_was_known_then(story: Container) -> None:
    before = ask(story, -1.5)
    assert (before.licences, rows(before.uncovered)) == ((), [("1", -24, -2, 9_000, "no_licence")])
    running = ask(story, 10)
    assert [(one.state, rows(one.sales)) for one in running.licences] == [("in_force", [("1", 10, None, 8_000, None)])]
    with pytest.raises(FutureInstant):
        ask(story, 101 * 24)
    with pytest.raises(UnknownStore):
        licence_ledger(story.tables, "404", FIRST, FIRST)


def test_a_licence_up_to_the_end_of_the_calendar_does_not_spoil_the_ledger(story: Container, streams: Streams) -> None:
    endless = licence(0, 0, "8/2026", ends_on=date.max)
    revoked: dict[str, Any] = {"licence_id": TWO, "reason": "a slip", "revoked_by": "store:key_1"}
    streams.deliver(recorded(0, endless, TWO), told(LicenceRevoked, 200, revoked_from=date.max, **revoked))
    for hour in (199, 240):
        found = ask(story, hour)
        assert [one.state for one in found.licences] == ["ended", "in_force"]
        assert rows(found.licences[1].sales)[-1] == ("1", 120, 128, 8_000, None)
        assert "9999-12-31" in found.model_dump_json()
    assert not {one.why for one in found.uncovered if one.since >= FIRST}


def test_corrections_and_revocations_erase_nothing(story: Container, streams: Streams) -> None:
    wider = licence(categories=("عطور",), max_discount_bp=3_000)
    change: dict[str, Any] = {"licence_id": ONE, "reason": "قُرئت النسبة خطأ", "corrected_by": "store:key_1"}
    revoked: dict[str, Any] = {"licence_id": ONE, "reason": "withdrawn", "revoked_by": "store:key_1"}
    streams.deliver(
        told(LicenceCorrected, 50, licence=wider, **change),
        told(LicenceRevoked, 60, revoked_from=FIRST.date() + 3 * DAY, **revoked),
        recorded(200, licence(3, 9, "8/2026"), TWO),
    )
    as_was, corrected, after, late = (ask(story, at) for at in (49, 50, 199, 240))
    assert "discount_too_large" in {one.why for one in as_was.uncovered}
    assert rows(corrected.licences[0].sales) == [
        ("1", 10, 30, 8_000, None), ("1", 30, 40, 7_000, None), ("1", 40, None, 8_000, None),
    ]  # fmt: skip
    assert ("1", 72, 120, 8_000, "revoked") in rows(after.uncovered)
    assert [one.what for one in after.licences[0].said] == ["recorded", "corrected", "revoked"]
    assert [one.licence.max_discount_bp for one in after.licences[0].said if one.licence] == [2_500, 3_000]
    assert (after.licences[0].state, after.licences[0].revoked_from) == ("revoked", FIRST.date() + 3 * DAY)
    # A licence that was recorded too late covers what its own days cover, and it is said that it came late.
    assert rows(late.licences[1].sales) == [("1", 72, 128, 8_000, None)]
    assert [one.recorded_before for one in late.licences[1].sales] == [False]


def test_a_base_price_that_changes_under_a_sale_makes_another_discount(container: Container, streams: Streams) -> None:
    start = int((FIRST - observed(STORE).occurred_at) / timedelta(minutes=1))
    streams.deliver(
        authorized(STORE), recorded(-1, licence(max_discount_bp=2_000)), seen(1, p1=8_000),
        *price_change(STORE, "1", 10_000, 11_000, minutes=start + 181),
        told(onboarding.ManualEditDetected, 5, product_id="1", expected_base_price=11_000, found_base_price=10_000,
             found_by="webhook"),
        seen(5.5, base=20_000, p1=8_000),
        told(onboarding.CatalogItemsRemoved, 6, keys=("1",)),
    )  # fmt: skip
    found = ask(container, 10)
    written = 3 + 2 / 3_600 + 1 / 60
    assert [(one.item, one.base_price) for one in found.licences[0].sales] == [("1", 10_000), ("1", 10_000)]
    above, dearer = found.uncovered
    assert (above.base_price, above.why, above.source) == (11_000, "discount_too_large", None)
    assert above.discount_bp == 2_727 and above.until == FIRST + 5 * HOUR
    assert [(one.base_price, one.at) for one in above.base_prices_written] == [(11_000, above.since)]
    assert hours(above.since) == pytest.approx(written, abs=0.02)
    assert found.licences[0].sales[1].until == FIRST + 5.5 * HOUR
    assert (dearer.base_price, dearer.why, dearer.until) == (20_000, "discount_too_large", FIRST + 6 * HOUR)


def test_it_is_told_in_both_languages(story: Container) -> None:
    found = ask(story, 10 * 24)
    english = "\n".join(found.told_en).replace("\u2068", "").replace("\u2069", "")
    assert "Thaman writes no sale prices" in english
    assert "Licence 7/2026 of وزارة التجارة, 2026-09-16 to 2026-09-20, at most 25% off: ended" in english
    assert "70.00 SAR instead of 100.00 SAR (30%), from 2026-09-17 06:00:00 to 2026-09-17 16:00:00. Why: the" in english
    arabic = "\n".join(found.told_ar)
    assert "لا يكتب ثَمَن أسعار تخفيض" in arabic and "نسبة التخفيض أكبر مما في الرخصة" in arabic
    assert len(found.told_ar) == len(found.told_en)


async def test_over_http(story: Container, streams: Streams) -> None:
    new = NewKey.generate(story.settings.api_key_pepper)
    key = {"key_id": new.key_id, "key_hash": new.key_hash, "scope": "store", "label": "test"}
    streams.deliver(told(onboarding.ApiKeyIssued, -40, **key))
    headers = {"Authorization": f"Bearer {new.key.get_secret_value()}"}
    async with AsyncClient(transport=ASGITransport(build_api(story)), base_url="http://audit") as client:
        at = {"at": (FIRST + 10 * DAY).isoformat()}
        found = await client.get(f"/stores/{STORE}/licences", params=at, headers=headers)
        assert found.status_code == 200, found.text
        assert found.json() == ask(story, 240).model_dump(mode="json")
        assert date.fromisoformat(found.json()["licences"][0]["licence"]["ends_on"]) == FIRST.date() + 4 * DAY
        future = await client.get(f"/stores/{STORE}/licences", params={"at": "2999-01-01T00:00Z"}, headers=headers)
        assert (future.status_code, future.json()["errors"][0]["parameter"]) == (422, "at")
        other = await client.get("/stores/78/licences", headers=headers)
        assert (other.status_code, other.json()["detail"]) == (404, "There is no such store.")
