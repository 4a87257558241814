"""Competitors' offers set by hand."""

from fastapi import APIRouter

from thaman_sandbox.catalogues.trades import find_thing
from thaman_sandbox.control import requests
from thaman_sandbox.control.deps import World_
from thaman_sandbox.errors import UnknownShopItem
from thaman_sandbox.models import HandOffer
from thaman_sandbox.shops.markup import shown_price
from thaman_sandbox.shops.offers import SHOPS, find_shop, offer, with_vat

router = APIRouter(prefix="/_sandbox/shops")
JsonRow = dict[str, object]


@router.get("")
async def list_shops() -> list[JsonRow]:
    """All competitor shops."""
    return [
        {
            "shop": one.key,
            "name_ar": one.name.ar,
            "name_en": one.name.en,
            "language": one.language,
            "prices_include_vat": one.prices_include_vat,
        }
        for one in SHOPS.values()
    ]


@router.get("/{shop}/offers/{slug}")
async def get_offer(world: World_, shop: str, slug: str) -> JsonRow:
    """What the shop's page says today, and what it should have said."""
    found = offer(world, find_shop(shop), slug)
    shown, currency = shown_price(found)
    return {
        "shop": found.shop.key,
        "slug": slug,
        "price": found.price,
        "price_with_vat": with_vat(found.shop, found.price),
        "shown_price": shown,
        "shown_currency": currency,
        "availability": found.availability,
        "oddity": found.oddity,
    }


@router.put("/{shop}/offers/{slug}")
async def put_offer(world: World_, shop: str, slug: str, body: requests.OfferChange) -> JsonRow:
    """Set a competitor's offer; the shop sells the thing from now on."""
    found = find_shop(shop)
    if find_thing(slug) is None:
        raise UnknownShopItem(f"Nothing is called {slug!r}. A product's `reference` is its slug.")
    world.state.add_offer(HandOffer(found.key, slug, body.price, body.availability, world.clock.now()))
    return await get_offer(world, shop, slug)


@router.delete("/{shop}/offers/{slug}")
async def delete_offer(world: World_, shop: str, slug: str) -> JsonRow:
    """Let the shop follow its own rule again."""
    world.state.offers.pop((find_shop(shop).key, slug), None)
    world.state.forget("offer", f"{shop} {slug}")
    return {"shop": shop, "slug": slug}
