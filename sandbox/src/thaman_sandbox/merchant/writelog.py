"""The write log: every price write that reached the API, what it asked for and what became of it."""

from typing import Literal

from thaman_sandbox.changes import PRICE_KEYS
from thaman_sandbox.merchant.call import Call
from thaman_sandbox.models import PriceWrite, Product, Variant
from thaman_sandbox.money import halalas
from thaman_sandbox.wire import JsonObject

PriceCall = Literal["put", "sku", "bulk", "variant", "action"]


def note_write(
    call: Call, kind: PriceCall, product: Product | None, variant: Variant | None, asked: JsonObject
) -> PriceWrite:
    """Open an entry for the prices in ``asked`` (``price``, ``sale_price``); the door completes it with the answer."""
    meta = call.world.state.meta
    meta.writes += 1
    call.world.state.save("meta", "0", meta)
    present: Product | Variant | None = variant or product
    entry = PriceWrite(
        n=meta.writes,
        at=call.world.clock.now(),
        store_id=call.store.id,
        product_id=product.id if product else None,
        variant_id=variant.id if variant else None,
        old_base=present.base if present else None,
        new_base=_asked(asked, "price"),
        old_sale=present.sale if present else None,
        new_sale=_asked(asked, "sale_price"),
        call=kind,
        request_id=call.request_id,
    )
    call.writes.append(entry)
    call.world.state.add_write(entry)
    return entry


def touches_price(body: JsonObject) -> bool:
    """Whether a body asks for a price or sale change."""
    return not body.keys().isdisjoint({"price", "sale_price", "sale_start", "sale_end"})


def settle(call: Call, entry: PriceWrite, changed: set[str]) -> None:
    """Note what a write that was carried out at once has changed."""
    entry.effective = not changed.isdisjoint(PRICE_KEYS)
    entry.applied_at = call.world.clock.now()
    call.world.state.add_write(entry)


def _asked(body: JsonObject, name: str) -> int | None:
    try:
        return halalas(body.get(name))
    except ValueError:
        return None
