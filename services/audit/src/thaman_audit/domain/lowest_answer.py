"""The answer to what an item's lowest price was."""

from uuid import UUID

from pydantic import BaseModel, Field

from thaman_contracts.events import UtcDatetime


class Unknown(BaseModel):
    """A time in which the shelf price is not known; it may have been lower."""

    since: UtcDatetime
    until: UtcDatetime


class ProvenBy(BaseModel):
    """The entry of the store's chain that says it."""

    event_id: str
    name: str
    seq: int
    hash: str


class LowestPrice(BaseModel):
    """The lowest price an item had on the shelf in the days before an instant."""

    store_id: str
    item: str
    days: int
    start: UtcDatetime
    at: UtcDatetime = Field(description="The instant; what begins at it does not count.")
    price: int | None = Field(description="Halalas, on the shelf; null where no price is known in this time.")
    since: UtcDatetime | None = Field(description="When the record first has it; the last time of several.")
    until: UtcDatetime | None = Field(description="When another price took its place; null where it stood at `at`.")
    proven_by: ProvenBy | None
    decision_id: UUID | None = Field(description="The decision, where Thaman wrote it.")
    is_whole: bool = Field(description="Whether the record knows the price in every moment of this time.")
    known_from: UtcDatetime | None = Field(
        description="From when on it is known without a gap; null: not at `at` either."
    )
    unknown: tuple[Unknown, ...]
    told_ar: tuple[str, ...] = ()
    told_en: tuple[str, ...] = ()
