"""The discount licences of a store at any instant, and every sale price that was seen, with or without one."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from thaman_audit.domain.handover.record import Recorded, recorded
from thaman_audit.domain.licence_answer import (
    CoveredSale,
    KnownLicence,
    LicenceLedger,
    LicenceSaid,
    UncoveredSale,
    WrittenBase,
)
from thaman_audit.domain.licence_words import told_ar, told_en
from thaman_audit.domain.licensing import LICENCE_KINDS, Licence, Stretch, licences_of, stretches
from thaman_audit.domain.lowest_answer import ProvenBy
from thaman_audit.domain.sale_prices import KINDS, Sale, items_on_sale, sales_of
from thaman_audit.domain.why.narrow import about
from thaman_audit.errors import FutureInstant, UnknownStore
from thaman_audit.paging import LAST
from thaman_audit.ports import Tables
from thaman_audit.verify import Entry
from thaman_contracts.events.licences import LicenceCorrected, LicenceRecorded, LicenceRevoked
from thaman_contracts.events.onboarding import CatalogObserved

PAGE = 1_000
_JUST = timedelta(microseconds=1)
_EARLY = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def licence_ledger(tables: Tables, store_id: str, at: datetime, now: datetime) -> LicenceLedger:
    """A store's licences as they were known at an instant, and the sale prices seen up to and at it.

    Raises:
        FutureInstant: ``at`` is later than ``now``.
        UnknownStore: the ledger has no entry of this store.
        SpoiledLedger: an entry is not what it should be.
    """
    if at > now:
        raise FutureInstant(f"{at.isoformat()} has not come yet")
    if tables.head(store_id) is None:
        raise UnknownStore(store_id)
    licences = licences_of(_said(tables, store_id, at))
    parts = [part for sale in _sales(tables, store_id, at) for part in stretches(sale, licences, at)]
    parts.sort(key=lambda part: (part.since, part.sale.item))
    told = LicenceLedger(
        store_id=store_id,
        at=at,
        licences=tuple(_licence(one, parts, at) for one in licences),
        uncovered=tuple(
            UncoveredSale(**_shown(part), why=part.why, nearest=part.nearest) for part in parts if part.why is not None
        ),
    )
    return told.model_copy(update={"told_ar": told_ar(told), "told_en": told_en(told)})


def _said(tables: Tables, store_id: str, at: datetime) -> list[Recorded]:
    """What was said of licences up to the instant, in the order of onboarding's log."""
    rows = [
        recorded(store_id, entry)
        for kind in LICENCE_KINDS
        for entry in _entries(tables, store_id, kind.event_type())
        if entry.occurred_at <= at
    ]
    return sorted(rows, key=lambda row: row.entry.position)


def _entries(tables: Tables, store_id: str, event_type: str) -> Iterator[Entry]:
    before = LAST
    while True:
        rows = tables.select("entries_before", store_id=store_id, type=event_type, before=before, limit=PAGE)
        yield from (Entry(**row) for row in rows)
        if len(rows) < PAGE:
            return
        before = rows[-1]["seq"]


def _sales(tables: Tables, store_id: str, at: datetime) -> Iterator[Sale]:
    shown = (recorded(store_id, entry) for entry in _looks(tables, store_id, at))
    for item in list(items_on_sale(shown)):
        rows = tables.select(
            "stated", store_id=store_id, item=item, start=_EARLY, at=at + _JUST,
            types=[kind.event_type() for kind in KINDS], names=[kind.event_name() for kind in KINDS],
        )  # fmt: skip
        yield from sales_of(item, (recorded(store_id, about(item, Entry(**row))) for row in rows))


def _looks(tables: Tables, store_id: str, at: datetime) -> Iterator[Entry]:
    """The looks at the catalogue that showed a running sale."""
    after = 0
    while True:
        rows = tables.select("on_sale", store_id=store_id, at=at, after=after, limit=PAGE)
        yield from (Entry(**row) for row in rows)
        if len(rows) < PAGE:
            return
        after = rows[-1]["seq"]


def _licence(one: Licence, parts: Iterable[Stretch], at: datetime) -> KnownLicence:
    mine = [part for part in parts if any(held is one for held in part.licences)]
    return KnownLicence(
        licence_id=one.licence_id,
        licence=one.licence,
        state=one.state(at),
        recorded_at=one.recorded_at,
        revoked_from=one.revoked_from,
        said=tuple(map(_statement, one.said)),
        sales=tuple(CoveredSale(**_shown(part), recorded_before=one.recorded_at <= part.since) for part in mine),
    )


def _statement(row: Recorded) -> LicenceSaid:
    event = row.event
    common: dict[str, Any] = {"at": event.occurred_at, "proven_by": _proof(row.entry)}
    match event:
        case LicenceRecorded():
            said = {"what": "recorded", "by": event.recorded_by, "reason": None, "licence": event.licence}
            return LicenceSaid(**common, **said, revoked_from=None)
        case LicenceCorrected():
            said = {"what": "corrected", "by": event.corrected_by, "reason": event.reason, "licence": event.licence}
            return LicenceSaid(**common, **said, revoked_from=None)
        case LicenceRevoked():
            said = {"what": "revoked", "by": event.revoked_by, "reason": event.reason, "licence": None}
            return LicenceSaid(**common, **said, revoked_from=event.revoked_from)
    raise TypeError(f"{event.event_name()} says nothing of a licence")


def _shown(part: Stretch) -> dict[str, Any]:
    sale = part.sale
    event = sale.by.event
    written = [one for one in sale.writes if part.since <= one.at and (part.until is None or one.at < part.until)]
    return {
        "item": sale.item,
        "name": sale.name,
        "since": part.since,
        "until": part.until,
        "base_price": sale.base_price,
        "sale_price": sale.sale_price,
        "discount_bp": sale.discount_bp,
        "source": event.source.value if isinstance(event, CatalogObserved) else None,
        "proven_by": _proof(sale.by.entry),
        "base_prices_written": tuple(
            WrittenBase(decision_id=one.decision_id, at=one.at, base_price=one.base_price) for one in written
        ),
    }


def _proof(entry: Entry) -> ProvenBy:
    name = entry.type.rsplit(".", 2)[-2]
    return ProvenBy(event_id=entry.event_id, name=name, seq=entry.seq, hash=entry.hash.hex())
