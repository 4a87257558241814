"""Discount licences: recorded, corrected and revoked by the merchant; the audit says what was sold under them."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import AfterValidator, model_validator

from thaman_contracts.envelope import encode
from thaman_contracts.events.licences import DiscountLicence, Text
from thaman_onboarding.domain.licences import Held
from thaman_onboarding.endpoints.access import Services, StoreKey, who
from thaman_onboarding.endpoints.shapes import Body, Page

router = APIRouter(prefix="/stores/{store_id}/licences", tags=["licences"])


YEARS = range(2000, 2200)
MAX_BYTES = 250_000
"""Of a licence as JSON in UTF-8: it goes whole into one event, and the bus takes messages of 1 MiB at most."""


def _in_our_time(day: date) -> date:
    if day.year not in YEARS:
        raise ValueError(f"the year has to be {YEARS[0]} to {YEARS[-1]}; give the day that the document states")
    return day


Day = Annotated[date, AfterValidator(_in_our_time)]


class LicenceBody(DiscountLicence, extra="forbid"):
    """A licence as its document states it."""

    starts_on: Day
    ends_on: Day

    @model_validator(mode="after")
    def _goes_into_an_event(self) -> Self:
        size = len(encode(self.model_dump(mode="json")))
        if size > MAX_BYTES:
            raise ValueError(
                f"the licence takes {size} bytes and may take {MAX_BYTES}; name fewer products and categories, "
                "or none if it is for the whole store"
            )
        return self


class CorrectionBody(Body):
    """The whole licence as it should have been recorded, and why it was not."""

    licence: LicenceBody
    reason: Text


class RevocationBody(Body):
    """From which day on (Riyadh's; by default today) a licence does not count. Its first day: it never did."""

    reason: Text
    revoked_from: Day | None = None


class LicenceView(DiscountLicence):
    """A licence as it stands; the audit's `GET /stores/{id}/licences` has all that was ever said of it."""

    licence_id: UUID
    recorded_at: datetime
    changed_at: datetime
    changed_by: str
    revoked_from: date | None
    reason: str | None

    @classmethod
    def of(cls, held: Held) -> "LicenceView":
        """As the book says."""
        return cls(
            **dict(held.licence),
            licence_id=held.licence_id,
            recorded_at=held.recorded_at,
            changed_at=held.changed_at,
            changed_by=held.changed_by,
            revoked_from=held.revoked_from,
            reason=held.reason,
        )


@router.get("", summary="Discount licences on record")
def list_licences(store_id: str, services: Services, _: StoreKey) -> Page[LicenceView]:
    """All of them, also those that ended or were revoked, the latest first day first."""
    return Page(items=[LicenceView.of(one) for one in services.licences.all(store_id)], next=None)


@router.post("", summary="Record a discount licence", status_code=201)
def record(store_id: str, body: LicenceBody, services: Services, caller: StoreKey) -> LicenceView:
    """Sending the same again records nothing and gives the same answer."""
    return LicenceView.of(services.licences.record(store_id, _plain(body), who(caller)))


@router.put("/{licence_id}", summary="Correct a discount licence")
def correct(store_id: str, licence_id: UUID, body: CorrectionBody, services: Services, caller: StoreKey) -> LicenceView:
    """Say it anew, whole. What was recorded before stays on record."""
    corrected = services.licences.correct(store_id, licence_id, _plain(body.licence), body.reason, who(caller))
    return LicenceView.of(corrected)


@router.post("/{licence_id}/revoke", summary="Revoke a discount licence")
def revoke(store_id: str, licence_id: UUID, body: RevocationBody, services: Services, caller: StoreKey) -> LicenceView:
    """It does not count from a day on."""
    revoked = services.licences.revoke(store_id, licence_id, body.revoked_from, body.reason, who(caller))
    return LicenceView.of(revoked)


def _plain(body: LicenceBody) -> DiscountLicence:
    return DiscountLicence(**dict(body))
