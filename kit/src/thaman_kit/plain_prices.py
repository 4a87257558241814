"""Applied prices as plain bodies: what each service that makes its tables of a long history wants of them."""

from uuid import UUID

from thaman_contracts.events.onboarding import PriceApplied
from thaman_contracts.ids import item_key
from thaman_kit.plain import Fields, Instant, Reader


class Applied(Fields, kw_only=True):
    """A price that was written and read back, in halalas."""

    occurred_at: Instant
    run_id: UUID
    decision_id: UUID
    product_id: str
    variant_id: str | None = None
    base_price: int
    shelf_price: int

    @property
    def key(self) -> str:
        """The item's key."""
        return item_key(self.product_id, self.variant_id)


APPLIED = PriceApplied.event_type()
read_applied = Reader(APPLIED, Applied).read
