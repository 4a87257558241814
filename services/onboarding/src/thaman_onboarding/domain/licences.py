"""The discount licences of a store: recorded, corrected, revoked; every word of it stays on record."""

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from thaman_contracts.events import licences as contracts
from thaman_contracts.events.licences import DiscountLicence
from thaman_contracts.ids import derived_id
from thaman_kit.domain import Aggregate, DomainEvent
from thaman_onboarding.errors import LicenceGone, LicenceKnown, UnknownLicence


class LicenceRecorded(DomainEvent, contracts.LicenceRecorded, topic="licence.Recorded"):
    """A licence is on record."""


class LicenceCorrected(DomainEvent, contracts.LicenceCorrected, topic="licence.Corrected"):
    """A licence is on record otherwise."""


class LicenceRevoked(DomainEvent, contracts.LicenceRevoked, topic="licence.Revoked"):
    """A licence does not count from a day on."""


@dataclass(frozen=True, slots=True)
class Held:
    """A licence as it stands. ``revoked_from`` is ``None`` while it was not revoked."""

    licence_id: UUID
    licence: DiscountLicence
    recorded_at: datetime
    changed_at: datetime
    changed_by: str
    revoked_from: date | None = None
    reason: str | None = None


class LicenceBook(Aggregate):
    """All licences of one store, so that a number is on record once."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.held: dict[UUID, Held] = {}

    @classmethod
    def id_of(cls, store_id: str) -> UUID:
        """The id of a store's book."""
        return derived_id("licences", store_id)

    def record(self, store_id: str, licence: DiscountLicence, by: str, now: datetime) -> UUID:
        """Record a licence; one that is on record just so already is not recorded again. Returns its id.

        Raises:
            LicenceKnown: one of this authority and number is on record with other words.
        """
        known = self._same_number(licence)
        if known is not None:
            if known.licence == licence:
                return known.licence_id
            raise LicenceKnown(known.licence_id, licence.number)
        licence_id = derived_id("licence", store_id, str(self.version + 1))
        self.trigger(
            LicenceRecorded,
            store_id=store_id,
            occurred_at=now,
            licence_id=licence_id,
            licence=licence,
            recorded_by=by,
        )
        return licence_id

    def correct(
        self, store_id: str, licence_id: UUID, licence: DiscountLicence, reason: str, by: str, now: datetime
    ) -> None:
        """Say a licence anew, whole; saying it as it stands changes nothing.

        Raises:
            UnknownLicence: the store has none of this id.
            LicenceGone: it was revoked.
            LicenceKnown: another one has this authority and number.
        """
        if self._standing(licence_id).licence == licence:
            return
        other = self._same_number(licence)
        if other is not None and other.licence_id != licence_id:
            raise LicenceKnown(other.licence_id, licence.number)
        self.trigger(
            LicenceCorrected,
            store_id=store_id,
            occurred_at=now,
            licence_id=licence_id,
            licence=licence,
            reason=reason,
            corrected_by=by,
        )

    def revoke(self, store_id: str, licence_id: UUID, revoked_from: date, reason: str, by: str, now: datetime) -> None:
        """Let a licence no longer count from a day on; saying the same again changes nothing.

        Raises:
            UnknownLicence: the store has none of this id.
            LicenceGone: it was revoked from another day on.
        """
        held = self.held.get(licence_id)
        if held is not None and held.revoked_from == revoked_from:
            return
        self._standing(licence_id)
        self.trigger(
            LicenceRevoked,
            store_id=store_id,
            occurred_at=now,
            licence_id=licence_id,
            revoked_from=revoked_from,
            reason=reason,
            revoked_by=by,
        )

    def revoke_all(self, store_id: str, revoked_from: date, reason: str, by: str, now: datetime) -> None:
        """Let none of the licences that stand count from a day on."""
        for held in list(self.held.values()):
            if held.revoked_from is None:
                self.revoke(store_id, held.licence_id, revoked_from, reason, by, now)

    def when(self, event: DomainEvent) -> None:
        """Change state as ``event`` says."""
        match event:
            case LicenceRecorded():
                at = event.occurred_at
                self.held[event.licence_id] = Held(event.licence_id, event.licence, at, at, event.recorded_by)
            case LicenceCorrected():
                first = self.held[event.licence_id].recorded_at
                self.held[event.licence_id] = Held(
                    event.licence_id, event.licence, first, event.occurred_at, event.corrected_by, reason=event.reason
                )
            case LicenceRevoked():
                known = self.held[event.licence_id]
                self.held[event.licence_id] = Held(
                    event.licence_id,
                    known.licence,
                    known.recorded_at,
                    event.occurred_at,
                    event.revoked_by,
                    event.revoked_from,
                    event.reason,
                )
            case _:
                super().when(event)

    def _standing(self, licence_id: UUID) -> Held:
        held = self.held.get(licence_id)
        if held is None:
            raise UnknownLicence(f"there is no licence {licence_id}")
        if held.revoked_from is not None:
            raise LicenceGone(f"licence {held.licence.number} was revoked from {held.revoked_from.isoformat()} on")
        return held

    def _same_number(self, licence: DiscountLicence) -> Held | None:
        """The licence of this authority and number that stands; revoked ones may be recorded anew."""
        standing = (one for one in self.held.values() if one.revoked_from is None)
        return next((one for one in standing if _name(one.licence) == _name(licence)), None)


def _name(licence: DiscountLicence) -> tuple[str, str]:
    return _alike(licence.authority), _alike(licence.number)


def _alike(text: str) -> str:
    """The same for texts that differ in case, in the forms of letters or in whose digits they are written with."""
    letters = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(str(unicodedata.decimal(one, one)) for one in letters)
