"""The competitor shops and what each asks for each thing on a given day. Amounts are halalas."""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Literal

from thaman_sandbox.catalogues.trade import Thing, Word, draw, nice_price
from thaman_sandbox.catalogues.trade import thing as thing_of
from thaman_sandbox.catalogues.trades import TRADES, find_thing
from thaman_sandbox.clock import RIYADH
from thaman_sandbox.errors import UnknownShopItem
from thaman_sandbox.models import HandOffer
from thaman_sandbox.money import share, without_tax
from thaman_sandbox.world import World

VAT_BP = 1500
PRICE_DAYS = 2
"""A shop thinks about its prices every so many days."""
DRIFT_BP = 800
"""How far apart a shop's lowest and highest price for one thing are."""
SHOWN = 60
"""Things of each trade that a shop's sitemap and home page list."""

Style = Literal["plain", "graph", "aggregate", "list"]
Oddity = Literal[
    "none", "missing_price", "out_of_stock", "foreign_currency", "zero_price", "times_ten", "text_only", "broken_json"
]
ODDITIES: tuple[Oddity, ...] = (
    "missing_price",
    "out_of_stock",
    "foreign_currency",
    "zero_price",
    "times_ten",
    "text_only",
    "broken_json",
)


@dataclass(frozen=True, slots=True)
class Shop:
    """A competitor: where its prices stand (basis points of the fair price), and how its pages are made."""

    key: str
    name: Word
    language: Literal["ar", "en"]
    position_bp: int
    carries_percent: int
    odd_percent: int
    style: Style
    prices_include_vat: bool = True


SHOPS = {
    one.key: one
    for one in (
        Shop("alraed", Word("سوق الرائد", "Al Raed Market"), "ar", 9_700, 70, 4, "plain"),
        Shop("safqa", Word("بيت الصفقة", "Safqa House"), "ar", 9_200, 50, 8, "aggregate"),
        Shop("nokhba", Word("النخبة", "Al Nokhba"), "ar", 10_600, 55, 4, "graph"),
        Shop("citymart", Word("سيتي مارت", "City Mart"), "en", 10_000, 60, 5, "list"),
        Shop("jumla", Word("جملة", "Jumla Wholesale"), "en", 9_500, 30, 5, "plain", prices_include_vat=False),
        Shop("kharabeesh", Word("خرابيش", "Kharabeesh"), "ar", 9_900, 40, 100, "plain"),
    )
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What a shop's page says about a thing today. ``price`` is as the page shows it, with or without VAT."""

    shop: Shop
    slug: str
    thing: Thing
    choice: int | None
    price: int
    in_stock: bool
    availability: str
    oddity: Oddity
    since: datetime

    @property
    def gtin(self) -> str:
        """The number of the thing, or of its choice."""
        return self.thing.gtin if self.choice is None else self.thing.choices[self.choice].gtin

    @property
    def name(self) -> Word:
        """The thing's name with the chosen option."""
        if self.choice is None:
            return self.thing.name
        label = self.thing.choices[self.choice].label
        return Word(f"{self.thing.name.ar} - {label.ar}", f"{self.thing.name.en} - {label.en}")


def find_shop(key: str) -> Shop:
    """The shop, or :class:`UnknownShopItem`."""
    if key not in SHOPS:
        raise UnknownShopItem(f"No shop {key!r}. One of: {', '.join(SHOPS)}.")
    return SHOPS[key]


def carries(shop: Shop, reference: str) -> bool:
    """Whether the shop sells the thing (with all its choices)."""
    whole = "-".join(reference.split("-")[:2])
    return draw(shop.key, whole, "carries", below=100) < shop.carries_percent


def offer(world: World, shop: Shop, slug: str) -> Offer:
    """The shop's offer today; one set by hand counts first. :class:`UnknownShopItem` if it does not sell it."""
    found = find_thing(slug)
    by_hand = world.state.offers.get((shop.key, slug))
    if found is None or not (by_hand or carries(shop, slug)):
        raise UnknownShopItem(f"{shop.key} does not sell {slug!r}.")
    source, choice = found
    period = world.clock.today().toordinal() // PRICE_DAYS
    oddity = _oddity(shop, slug, period)
    price, availability = _usual(shop, slug, source, choice, period), "InStock"
    if oddity == "out_of_stock":
        availability = "OutOfStock"
    since = _start_of(world, period)
    if by_hand is not None:
        price, availability, oddity, since = _by_hand(by_hand, price, availability, oddity)
    in_stock = availability in ("InStock", "PreOrder")
    return Offer(shop, slug, source, choice, price, in_stock, availability, oddity, since)


def _by_hand(one: HandOffer, price: int, availability: str, oddity: Oddity) -> tuple[int, str, Oddity, datetime]:
    if one.price is not None:
        price, oddity = one.price, "none"
    return price, one.availability or availability, oddity, one.set_at.replace(microsecond=0)


def _usual(shop: Shop, slug: str, source: Thing, choice: int | None, period: int) -> int:
    fair = source.fair if choice is None else source.choices[choice].fair
    drift = draw(shop.key, slug, period, below=DRIFT_BP + 1) - DRIFT_BP // 2
    price = nice_price(share(fair, shop.position_bp + drift))
    return price if shop.prices_include_vat else without_tax(price, VAT_BP)


def _oddity(shop: Shop, slug: str, period: int) -> Oddity:
    if draw(shop.key, slug, "odd", below=100) >= shop.odd_percent:
        return "none"
    oddity = ODDITIES[draw(shop.key, slug, "oddity", below=len(ODDITIES))]
    glitch_over = oddity == "times_ten" and draw(shop.key, slug, period, "glitch", below=2) == 0
    return "none" if glitch_over else oddity


def _start_of(world: World, period: int) -> datetime:
    first = world.clock.today().fromordinal(period * PRICE_DAYS)
    return datetime.combine(first, time(), RIYADH).astimezone(UTC)


def product_url(base: str, shop: Shop, slug: str) -> str:
    """The address of a product page; ``base`` ends with a slash."""
    return f"{base}shops/{shop.key}/p/{slug}"


def listed(shop: Shop) -> list[str]:
    """The slugs on the shop's sitemap."""
    slugs: list[str] = []
    for trade in TRADES.values():
        for number in range(SHOWN):
            one = thing_of(trade, number)
            if carries(shop, one.reference):
                slugs += [one.reference, *(choice.reference for choice in one.choices)]
    return slugs


def with_vat(shop: Shop, price: int) -> int:
    """What the shopper pays."""
    return price if shop.prices_include_vat else price + share(price, VAT_BP)
