"""Discount licences: what a merchant says an authority allowed, and when. Nothing is erased, only said anew.

A Saudi shop needs a licence before it announces a discount. Thaman never sets a sale price; with these the audit says
which sale prices that were seen on the shop had a licence.
"""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from thaman_contracts.events.base import EventData, Part
from thaman_contracts.ids import ProductId

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
DiscountBp = Annotated[int, Field(strict=True, ge=0, le=10_000, description="Basis points of the base price.")]


class DiscountLicence(Part):
    """A licence as its document states it. Days are Riyadh's, both included.

    With neither products nor categories it is for the whole store; with both, an item of either is covered. Limits of
    the discount are ``None`` where the document states none.
    """

    number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
    authority: Text
    kind: Text | None = Field(None, description="As the authority calls it, e.g. seasonal or liquidation.")
    starts_on: date
    ends_on: date
    product_ids: tuple[ProductId, ...] = Field((), max_length=5_000)
    categories: tuple[Text, ...] = Field((), max_length=500)
    min_discount_bp: DiscountBp | None = None
    max_discount_bp: DiscountBp | None = None
    document: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)] | None = Field(
        None, description="Where the document is: an address, or a file's name or number."
    )

    @model_validator(mode="after")
    def _can_be_meant(self) -> Self:
        if self.ends_on < self.starts_on:
            raise ValueError("ends_on is before starts_on")
        least, most = self.min_discount_bp, self.max_discount_bp
        if least is not None and most is not None and most < least:
            raise ValueError("max_discount_bp is below min_discount_bp")
        return self


class LicenceRecorded(EventData, service="onboarding"):
    """A merchant recorded a licence."""

    licence_id: UUID
    licence: DiscountLicence
    recorded_by: str


class LicenceCorrected(EventData, service="onboarding"):
    """What was recorded of a licence was wrong or has changed; carries it whole."""

    licence_id: UUID
    licence: DiscountLicence
    reason: Text
    corrected_by: str


class LicenceRevoked(EventData, service="onboarding"):
    """A licence does not count from a day on. From its first day on, it never did."""

    licence_id: UUID
    revoked_from: date = Field(description="The first day, in Riyadh, on which it does not count.")
    reason: Text
    revoked_by: str
