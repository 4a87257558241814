"""Which discount licence covers which sale price, and why one is not covered. Pure.

A licence counts as it is known at the instant of the question: with its corrections, and up to the day from which it
was revoked. Its days are Riyadh's. A sale that outlasts its licence is covered on the licence's days and on no other.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from thaman_audit.domain.handover.record import Recorded
from thaman_audit.domain.sale_prices import Sale
from thaman_audit.domain.why.words import RIYADH
from thaman_contracts.events.licences import DiscountLicence, LicenceCorrected, LicenceRecorded, LicenceRevoked
from thaman_contracts.ids import split_item_key

_NEVER = datetime.max.replace(tzinfo=RIYADH)
"""The end of a licence whose last day is the calendar's last: an entry once made is read for ever."""

LICENCE_KINDS = (LicenceRecorded, LicenceCorrected, LicenceRevoked)


class Uncovered(StrEnum):
    """Why no licence covers a sale price, the nearest miss first."""

    DISCOUNT_TOO_LARGE = "discount_too_large"
    DISCOUNT_TOO_SMALL = "discount_too_small"
    OTHER_PRODUCTS = "other_products"
    REVOKED = "revoked"
    OTHER_DAYS = "other_days"
    NO_LICENCE = "no_licence"


class LicenceState(StrEnum):
    """A licence at an instant."""

    COMING = "coming"
    IN_FORCE = "in_force"
    ENDED = "ended"
    REVOKED = "revoked"


@dataclass(slots=True)
class Licence:
    """A licence as it is known; ``said`` is all that was said of it, in order."""

    licence_id: UUID
    licence: DiscountLicence
    recorded_at: datetime
    revoked_from: date | None = None
    said: list[Recorded] = field(default_factory=list)

    @property
    def opens(self) -> datetime:
        """The first instant of its first day."""
        return _day(self.licence.starts_on)

    @property
    def ends(self) -> datetime:
        """The first instant after its last day."""
        last = self.licence.ends_on
        return _NEVER if last == date.max else _day(last + timedelta(days=1))

    @property
    def closes(self) -> datetime:
        """The first instant at which it does not count any more."""
        return self.ends if self.revoked_from is None else min(self.ends, _day(self.revoked_from))

    def state(self, at: datetime) -> LicenceState:
        """What it is at an instant."""
        if self.revoked_from is not None and at >= _day(self.revoked_from):
            return LicenceState.REVOKED
        if at < self.opens:
            return LicenceState.COMING
        return LicenceState.ENDED if at >= self.ends else LicenceState.IN_FORCE

    def misses(self, sale: Sale, at: datetime) -> Uncovered | None:
        """Why it does not cover a sale price at an instant; ``None`` where it does."""
        if not self.opens <= at < self.ends:
            return Uncovered.OTHER_DAYS
        if at >= self.closes:
            return Uncovered.REVOKED
        if not _names(self.licence, sale):
            return Uncovered.OTHER_PRODUCTS
        return _share(self.licence, sale)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a sale in which the same licences cover it, up to before ``until`` (``None``: it runs).

    ``licences`` are those that cover it; ``why`` is why none does, ``nearest`` the one that came nearest.
    """

    sale: Sale
    since: datetime
    until: datetime | None
    licences: tuple[Licence, ...]
    why: Uncovered | None
    nearest: UUID | None


def licences_of(rows: Iterable[Recorded]) -> list[Licence]:
    """The licences that the entries tell of, in the order in which they were recorded."""
    known: dict[UUID, Licence] = {}
    for row in rows:
        match row.event:
            case LicenceRecorded() as event:
                known[event.licence_id] = Licence(event.licence_id, event.licence, event.occurred_at)
            case LicenceCorrected() as event if event.licence_id in known:
                known[event.licence_id].licence = event.licence
            case LicenceRevoked() as event if event.licence_id in known:
                known[event.licence_id].revoked_from = event.revoked_from
            case _:
                continue
        known[row.event.licence_id].said.append(row)
    return list(known.values())


def stretches(sale: Sale, licences: Sequence[Licence], at: datetime) -> Iterator[Stretch]:
    """The parts of a sale up to ``at``, one after another, each with what covers it."""
    end = at if sale.until is None else sale.until
    bounds = {bound for one in licences for bound in (one.opens, one.closes, one.ends) if sale.since < bound < end}
    edges = [sale.since, *sorted(bounds)]
    last: Stretch | None = None
    for since, until in zip(edges, [*edges[1:], sale.until], strict=True):
        one = _judged(sale, since, until, licences)
        if last is not None and (last.licences, last.why, last.nearest) == (one.licences, one.why, one.nearest):
            last = Stretch(sale, last.since, until, one.licences, one.why, one.nearest)
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last


def _judged(sale: Sale, since: datetime, until: datetime | None, licences: Sequence[Licence]) -> Stretch:
    misses = {one.licence_id: one.misses(sale, since) for one in licences}
    covering = tuple(one for one in licences if misses[one.licence_id] is None)
    if covering:
        return Stretch(sale, since, until, covering, None, None)
    order = list(Uncovered)
    missed = [(order.index(why), one) for one, why in misses.items() if why is not None]
    if not missed:
        return Stretch(sale, since, until, (), Uncovered.NO_LICENCE, None)
    place, nearest = min(missed, key=lambda one: one[0])
    return Stretch(sale, since, until, (), order[place], nearest)


def _names(licence: DiscountLicence, sale: Sale) -> bool:
    if not licence.product_ids and not licence.categories:
        return True
    product, _ = split_item_key(sale.item)
    return product in licence.product_ids or sale.category in licence.categories


def _share(licence: DiscountLicence, sale: Sale) -> Uncovered | None:
    """Exactly, so that a discount a little above the limit is above it."""
    off = (sale.base_price - sale.sale_price) * 10_000
    if licence.max_discount_bp is not None and off > licence.max_discount_bp * sale.base_price:
        return Uncovered.DISCOUNT_TOO_LARGE
    if licence.min_discount_bp is not None and off < licence.min_discount_bp * sale.base_price:
        return Uncovered.DISCOUNT_TOO_SMALL
    return None


def _day(day: date) -> datetime:
    return datetime.combine(day, time(), RIYADH)
