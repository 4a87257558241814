"""The answer to which sale prices had a discount licence."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, Field

from thaman_audit.domain.licensing import LicenceState, Uncovered
from thaman_audit.domain.lowest_answer import ProvenBy
from thaman_contracts.events import UtcDatetime
from thaman_contracts.events.licences import DiscountLicence


class WrittenBase(BaseModel):
    """A base price that Thaman wrote while the sale ran; its guards hold such items, so there should be none."""

    decision_id: UUID
    at: UtcDatetime
    base_price: int


class SeenSale(BaseModel):
    """A sale price that was seen on the shop. Prices are halalas in the store's own VAT basis."""

    item: str
    name: str
    since: UtcDatetime = Field(description="When it was noticed.")
    until: UtcDatetime | None = Field(description="When it was seen no more, or was covered otherwise; null: it runs.")
    base_price: int
    sale_price: int
    discount_bp: int | None = Field(description="Of the base price, rounded down; null where it is no discount.")
    source: str | None = Field(description="sweep, webhook or read_back; null where a changed base price told it.")
    proven_by: ProvenBy
    base_prices_written: tuple[WrittenBase, ...]


class CoveredSale(SeenSale):
    """A sale price under a licence."""

    recorded_before: bool = Field(description="Whether the licence was on record here when the sale was noticed.")


class UncoveredSale(SeenSale):
    """A sale price that no licence on record covers."""

    why: Uncovered
    nearest: UUID | None = Field(description="The licence that came nearest.")


class LicenceSaid(BaseModel):
    """One thing that was said of a licence, and when."""

    at: UtcDatetime
    what: str
    by: str
    reason: str | None
    licence: DiscountLicence | None
    revoked_from: date | None
    proven_by: ProvenBy


class KnownLicence(BaseModel):
    """A licence as it was known at the instant, all that had been said of it, and the sale prices under it."""

    licence_id: UUID
    licence: DiscountLicence
    state: LicenceState
    recorded_at: UtcDatetime
    revoked_from: date | None
    said: tuple[LicenceSaid, ...]
    sales: tuple[CoveredSale, ...]


class LicenceLedger(BaseModel):
    """The discount licences of a store at an instant, and the sale prices that were seen until then.

    Thaman sets no sale prices: all of them are the merchant's own, known from looks at the catalogue.
    """

    store_id: str
    at: UtcDatetime
    licences: tuple[KnownLicence, ...]
    uncovered: tuple[UncoveredSale, ...]
    told_ar: tuple[str, ...] = ()
    told_en: tuple[str, ...] = ()
