"""Sights of items as plain bodies. Of an item that is seen again only the last sight is read whole."""

import msgspec

from thaman_contracts.events.onboarding import CatalogItem, CatalogObserved, ItemStatus, ObservationSource
from thaman_contracts.ids import item_key
from thaman_kit.plain import Fields, Instant


class SeenItem(Fields, kw_only=True):
    """What each sight of an item is wanted for; prices are halalas. Fields are those of a ``CatalogItem``."""

    product_id: str
    variant_id: str | None = None
    status: ItemStatus
    base_price: int
    shelf_price: int
    stock: int | None = None
    unlimited: bool = False
    has_variants: bool = False
    key: str = ""
    """The item's key; made here, whatever a body says."""
    body: bytes = b""
    """All that was seen of it, as it was published; likewise."""

    def whole(self) -> CatalogItem:
        """All that was seen of it.

        Raises:
            pydantic.ValidationError: the body is not what this release says of an item.
        """
        return CatalogItem.model_validate_json(self.body)


class Sight(Fields, kw_only=True):
    """A sight of items as Salla showed them."""

    occurred_at: Instant
    source: ObservationSource
    last_page: bool = False
    prices_include_vat: bool
    vat_bp: int
    items: list[msgspec.Raw]
    seen: list[SeenItem] = msgspec.field(default_factory=list)
    """The items; likewise."""

    def event(self, store_id: str) -> CatalogObserved:
        """The same as its class, but for the items."""
        return CatalogObserved(
            store_id=store_id,
            occurred_at=self.occurred_at,
            source=self.source,
            last_page=self.last_page,
            prices_include_vat=self.prices_include_vat,
            vat_bp=self.vat_bp,
            items=(),
        )


OBSERVED = CatalogObserved.event_type()
_read = msgspec.json.Decoder(Sight).decode
_item = msgspec.json.Decoder(SeenItem).decode


def read_sight(body: bytes) -> Sight:
    """The body of a ``CatalogObserved``.

    Raises:
        msgspec.DecodeError: it is none.
    """
    sight = _read(body)
    sight.seen = [_seen(one) for one in sight.items]
    return sight


def _seen(said: msgspec.Raw) -> SeenItem:
    item = _item(said)
    item.key, item.body = item_key(item.product_id, item.variant_id), bytes(said)
    return item
